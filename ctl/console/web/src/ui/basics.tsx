// SPDX-License-Identifier: GPL-2.0-or-later
/* Small things that every page is made of. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../lib/api";
import { shorten } from "../lib/format";
import type { Notice, Style } from "../lib/types";
import { LOOKS } from "../lib/verdict";
import { Icon, type IconName } from "./icons";

/** A name that anybody may have chosen: isolated from the text around it, cut, the whole in its title. */
export function Name({ text, most = 48, class: kind = "" }: { text: string; most?: number; class?: string }) {
  const short = shorten(text, most);
  return (
    <bdi class={`name ${kind}`} title={short === text ? undefined : shorten(text, 2000)}>
      {short}
    </bdi>
  );
}

export function Verdict({ style, long = false }: { style: Style; long?: boolean }) {
  const look = LOOKS[style];
  return (
    <span class={`verdict v-${style}`}>
      <svg class="stroke" width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">
        <path class={`line s-${style}`} d={style === "both" ? "M1 3.5h20M1 8.5h20" : "M1 6h20"} />
      </svg>
      <span class="sign" aria-hidden="true">
        {look.sign}
      </span>
      <span class="verdict-text">{long ? look.long : look.short}</span>
    </span>
  );
}

/** Incoming or Outgoing, shorter where there is little room. */
export function Way({ incoming }: { incoming: boolean }) {
  return (
    <>
      <span class="full">{incoming ? "Incoming" : "Outgoing"}</span>
      <span class="brief">{incoming ? "In" : "Out"}</span>
    </>
  );
}

export function Page({
  title,
  actions,
  children,
  about,
}: {
  title: string;
  actions?: ComponentChildren;
  about?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · mseg`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {about && <p class="about">{about}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Failure({ error, what }: { error: ApiError | null; what: string }) {
  if (!error || error.status === 0) return null;
  return (
    <div class="notice bad" role="alert">
      <Icon name="warning" />
      <div>
        <strong>
          {what}: {error.message}
        </strong>
        <NoticeList notices={error.errors} />
      </div>
    </div>
  );
}

export function NoticeList({ notices }: { notices: Notice[] }) {
  if (!notices.length) return null;
  return (
    <ul class="notices">
      {notices.map((notice, i) => (
        <li key={i}>
          {notice.object && (
            <>
              <Name text={notice.object} />:{" "}
            </>
          )}
          <Name text={notice.message} most={300} />
          {notice.hint && <em> ({notice.hint})</em>}
        </li>
      ))}
    </ul>
  );
}

export function Warnings({ notices, title = "Warnings" }: { notices: Notice[]; title?: string }) {
  if (!notices.length) return null;
  return (
    <div class="notice warn" role="status">
      <Icon name="warning" />
      <div>
        <strong>{title}</strong>
        <NoticeList notices={notices} />
      </div>
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={34} />
      <p class="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}

export function Facts({ facts }: { facts: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Tags({ tags }: { tags: string[] }) {
  return (
    <ul class="tags">
      {tags.map((tag) => (
        <li key={tag} class="tag">
          <Name text={tag} most={60} />
        </li>
      ))}
    </ul>
  );
}

/** A button that copies, and says so. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    });
  };
  return (
    <button type="button" class="button" onClick={copy}>
      <Icon name={done ? "check" : "copy"} size={16} />
      <span aria-live="polite">{done ? "Copied" : label}</span>
    </button>
  );
}

/** The present, for ages that grow while one looks. */
export function useNow(every = 1000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

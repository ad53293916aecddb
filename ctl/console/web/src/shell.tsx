// SPDX-License-Identifier: GPL-2.0-or-later
/* What is around every page: where one can go, who one is, what is wrong. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { changing, heardAt, lostSince, ownRevisions } from "./lib/api";
import { duration } from "./lib/format";
import { newRevision } from "./lib/live";
import { rangeParams } from "./lib/range";
import { href, path } from "./lib/router";
import { leave, user } from "./lib/session";
import { status } from "./lib/state";
import { useNow } from "./ui/basics";
import { Icon, type IconName } from "./ui/icons";
import { TrialBar } from "./ui/trial";

interface Entry {
  label: string;
  to?: string;
  icon?: IconName;
  children?: Entry[];
}

const NAVIGATION: Entry[] = [
  { label: "Platform", to: "/platform", icon: "platform" },
  { label: "Flows", to: "/flows", icon: "flows" },
  { label: "Discovery mode", to: "/discovery", icon: "discovery" },
  {
    label: "Defend",
    icon: "shield",
    children: [
      {
        label: "Network",
        children: [
          { label: "External networks", to: "/network/external-networks" },
          { label: "Rulesets", to: "/network/rulesets" },
          { label: "Out-of-the-box rules", to: "/network/catalogue" },
        ],
      },
    ],
  },
  {
    label: "Monitor",
    icon: "monitor",
    children: [
      {
        label: "Logs",
        children: [
          { label: "DNS Lookup Logs", to: "/logs/dns" },
          { label: "Flow Logs", to: "/logs/flows" },
          { label: "Audit", to: "/logs/audit" },
        ],
      },
    ],
  },
  {
    label: "Manage",
    icon: "manage",
    children: [
      { label: "Enforcers", to: "/manage/enforcers" },
      { label: "Namespaces", to: "/manage/namespaces" },
    ],
  },
  { label: "Health", to: "/health", icon: "health" },
];

function stored(): string[] {
  try {
    return JSON.parse(localStorage.getItem("open") ?? "[]") as string[];
  } catch {
    return [];
  }
}

const opened = signal<ReadonlySet<string>>(new Set(stored()));

function toggle(label: string): void {
  const next = new Set(opened.value);
  if (!next.delete(label)) next.add(label);
  opened.value = next;
  localStorage.setItem("open", JSON.stringify([...next]));
}

function holds(entry: Entry, now: string): boolean {
  return entry.to ? now === entry.to || now.startsWith(`${entry.to}/`) : (entry.children ?? []).some((child) => holds(child, now));
}

/** The open entries of the way to a page, so that one sees where one is. */
function openWay(entries: Entry[], now: string): string[] {
  return entries.flatMap((entry) => (entry.children && holds(entry, now) ? [entry.label, ...openWay(entry.children, now)] : []));
}

function Item({ entry, deep }: { entry: Entry; deep: number }) {
  const now = path.value;
  if (entry.to) {
    return (
      <li>
        <a class={`nav-item d${deep}`} href={href(entry.to, rangeParams(entry.to))} aria-current={holds(entry, now) ? "page" : undefined}>
          {entry.icon && <Icon name={entry.icon} />}
          {entry.label}
        </a>
      </li>
    );
  }
  const open = opened.value.has(entry.label);
  return (
    <li>
      <button type="button" class={`nav-item d${deep}`} aria-expanded={open} onClick={() => toggle(entry.label)}>
        {entry.icon && <Icon name={entry.icon} />}
        {entry.label}
        <span class="turn">
          <Icon name="right" size={13} />
        </span>
      </button>
      {open && (
        <ul>
          {entry.children?.map((child) => (
            <Item key={child.label} entry={child} deep={deep + 1} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Lost() {
  const now = useNow();
  if (lostSince.value === null) return null;
  return (
    <div class="banner lost" role="alert">
      <Icon name="warning" />
      <span>
        msegd does not answer. The policy in the kernel stays in force. What you see is <strong>{duration((now - heardAt.value) / 1000)}</strong> old; this page comes back by itself.
      </span>
    </div>
  );
}

function Problems() {
  const problems = status.value?.problems ?? [];
  if (!problems.length) return null;
  return (
    <div class="banner warn" role="status">
      <Icon name="warning" />
      <span>{problems.join("; ")}</span>
    </div>
  );
}

/** A change that was made elsewhere is told, never hidden: who made it may have this one's name. */
function Announcement() {
  const revision = newRevision.value;
  if (!revision || !revision.user || changing.value || ownRevisions.value.has(revision.revision)) return null;
  return (
    <div class="banner info" role="status">
      <span>
        {revision.user} made revision {revision.revision}
        {revision.action ? `: ${revision.action}` : ""}.
      </span>
      <a href={href("/logs/audit", { revision: String(revision.revision) })}>What changed</a>
      <button
        type="button"
        class="icon-button"
        aria-label="Dismiss"
        onClick={() => {
          newRevision.value = null;
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}

export function setTheme(theme: string): void {
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
  localStorage.setItem("theme", theme);
}

function Theme() {
  const next = () => {
    const dark = document.documentElement.dataset["theme"] === "dark" || (!document.documentElement.dataset["theme"] && matchMedia("(prefers-color-scheme: dark)").matches);
    setTheme(dark ? "light" : "dark");
  };
  return (
    <button type="button" class="icon-button" aria-label="Light or dark" title="Light or dark" onClick={next}>
      <Icon name="theme" />
    </button>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const [menu, setMenu] = useState(false);
  const main = useRef<HTMLElement>(null);
  const now = path.value;
  useEffect(() => {
    const way = openWay(NAVIGATION, now);
    if (way.some((label) => !opened.value.has(label))) opened.value = new Set([...opened.value, ...way]);
    setMenu(false);
  }, [now]);
  return (
    <div class={`shell ${menu ? "menu-open" : ""}`}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <header class="side">
        <div class="brand">
          <img src={new URL("./icon.svg", import.meta.url).href} width={28} height={28} alt="" />
          <span>mseg</span>
          <button type="button" class="icon-button menu" aria-label="Menu" aria-expanded={menu} onClick={() => setMenu(!menu)}>
            <Icon name="menu" />
          </button>
        </div>
        <nav aria-label="Pages">
          <ul>
            {NAVIGATION.map((entry) => (
              <Item key={entry.label} entry={entry} deep={0} />
            ))}
          </ul>
        </nav>
        <div class="who">
          <bdi title="Who is logged in">{user.value}</bdi>
          <Theme />
          <button type="button" class="icon-button" aria-label="Log out" title="Log out" onClick={() => void leave()}>
            <Icon name="out" />
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        <Lost />
        <TrialBar />
        <Problems />
        <Announcement />
        {children}
      </main>
    </div>
  );
}

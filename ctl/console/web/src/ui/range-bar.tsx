// SPDX-License-Identifier: GPL-2.0-or-later
/* Which time is shown. */
import { useState } from "preact/hooks";
import { streaming } from "../lib/live";
import { SPANS, range, setCustom, setSpan } from "../lib/range";
import { route } from "../lib/router";
import { Dialog } from "./dialog";
import { time } from "../lib/format";

function local(when: Date): string {
  return new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Custom({ onClose }: { onClose: () => void }) {
  const now = Date.now();
  const given = range.value.kind === "custom" ? range.value : null;
  const [since, setSince] = useState(local(new Date(given?.since ?? now - 3_600_000)));
  const [until, setUntil] = useState(local(new Date(given?.until || now)));
  const wrong = new Date(since) >= new Date(until) ? "“From” lies before “until”." : "";
  return (
    <Dialog title="Time range" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong) return;
          setCustom(new Date(since), new Date(until));
          onClose();
        }}
      >
        <label class="field">
          <span class="label">From</span>
          <input type="datetime-local" value={since} onInput={(event) => setSince(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span class="label">Until</span>
          <input type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
        </label>
        {wrong && <p class="error">{wrong}</p>}
        <div class="buttons">
          <button type="submit" class="button primary" disabled={wrong !== ""}>
            Show
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function RangeBar() {
  const [custom, setCustomOpen] = useState(false);
  const now = range.value;
  const chosen = now.kind === "custom" ? "custom" : (route.value.params.get("range") ?? "24h");
  return (
    <div class="range">
      <div class="segmented" role="group" aria-label="Time range">
        {SPANS.map((span) => (
          <button key={span.value} type="button" aria-pressed={chosen === span.value} onClick={() => setSpan(span.value)}>
            {span.value === "live" && <span class={`dot ${streaming.value ? "on" : ""}`} aria-hidden="true" />}
            {span.label}
          </button>
        ))}
        <button type="button" aria-pressed={chosen === "custom"} onClick={() => setCustomOpen(true)}>
          {now.kind === "custom" ? `${time(now.since)} – ${now.until ? time(now.until) : "now"}` : "Custom"}
        </button>
      </div>
      {custom && <Custom onClose={() => setCustomOpen(false)} />}
    </div>
  );
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Everything by keyboard: / searches, g and a letter goes somewhere, ? shows this. */
import { useEffect, useState } from "preact/hooks";
import { rangeParams } from "../lib/range";
import { navigate } from "../lib/router";
import { Dialog } from "./dialog";

export const GO: [key: string, path: string, label: string][] = [
  ["p", "/platform", "Platform"],
  ["f", "/flows", "Flows"],
  ["d", "/discovery", "Discovery mode"],
  ["n", "/network/external-networks", "External networks"],
  ["r", "/network/rulesets", "Rulesets"],
  ["o", "/network/catalogue", "Out-of-the-box rules"],
  ["e", "/manage/enforcers", "Enforcers"],
  ["s", "/manage/namespaces", "Namespaces"],
  ["l", "/logs/dns", "DNS Lookup Logs"],
  ["w", "/logs/flows", "Flow Logs"],
  ["a", "/logs/audit", "Audit"],
  ["h", "/health", "Health"],
];

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function search(): void {
  const field = document.querySelector<HTMLElement>("main [data-search]") ?? document.querySelector<HTMLElement>("main .icon-button[aria-label^=Search]");
  field?.focus();
  if (field instanceof HTMLButtonElement) field.click();
}

export function Keys() {
  const [help, setHelp] = useState(false);
  useEffect(() => {
    let going = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target) || document.querySelector("dialog[open]")) return;
      const was = Date.now() - going < 1500;
      going = 0;
      const to = was ? GO.find(([key]) => key === event.key) : undefined;
      if (to) navigate(to[1], rangeParams(to[1]));
      else if (event.key === "g") going = Date.now();
      else if (event.key === "/") search();
      else if (event.key === "?") setHelp(true);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  if (!help) return null;
  return (
    <Dialog title="Keyboard" onClose={() => setHelp(false)}>
      <dl class="keys">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>Search</dd>
        {GO.map(([key, path, label]) => (
          <>
            <dt key={path}>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{label}</dd>
          </>
        ))}
        <dt>
          <kbd>↑</kbd> <kbd>↓</kbd>
        </dt>
        <dd>Rows and choices; ENTER opens, the space bar ticks</dd>
        <dt>
          <kbd>Tab</kbd>
        </dt>
        <dd>Lines of the map; ENTER opens, the space bar ticks</dd>
        <dt>
          <kbd>Shift</kbd>
        </dt>
        <dd>with a click or ENTER in a search: not this</dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>Close</dd>
      </dl>
    </Dialog>
  );
}

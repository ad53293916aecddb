// SPDX-License-Identifier: GPL-2.0-or-later
/* The time that is looked at: live, a span until now, or two instants. */
import { computed } from "@preact/signals";
import { route, setParams } from "./router";

export interface Range {
  kind: "live" | "span" | "custom";
  since: string;
  until: string;
}

export const SPANS: { value: string; label: string; since: string }[] = [
  { value: "live", label: "Live", since: "15m" },
  { value: "1h", label: "Last hour", since: "1h" },
  { value: "24h", label: "Last day", since: "24h" },
  { value: "7d", label: "Last week", since: "7d" },
];

export const range = computed<Range>(() => {
  const params = route.value.params;
  const name = params.get("range");
  const since = params.get("since") ?? "";
  if (since) return { kind: "custom", since, until: params.get("until") ?? "" };
  const span = SPANS.find((s) => s.value === name) ?? SPANS[2]!;
  return { kind: span.value === "live" ? "live" : "span", since: span.since, until: "" };
});

export function setSpan(value: string): void {
  setParams({ range: value, since: null, until: null });
}

export function setCustom(since: Date, until: Date): void {
  setParams({ range: null, since: since.toISOString(), until: until.toISOString() });
}

const TIMED = ["/platform", "/flows", "/logs/flows", "/logs/dns"];

/** The range goes along to a page that has one. */
export function rangeParams(to: string): Record<string, string | null> {
  if (!TIMED.includes(to)) return {};
  const params = route.value.params;
  return { range: params.get("range"), since: params.get("since"), until: params.get("until") };
}

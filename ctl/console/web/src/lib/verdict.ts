// SPDX-License-Identifier: GPL-2.0-or-later
/* The five ways a line can look; each has a colour, a dash and a sign. */
import type { Counts, Style } from "./types";

export interface Look {
  short: string;
  long: string;
  sign: string;
}

export const LOOKS: Record<Style, Look> = {
  "allowed-rule": { short: "Allowed", long: "Allowed by a rule", sign: "✓" },
  "allowed-default": {
    short: "Allowed by default",
    long: "Allowed by the default alone: it will be rejected when discovery mode is disabled",
    sign: "?",
  },
  "rejected-rule": { short: "Rejected", long: "Rejected by a rule", sign: "✕" },
  "rejected-default": { short: "Rejected by default", long: "Rejected by the default (“Reject all”)", sign: "⊘" },
  both: { short: "Both", long: "Both allowed and rejected within the time shown", sign: "±" },
};

export const STYLES = Object.keys(LOOKS) as Style[];

export function styleOf(action: string, reason: string | undefined): Style {
  const by = reason === "rule" ? "rule" : "default";
  return action === "Reject" ? `rejected-${by}` : `allowed-${by}`;
}

/** What a line looks like that stands for these. */
export function styleOfCounts(counts: Counts): Style {
  const allowed = counts.allowedRule + counts.allowedDefault;
  const rejected = counts.rejectedRule + counts.rejectedDefault;
  if (allowed && rejected) return "both";
  if (rejected) return counts.rejectedDefault ? "rejected-default" : "rejected-rule";
  return counts.allowedDefault ? "allowed-default" : "allowed-rule";
}

export function keyOfStyle(style: Style): keyof Counts {
  const keys: Record<Style, keyof Counts> = {
    "allowed-rule": "allowedRule",
    "allowed-default": "allowedDefault",
    "rejected-rule": "rejectedRule",
    "rejected-default": "rejectedDefault",
    both: "allowedRule",
  };
  return keys[style];
}

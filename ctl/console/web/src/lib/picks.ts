// SPDX-License-Identifier: GPL-2.0-or-later
/* What somebody ticked to make a rule of, as it stands in the address bar. */
import { navigate } from "./router";
import type { Direction, Edge, Flow } from "./types";
import { serviceOf } from "./services";

export interface Pick {
  direction: Direction;
  service: string;
  address: string;
  name: string;
}

const MOST = 200;

export function pickOfFlow(flow: Flow): Pick {
  const incoming = /^in/i.test(flow.direction);
  return {
    direction: incoming ? "Incoming" : "Outgoing",
    service: serviceOf(flow),
    address: incoming ? flow.sourceIP : flow.destinationIP,
    name: incoming ? "" : (flow.destinationFQDN ?? ""),
  };
}

export function pickOfEdge(edge: Edge): Pick {
  return { direction: edge.direction, service: edge.service, address: edge.address, name: edge.destinationFQDN ?? "" };
}

/** Without repetition, so that thousands of flows of one kind are one pick. */
export function distinct(picks: Pick[]): Pick[] {
  return [...new Map(picks.map((p) => [JSON.stringify(p), p])).values()].slice(0, MOST);
}

export function startRule(picks: Pick[]): void {
  const rows = distinct(picks).map((p) => [p.direction === "Incoming" ? "in" : "out", p.service, p.address, p.name]);
  navigate("/network/rulesets/from-flows", { pick: JSON.stringify(rows) });
}

export function readPicks(text: string): Pick[] {
  try {
    const rows: unknown = JSON.parse(text);
    if (!Array.isArray(rows)) return [];
    return rows.slice(0, MOST).flatMap((row: unknown) => {
      if (!Array.isArray(row) || row.length !== 4 || !row.every((cell) => typeof cell === "string")) return [];
      const [direction, service, address, name] = row as [string, string, string, string];
      return [{ direction: direction === "in" ? "Incoming" : "Outgoing", service, address, name } satisfies Pick];
    });
  } catch {
    return [];
  }
}

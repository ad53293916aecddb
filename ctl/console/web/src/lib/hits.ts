// SPDX-License-Identifier: GPL-2.0-or-later
/* How often rulesets and networks were hit, from what is recorded. */
import { get } from "./api";
import { ago, count as counted } from "./format";
import type { Edge, FlowMap } from "./types";

export interface Hit {
  flows: number;
  last: string;
}

export interface Hits {
  of: Map<string, Hit>;
  /** Whether what is not among them was not hit; else there are more than were asked for. */
  complete: boolean;
}

/** What is not known is not said to be none. */
export function hitsText(hits: Hits | null, key: string): string {
  if (!hits) return "…";
  const hit = hits.of.get(key);
  if (!hit) return hits.complete ? "0" : "?";
  /* A connection that is older than its verdict counts no beginning, and was judged. */
  const flows = Math.max(hit.flows, 1);
  return hits.complete && flows === hit.flows ? counted(flows) : `${counted(flows)}+`;
}

export function lastText(hits: Hits | null, key: string): string {
  const hit = hits?.of.get(key);
  if (hit) return ago(hit.last);
  return hits?.complete === false ? "?" : "–";
}

function count(hits: Map<string, Hit>, key: string, flows: number, last: string): void {
  const there = hits.get(key) ?? { flows: 0, last: "" };
  hits.set(key, { flows: there.flows + flows, last: last > there.last ? last : there.last });
}

export async function rulesetHits(abort: AbortSignal): Promise<Hits> {
  const hits = new Map<string, Hit>();
  const { edges, cursor } = await get<{ edges: Edge[]; cursor: string | null }>("edges", { q: "reason:rule", since: "7d", limit: 1000 }, abort);
  for (const edge of edges) count(hits, `${edge.policyNamespace ?? ""}\n${edge.rulesetName ?? ""}`, edge.flows, edge.lastSeen);
  return { of: hits, complete: !cursor };
}

export async function networkHits(abort: AbortSignal): Promise<Hits> {
  const hits = new Map<string, Hit>();
  const map = await get<FlowMap>("map", { since: "7d" }, abort);
  const names = new Map(map.peers.filter((p) => p.type === "ExternalNetwork").map((p) => [p.key, p.name]));
  for (const line of map.lines) {
    const name = names.get(line.peer);
    if (name) count(hits, name, line.flows, line.lastSeen);
  }
  return { of: hits, complete: map.grouping === "none" };
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* How often rulesets and networks were hit, from what is recorded. */
import { get } from "./api";
import type { Edge, FlowMap } from "./types";

export interface Hit {
  flows: number;
  last: string;
}

function count(hits: Map<string, Hit>, key: string, flows: number, last: string): void {
  const there = hits.get(key) ?? { flows: 0, last: "" };
  hits.set(key, { flows: there.flows + flows, last: last > there.last ? last : there.last });
}

export async function rulesetHits(abort: AbortSignal): Promise<Map<string, Hit>> {
  const hits = new Map<string, Hit>();
  const { edges } = await get<{ edges: Edge[] }>("edges", { q: "reason:rule", since: "7d", limit: 1000 }, abort);
  for (const edge of edges) count(hits, `${edge.policyNamespace ?? ""}\n${edge.rulesetName ?? ""}`, edge.flows, edge.lastSeen);
  return hits;
}

export async function networkHits(abort: AbortSignal): Promise<Map<string, Hit>> {
  const hits = new Map<string, Hit>();
  const map = await get<FlowMap>("map", { since: "7d" }, abort);
  const names = new Map(map.peers.filter((p) => p.type === "ExternalNetwork").map((p) => [p.key, p.name]));
  for (const line of map.lines) {
    const name = names.get(line.peer);
    if (name) count(hits, name, line.flows, line.lastSeen);
  }
  return hits;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The map as another policy would have it: recorded flows that were judged again. */
import type { Counts, Edge, FlowMap, Style } from "../lib/types";
import { keyOfStyle, styleOfCounts } from "../lib/verdict";

function move(counts: Counts, from: Style, to: Style, flows: number): void {
  const moved = Math.min(counts[keyOfStyle(from)], flows);
  counts[keyOfStyle(from)] -= moved;
  counts[keyOfStyle(to)] += moved;
}

/** Lines keep their peers; their counts and styles are those that edges come to. */
export function draftMap(map: FlowMap, edges: Edge[]): FlowMap {
  const names = new Map(map.peers.map((peer) => [peer.key, peer.name]));
  return {
    ...map,
    lines: map.lines.map((line) => {
      const counts = { ...line.counts };
      for (const edge of edges)
        if (edge.before && edge.after && edge.before !== edge.after && edge.direction === line.direction && edge.peer.name === names.get(line.peer))
          move(counts, edge.before, edge.after, edge.flows);
      return { ...line, counts, style: styleOfCounts(counts) };
    }),
  };
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Where things stand on the map: incoming peers left, the host in the middle, outgoing peers right. */
import type { FlowMap, Line, Peer } from "../lib/types";

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface PlacedPeer extends Box {
  key: string;
  side: "left" | "right";
  peer: Peer;
  lines: Line[];
}

export interface PlacedLine {
  key: string;
  line: Line;
  peer: Peer;
  path: string;
  /** Where the sign stands. */
  sign: { x: number; y: number };
  /** Where the arrow ends, and whether it points right. */
  tip: { x: number; y: number };
  width: number;
}

export interface Layout {
  width: number;
  height: number;
  compact: boolean;
  /** The host's name stands upright. */
  slim: boolean;
  host: Box;
  peers: PlacedPeer[];
  lines: PlacedLine[];
}

const MARGIN = 4;
const ARROW = 9;

interface Sizes {
  node: number;
  host: number;
  height: number;
  space: number;
}

function sizes(width: number): Sizes {
  if (width >= 720) return { node: Math.min(260, width * 0.27), host: Math.min(190, width * 0.2), height: 58, space: 16 };
  if (width >= 480) return { node: width * 0.32, host: width * 0.16, height: 58, space: 14 };
  return { node: Math.max(88, width * 0.3), host: 38, height: 56, space: 12 };
}

export function lineKey(line: Pick<Line, "peer" | "direction">): string {
  return `${line.direction}:${line.peer}`;
}

/** Busy peers first, Somewhere last. */
function order(a: PlacedPeer, b: PlacedPeer): number {
  const somewhere = Number(a.peer.type === "Somewhere") - Number(b.peer.type === "Somewhere");
  const flows = (p: PlacedPeer) => p.lines.reduce((sum, line) => sum + line.flows, 0);
  return somewhere || flows(b) - flows(a) || a.peer.name.localeCompare(b.peer.name);
}

function place(map: FlowMap, side: "left" | "right"): PlacedPeer[] {
  const direction = side === "left" ? "Incoming" : "Outgoing";
  const found: PlacedPeer[] = [];
  for (const peer of map.peers) {
    const lines = map.lines.filter((l) => l.peer === peer.key && l.direction === direction);
    if (lines.length) found.push({ key: `${side}:${peer.key}`, side, peer, lines, x: 0, y: 0, w: 0, h: 0 });
  }
  return found.sort(order);
}

function stack(peers: PlacedPeer[], x: number, size: Sizes, height: number): void {
  const all = peers.length * (size.height + size.space) - size.space;
  let y = (height - all) / 2;
  for (const peer of peers) {
    Object.assign(peer, { x, y, w: size.node, h: size.height });
    y += size.height + size.space;
  }
}

function bezier(a: number, b: number, c: number, d: number, t: number): number {
  const s = 1 - t;
  return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
}

function connect(peer: PlacedPeer, line: Line, host: Box, at: number): PlacedLine {
  const left = peer.side === "left";
  const y1 = peer.y + peer.h / 2;
  // The arrow's point touches what it leads to; the line ends behind it.
  const x1 = left ? peer.x + peer.w : peer.x - ARROW;
  const x2 = left ? host.x - ARROW : host.x + host.w;
  const middle = (x1 + x2) / 2;
  const round = (n: number) => Math.round(n * 10) / 10;
  return {
    key: lineKey(line),
    line,
    peer: peer.peer,
    path: `M${round(x1)} ${round(y1)}C${round(middle)} ${round(y1)} ${round(middle)} ${round(at)} ${round(x2)} ${round(at)}`,
    sign: { x: bezier(x1, middle, middle, x2, 0.42), y: bezier(y1, y1, at, at, 0.42) },
    tip: left ? { x: host.x, y: at } : { x: peer.x, y: y1 },
    width: Math.min(4.5, 1.8 + Math.log10(Math.max(1, line.flows)) * 0.7),
  };
}

function connectAll(peers: PlacedPeer[], host: Box): PlacedLine[] {
  const lines = peers.flatMap((peer) => peer.lines.map((line) => ({ peer, line })));
  const step = host.h / (lines.length + 1);
  return lines.map(({ peer, line }, i) => connect(peer, line, host, host.y + step * (i + 1)));
}

export function layout(map: FlowMap, width: number): Layout {
  const size = sizes(width);
  const left = place(map, "left");
  const right = place(map, "right");
  const most = Math.max(left.length, right.length, 1);
  const hostHeight = Math.max(size.height * 1.9, Math.min(most * 26, 420));
  const height = Math.max(most * (size.height + size.space) - size.space, hostHeight) + 2 * MARGIN;
  const host = { x: (width - size.host) / 2, y: (height - hostHeight) / 2, w: size.host, h: hostHeight };
  stack(left, MARGIN, size, height);
  stack(right, width - MARGIN - size.node, size, height);
  return {
    width,
    height,
    compact: width < 720,
    slim: width < 480,
    host,
    peers: [...left, ...right],
    lines: [...connectAll(left, host), ...connectAll(right, host)],
  };
}

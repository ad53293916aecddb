// SPDX-License-Identifier: GPL-2.0-or-later
/* The map: every line is a button that keyboard and screen reader find. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plural, shorten } from "../lib/format";
import { serviceLabel } from "../lib/services";
import type { FlowMap, Line, Peer } from "../lib/types";
import { LOOKS } from "../lib/verdict";
import { type Layout, type PlacedLine, type PlacedPeer, layout, lineKey } from "./layout";

export function servicesText(line: Line, most: number): string {
  const names = line.services.slice(0, most).map((s) => serviceLabel(s.service, s.name ?? undefined));
  const more = line.services.length - names.length + line.moreServices;
  return names.join(", ") + (more > 0 ? ` +${more}` : "");
}

export function lineLabel(line: Line, peer: Peer): string {
  const way = line.direction === "Incoming" ? `From ${peer.name} to the host` : `From the host to ${peer.name}`;
  return `${way}: ${LOOKS[line.style].long}; ${plural(line.flows, "flow")}; ${servicesText(line, 4)}`;
}

interface Props {
  map: FlowMap;
  selected: string;
  onSelect: (key: string) => void;
  ticked: ReadonlySet<string>;
  onTick: (key: string) => void;
}

function arrow({ tip }: PlacedLine): string {
  return `M${tip.x} ${tip.y}l-10 -5v10z`;
}

function LineView({ placed, on, ticked, onSelect, onTick }: { placed: PlacedLine; on: boolean; ticked: boolean; onSelect: () => void; onTick: () => void }) {
  const { line, peer, path, sign, width } = placed;
  const style = `line s-${line.style}`;
  return (
    <g
      class={`edge ${on ? "on" : ""} ${ticked ? "ticked" : ""}`}
      role="button"
      tabindex={0}
      aria-pressed={on}
      aria-label={shorten(lineLabel(line, peer), 400)}
      data-line={placed.key}
      data-style={line.style}
      onClick={(event) => (event.shiftKey ? onTick() : onSelect())}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (event.shiftKey || event.key === " ") onTick();
        else onSelect();
      }}
    >
      <path class="hit" d={path} />
      <path class="halo" d={path} />
      {line.style === "both" ? (
        <>
          <path class={style} d={path} stroke-width={2.2} transform="translate(0 -2.6)" />
          <path class={`${style} second`} d={path} stroke-width={2.2} transform="translate(0 2.6)" />
        </>
      ) : (
        <path class={style} d={path} stroke-width={width} />
      )}
      <path class={`head s-${line.style}`} d={arrow(placed)} />
      <circle class={`badge s-${line.style}`} cx={sign.x} cy={sign.y} r={9.5} />
      <text class={`badge-sign s-${line.style}`} x={sign.x} y={sign.y + 4.2} text-anchor="middle">
        {LOOKS[line.style].sign}
      </text>
      <title>{shorten(lineLabel(line, peer), 400)}</title>
    </g>
  );
}

function letters(width: number, size: number): number {
  return Math.max(4, Math.floor(width / size));
}

function PeerView({ placed, compact, onSelect }: { placed: PlacedPeer; compact: boolean; onSelect: () => void }) {
  const { x, y, w, h, peer, lines } = placed;
  const services = lines.map((line) => servicesText(line, compact ? 1 : 2)).join(", ");
  const flows = lines.reduce((sum, line) => sum + line.flows, 0);
  return (
    <g class={`peer t-${peer.type}`} onClick={onSelect}>
      <title>{shorten(`${peer.name} · ${services}`, 600)}</title>
      <rect x={x} y={y} width={w} height={h} rx={10} />
      <text class="peer-name" x={x + 12} y={y + (compact ? 20 : 23)}>
        {shorten(peer.name, letters(w - 20, compact ? 7.2 : 8.2))}
      </text>
      <text class="peer-services" x={x + 12} y={y + (compact ? 35 : 41)}>
        {shorten(services, letters(w - 22, 6))}
      </text>
      {compact && (
        <text class="peer-services" x={x + 12} y={y + 49}>
          {plural(flows, "flow")}
        </text>
      )}
    </g>
  );
}

function HostView({ plan, name }: { plan: Layout; name: string }) {
  const { host, compact, slim } = plan;
  const middle = host.x + host.w / 2;
  if (slim)
    return (
      <g class="host">
        <title>{shorten(name, 300)}</title>
        <rect x={host.x} y={host.y} width={host.w} height={host.h} rx={12} />
        <text transform={`translate(${middle + 4.5} ${host.y + host.h / 2}) rotate(-90)`} text-anchor="middle">
          {shorten(name, letters(host.h - 12, 7.8))}
        </text>
      </g>
    );
  return (
    <g class="host">
      <title>{shorten(name, 300)}</title>
      <rect x={host.x} y={host.y} width={host.w} height={host.h} rx={14} />
      <g transform={`translate(${middle - 14} ${host.y + host.h / 2 - 34})`}>
        <path class="host-icon" d="M3 2h22v24H3zM3 10h22M3 18h22M7.5 6h.01M7.5 14h.01M7.5 22h.01" />
      </g>
      <text x={middle} y={host.y + host.h / 2 + 16} text-anchor="middle">
        {shorten(name, letters(host.w - 8, compact ? 7.5 : 8.5))}
      </text>
      <text class="host-sub" x={middle} y={host.y + host.h / 2 + 34} text-anchor="middle">
        {compact ? "host" : "this host"}
      </text>
    </g>
  );
}

export function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [width, setWidth] = useState(0);
  const watched = useRef<ResizeObserver | null>(null);
  const hold = useRef((element: HTMLElement | null) => {
    watched.current?.disconnect();
    if (!element) return;
    setWidth(element.clientWidth);
    watched.current = new ResizeObserver(() => setWidth(element.clientWidth));
    watched.current.observe(element);
  });
  useEffect(() => () => watched.current?.disconnect(), []);
  return [hold.current, width];
}

export function MapView({ map, selected, onSelect, ticked, onTick }: Props) {
  const [hold, width] = useWidth();
  const plan = useMemo(() => (width ? layout(map, width) : null), [map, width]);
  return (
    <div class="map" ref={hold}>
      {plan && (
        <svg
          width={plan.width}
          height={plan.height}
          viewBox={`0 0 ${plan.width} ${plan.height}`}
          role="group"
          aria-label="Map of the host between its incoming peers, left, and its outgoing peers, right"
        >
          {plan.lines.map((placed) => (
            <LineView
              key={placed.key}
              placed={placed}
              on={placed.key === selected}
              ticked={ticked.has(placed.key)}
              onSelect={() => onSelect(placed.key)}
              onTick={() => onTick(placed.key)}
            />
          ))}
          {plan.peers.map((placed) => (
            <PeerView
              key={placed.key}
              placed={placed}
              compact={plan.compact}
              onSelect={() => onSelect(lineKey(placed.lines[0]!))}
            />
          ))}
          <HostView plan={plan} name={map.host.name} />
        </svg>
      )}
    </div>
  );
}

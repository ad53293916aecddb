// SPDX-License-Identifier: GPL-2.0-or-later
/* When what was decided; a span that is brushed becomes the time shown. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { get } from "../lib/api";
import { flowTick } from "../lib/live";
import { range, setCustom } from "../lib/range";
import { useResource } from "../lib/resource";
import { count, time } from "../lib/format";
import type { Counts, Histogram as Data } from "../lib/types";
import { LOOKS } from "../lib/verdict";
import { useWidth } from "../map/map";
import { Failure } from "./basics";

const SERIES: { key: keyof Counts; label: string; colour: string; dash?: number[] }[] = [
  { key: "rejectedDefault", label: LOOKS["rejected-default"].short, colour: "--red", dash: [4, 3] },
  { key: "rejectedRule", label: LOOKS["rejected-rule"].short, colour: "--red" },
  { key: "allowedDefault", label: LOOKS["allowed-default"].short, colour: "--green", dash: [4, 3] },
  { key: "allowedRule", label: LOOKS["allowed-rule"].short, colour: "--green" },
];

/** Each series on top of those after it, so that all can be seen. */
export function stacked(data: Data): number[][] {
  const times = data.buckets.map((b) => Date.parse(b.time) / 1000);
  const rows = SERIES.map((_, i) => data.buckets.map((b) => SERIES.slice(i).reduce((sum, s) => sum + b[s.key], 0)));
  return [times, ...rows];
}

function colour(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = name;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

function tick(seconds: number): string {
  const when = new Date(seconds * 1000);
  return when.getHours() || when.getMinutes() ? hour.format(when) : day.format(when);
}

function options(width: number, onBrush: (from: number, to: number) => void): uPlot.Options {
  const axis = colour("var(--muted)");
  const grid = colour("var(--border)");
  return {
    width,
    height: 150,
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { show: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [
      { stroke: axis, grid: { show: false }, ticks: { stroke: grid }, values: (_, ticks) => ticks.map(tick) },
      { stroke: axis, grid: { stroke: grid, width: 1 }, ticks: { show: false }, size: 46, values: (_, ticks) => ticks.map((n) => count(n)) },
    ],
    series: [
      {},
      ...SERIES.map((s) => {
        const stroke = colour(`var(${s.colour})`);
        const fill = colour(`color-mix(in srgb, var(${s.colour}) ${s.dash ? 18 : 55}%, var(--surface))`);
        return { label: s.label, stroke, width: 1.2, fill, dash: s.dash, paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } };
      }),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 4) return;
          onBrush(plot.posToVal(left, "x"), plot.posToVal(left + wide, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function AsTable({ data }: { data: Data }) {
  const rows = data.buckets.filter((b) => SERIES.some((s) => b[s.key] > 0));
  return (
    <div class="scroll" role="region" aria-label="Over time, as a table" tabIndex={0}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">From</th>
            {[...SERIES].reverse().map((s) => (
              <th key={s.key} scope="col">
                {s.label}
              </th>
            ))}
            <th scope="col">
              <span class="hidden">Show</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((b) => (
            <tr key={b.time}>
              <th scope="row">{time(b.time)}</th>
              {[...SERIES].reverse().map((s) => (
                <td key={s.key}>{count(b[s.key])}</td>
              ))}
              <td>
                <button type="button" class="link" onClick={() => setCustom(new Date(b.time), new Date(Date.parse(b.time) + data.step * 1000))}>
                  Only this
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Histogram({ q }: { q: string }) {
  const { since, until } = range.value;
  const [hold, width] = useWidth();
  const [table, setTable] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const data = useResource(`${q} ${since} ${until} ${until ? "" : flowTick.value}`, (abort) => get<Data>("histogram", { q, since, until, buckets: 60 }, abort));
  const rows = useMemo(() => (data.data ? stacked(data.data) : null), [data.data]);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = document.documentElement.dataset["theme"] || dark;
  useEffect(() => {
    if (!rows || !width || !box.current || table) return;
    const plot = new uPlot(
      options(width, (from, to) => setCustom(new Date(from * 1000), new Date(to * 1000))),
      rows as uPlot.AlignedData,
      box.current,
    );
    return () => plot.destroy();
  }, [rows, width, theme, table]);
  return (
    <section class="card histogram" aria-label="Flows over time">
      <header class="card-head">
        <h2>Over time</h2>
        <span class="hint">Drag over the picture to look closer.</span>
        <button type="button" class="button small" aria-pressed={table} onClick={() => setTable(!table)}>
          As table
        </button>
      </header>
      <Failure error={data.error} what="The times cannot be shown" />
      <div ref={hold}>{table && data.data ? <AsTable data={data.data} /> : <div ref={box} class="plot" role="img" aria-label="Histogram of flows by verdict; the button As table shows its numbers" />}</div>
    </section>
  );
}

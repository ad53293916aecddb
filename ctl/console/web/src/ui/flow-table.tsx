// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records: newest first, followed while nobody reads. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type ApiError, get } from "../lib/api";
import { bytes, count, plural, time } from "../lib/format";
import { flowTick } from "../lib/live";
import { FLOW_FIELDS, format, parse, withValue } from "../lib/query";
import { range } from "../lib/range";
import { epoch } from "../lib/resource";
import { serviceLabel, serviceOf } from "../lib/services";
import type { Flow } from "../lib/types";
import { styleOf } from "../lib/verdict";
import { Facts, Failure, Name, Verdict, Way } from "./basics";
import { Dialog } from "./dialog";
import { type Column, Table } from "./table";

const AT_MOST = 10_000;

/** A connection may have several rows: one each day, hour or verdict. */
function rowOf(flow: Flow): string {
  return [flow.ID, flow.firstSeen, flow.lastSeen, flow.action, flow.reason].join(" ");
}

export function incoming(flow: Flow): boolean {
  return /^in/i.test(flow.direction);
}

export function peerAddress(flow: Flow): string {
  return incoming(flow) ? flow.sourceIP : flow.destinationIP;
}

export function peerName(flow: Flow): string {
  const [type, name] = incoming(flow) ? [flow.sourceType, flow.sourceName] : [flow.destinationType, flow.destinationName];
  return name || type;
}

export function ruleOf(flow: { rulesetName?: string; policyName?: string; ruleName?: string; reason?: string }): string {
  if (flow.reason !== "rule") return "(default)";
  return [flow.rulesetName ?? flow.policyName, flow.ruleName].filter(Boolean).join(" › ") || "(rule)";
}

function Pick({ field, value, onPick, children }: { field: string; value: string; onPick: (field: string, value: string, not: boolean) => void; children: preact.ComponentChildren }) {
  return (
    <button
      type="button"
      class="cell"
      tabIndex={-1}
      title={`Only this; with shift: without it`}
      onClick={(event) => {
        event.stopPropagation();
        onPick(field, value, event.shiftKey);
      }}
    >
      {children}
    </button>
  );
}

function columnsOf(onPick: (field: string, value: string, not: boolean) => void): Column<Flow>[] {
  return [
    { key: "time", title: "Time", width: 1.2, min: "4.6rem", order: (f) => f.lastSeen || f.timestamp, cell: (f) => <time dateTime={f.timestamp}>{time(f.lastSeen || f.timestamp)}</time> },
    { key: "direction", title: "Direction", width: 0.9, min: "5rem", small: "2.2rem", wide: true, order: (f) => f.direction, cell: (f) => <Way incoming={incoming(f)} /> },
    {
      key: "service",
      title: "Service",
      width: 1.4,
      order: (f) => serviceOf(f),
      cell: (f) => (
        <Pick field={f.destinationPort === undefined ? "service" : "port"} value={f.destinationPort === undefined ? serviceOf(f) : String(f.destinationPort)} onPick={onPick}>
          {serviceLabel(serviceOf(f))}
        </Pick>
      ),
    },
    {
      key: "address",
      title: "Address",
      width: 1.5,
      min: "7rem",
      order: peerAddress,
      cell: (f) => (
        <Pick field="address" value={peerAddress(f)} onPick={onPick}>
          <Name text={peerAddress(f)} />
        </Pick>
      ),
    },
    {
      key: "name",
      title: "Name",
      width: 1.5,
      roomy: true,
      order: (f) => f.destinationFQDN ?? peerName(f),
      cell: (f) => <Name text={f.destinationFQDN || peerName(f)} />,
    },
    {
      key: "process",
      title: "Process",
      width: 1,
      wide: true,
      order: (f) => f.command ?? "",
      cell: (f) =>
        f.command ? (
          <Pick field="command" value={f.command} onPick={onPick}>
            <Name text={f.command} />
          </Pick>
        ) : (
          "–"
        ),
    },
    { key: "count", title: "Count", width: 0.6, min: "3.2rem", right: true, order: (f) => f.value, cell: (f) => count(f.value) },
    { key: "bytes", title: "Bytes", width: 0.8, right: true, roomy: true, order: (f) => f.bytesIn + f.bytesOut, cell: (f) => bytes(f.bytesIn + f.bytesOut) },
    { key: "verdict", title: "Verdict", width: 1.5, min: "13rem", small: "3.7rem", order: (f) => `${f.action}${f.reason}`, cell: (f) => <Verdict style={styleOf(f.action, f.reason)} /> },
    { key: "rule", title: "Rule", width: 1.6, wide: true, order: ruleOf, cell: (f) => <Name text={ruleOf(f)} /> },
  ];
}

export function FlowDetails({ flow, onClose, onRule }: { flow: Flow; onClose: () => void; onRule?: (flow: Flow) => void }) {
  const known = Object.entries(flow).filter(([, value]) => value !== "" && value !== null);
  return (
    <Dialog title="Flow" onClose={onClose} wide>
      <Verdict style={styleOf(flow.action, flow.reason)} long />
      <Facts facts={known.map(([key, value]) => [key, <Name key={key} text={String(value)} most={200} />])} />
      {onRule && (
        <div class="buttons">
          <button type="button" class="button primary" onClick={() => onRule(flow)}>
            Create ruleset
          </button>
        </div>
      )}
    </Dialog>
  );
}

interface Props {
  /** What always holds, as the line that was clicked. */
  base?: string;
  query: string;
  onQuery: (query: string) => void;
  label: string;
  height?: "fill" | "auto";
  onRule?: (flows: Flow[]) => void;
}

interface Loaded {
  rows: Flow[];
  cursor: string | null;
  error: ApiError | null;
  busy: boolean;
}

export function FlowTable({ base = "", query, onQuery, label, height, onRule }: Props) {
  const [state, setState] = useState<Loaded>({ rows: [], cursor: null, error: null, busy: true });
  const [open, setOpen] = useState<Flow | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [behind, setBehind] = useState(false);
  const reading = useRef(false);
  const seen = useRef(flowTick.value);
  const { since, until } = range.value;
  const bad = parse(query).error !== null;
  const q = [base, bad ? "" : query].filter(Boolean).join(" ");

  const fetchPage = (cursor: string | null, before: Flow[], abort?: AbortSignal) => {
    setState((s) => ({ ...s, busy: true }));
    get<{ flows: Flow[]; cursor: string | null }>("flows", { q, since, until, limit: 500, cursor }, abort)
      .then((page) => setState({ rows: [...before, ...page.flows], cursor: page.cursor, error: null, busy: false }))
      .catch((error: ApiError) => {
        if (!abort?.aborted) setState((s) => ({ ...s, error, busy: false }));
      });
  };
  useEffect(() => {
    const abort = new AbortController();
    setBehind(false);
    fetchPage(null, [], abort.signal);
    return () => abort.abort();
  }, [q, since, until, epoch.value]);

  const tick = flowTick.value;
  useEffect(() => {
    if (tick === seen.current) return;
    seen.current = tick;
    if (until) return;
    if (reading.current) setBehind(true);
    else fetchPage(null, []);
  }, [tick]);

  const columns = useMemo(
    () => columnsOf((field, value, not) => onQuery(format(withValue(parse(query, FLOW_FIELDS).terms, field, value, not)))),
    [query, onQuery],
  );
  const chosen = state.rows.filter((row) => ticked.has(rowOf(row)));
  return (
    <>
      <Failure error={state.error} what="The flows cannot be shown" />
      <div class="table-bar">
        <span role="status">
          {state.busy && !state.rows.length ? "Loading…" : `${plural(state.rows.length, "record")}${state.cursor ? " and more" : ""}`}
        </span>
        {behind && (
          <button
            type="button"
            class="button small"
            onClick={() => {
              setBehind(false);
              fetchPage(null, []);
            }}
          >
            Show newer flows
          </button>
        )}
        {onRule && chosen.length > 0 && (
          <button type="button" class="button small primary" onClick={() => onRule(chosen)}>
            Create ruleset from {plural(chosen.length, "flow")}
          </button>
        )}
      </div>
      <Table
        label={label}
        rows={state.rows}
        columns={columns}
        rowKey={rowOf}
        height={height}
        onRow={setOpen}
        selected={onRule ? ticked : undefined}
        onSelect={onRule ? setTicked : undefined}
        onReading={(now) => {
          reading.current = now;
        }}
        onEnd={() => {
          if (state.cursor && !state.busy && state.rows.length < AT_MOST) fetchPage(state.cursor, state.rows);
        }}
        empty={state.busy ? "Loading…" : "No flow matches within this time."}
      />
      {open && <FlowDetails flow={open} onClose={() => setOpen(null)} onRule={onRule ? (flow) => onRule([flow]) : undefined} />}
    </>
  );
}

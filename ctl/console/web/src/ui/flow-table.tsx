// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records. */
import { useMemo, useState } from "preact/hooks";
import { useFollowed } from "../lib/followed";
import { bytes, count, nameOf, plural, time } from "../lib/format";
import { flowTick } from "../lib/live";
import { FLOW_FIELDS, format, parse, withValue } from "../lib/query";
import { serviceLabel, serviceOf } from "../lib/services";
import type { Flow } from "../lib/types";
import { styleOf } from "../lib/verdict";
import { Facts, Failure, Name, Verdict, Way } from "./basics";
import { Dialog } from "./dialog";
import { type Column, Table } from "./table";

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
    { key: "time", title: "Time", width: 1.2, min: "4.6rem", small: "4.5rem", order: (f) => f.lastSeen || f.timestamp, cell: (f) => <time dateTime={f.timestamp}>{time(f.lastSeen || f.timestamp)}</time> },
    { key: "direction", title: "Direction", width: 0.9, min: "5rem", small: "2.6rem", wide: true, order: (f) => f.direction, cell: (f) => <Way incoming={incoming(f)} /> },
    {
      key: "service",
      title: "Service",
      width: 1.4,
      small: "4.7rem",
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
      small: "5.6rem",
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
      order: (f) => nameOf(f) || peerName(f),
      cell: (f) => <Name text={nameOf(f) || peerName(f)} />,
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
    { key: "count", title: "Count", width: 0.6, min: "3.2rem", right: true, wide: true, order: (f) => f.value, cell: (f) => count(f.value) },
    { key: "bytes", title: "Bytes", width: 0.8, right: true, roomy: true, order: (f) => f.bytesIn + f.bytesOut, cell: (f) => bytes(f.bytesIn + f.bytesOut) },
    { key: "verdict", title: "Verdict", width: 1.5, min: "13rem", small: "3.2rem", order: (f) => `${f.action}${f.reason}`, cell: (f) => <Verdict style={styleOf(f.action, f.reason)} /> },
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

export function FlowTable({ base = "", query, onQuery, label, height, onRule }: Props) {
  const [open, setOpen] = useState<Flow | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const bad = parse(query).error !== null;
  const log = useFollowed<Flow, "flows">("flows", "flows", [base, bad ? "" : query].filter(Boolean).join(" "), flowTick);

  const columns = useMemo(
    () => columnsOf((field, value, not) => onQuery(format(withValue(parse(query, FLOW_FIELDS).terms, field, value, not)))),
    [query, onQuery],
  );
  const chosen = log.rows.filter((row) => ticked.has(rowOf(row)));
  return (
    <>
      <Failure error={log.error} what="The flows cannot be shown" />
      <div class="table-bar">
        <span role="status">
          {log.busy && !log.rows.length ? "Loading…" : `${plural(log.rows.length, "record")}${log.cursor ? " and more" : ""}`}
        </span>
        {log.behind && (
          <button type="button" class="button small" onClick={log.renew}>
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
        rows={log.rows}
        columns={columns}
        rowKey={rowOf}
        height={height}
        onRow={setOpen}
        selected={onRule ? ticked : undefined}
        onSelect={onRule ? setTicked : undefined}
        onReading={log.onReading}
        onEnd={log.more}
        empty={log.busy ? "Loading…" : "No flow matches within this time."}
      />
      {open && <FlowDetails flow={open} onClose={() => setOpen(null)} onRule={onRule ? (flow) => onRule([flow]) : undefined} />}
    </>
  );
}

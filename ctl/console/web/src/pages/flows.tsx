// SPDX-License-Identifier: GPL-2.0-or-later
/* Who talked to whom: one row a peer's address and service, with how often. */
import { useMemo, useState } from "preact/hooks";
import { type ApiError, get } from "../lib/api";
import { ago, bytes, count, nameOf, plural } from "../lib/format";
import { flowTick } from "../lib/live";
import { pickOfEdge, pickOfFlow, startRule } from "../lib/picks";
import { FLOW_FIELDS, parse } from "../lib/query";
import { range } from "../lib/range";
import { useResource } from "../lib/resource";
import { href, param, setParams } from "../lib/router";
import { serviceLabel } from "../lib/services";
import type { Edge } from "../lib/types";
import { styleOf } from "../lib/verdict";
import { Failure, Name, Page, Verdict, Way } from "../ui/basics";
import { FilterBar } from "../ui/filter";
import { FlowTable, ruleOf } from "../ui/flow-table";
import { Histogram } from "../ui/histogram";
import { RangeBar } from "../ui/range-bar";
import { type Column, Table } from "../ui/table";

export function edgeKey(edge: Edge): string {
  return [edge.direction, edge.peer.name, edge.address, edge.service, edge.action, edge.reason, edge.policyID, edge.command].join("|");
}

const COLUMNS: Column<Edge>[] = [
  { key: "direction", title: "Direction", width: 0.9, min: "5rem", small: "2.6rem", order: (e) => e.direction, cell: (e) => <Way incoming={e.direction === "Incoming"} /> },
  { key: "peer", title: "Peer", width: 1.3, order: (e) => e.peer.name, cell: (e) => <Name text={e.peer.name || e.peer.type} /> },
  { key: "address", title: "Address", width: 1.6, min: "7rem", wide: true, order: (e) => e.address, cell: (e) => <Name text={e.address} /> },
  { key: "name", title: "Name", width: 1.4, roomy: true, order: nameOf, cell: (e) => <Name text={nameOf(e) || "–"} /> },
  { key: "service", title: "Service", width: 1.3, small: "5.2rem", order: (e) => e.service, cell: (e) => serviceLabel(e.service) },
  { key: "process", title: "Process", width: 1, roomy: true, order: (e) => e.command ?? "", cell: (e) => <Name text={e.command || "–"} /> },
  { key: "flows", title: "Flows", width: 0.7, right: true, order: (e) => e.flows, cell: (e) => count(e.flows) },
  { key: "bytes", title: "Bytes", width: 0.8, right: true, roomy: true, order: (e) => e.bytesIn + e.bytesOut, cell: (e) => bytes(e.bytesIn + e.bytesOut) },
  { key: "verdict", title: "Verdict", width: 1.7, min: "13rem", small: "3.7rem", order: (e) => `${e.action}${e.reason}`, cell: (e) => <Verdict style={styleOf(e.action, e.reason)} /> },
  { key: "rule", title: "Rule", width: 1.4, wide: true, order: ruleOf, cell: (e) => <Name text={ruleOf(e)} /> },
  { key: "last", title: "Last seen", width: 1, min: "5.5rem", wide: true, order: (e) => e.lastSeen, cell: (e) => ago(e.lastSeen) },
];

interface More {
  key: string;
  edges: Edge[];
  cursor: string | null;
}

export function Flows() {
  const { since, until } = range.value;
  const q = param("q");
  const asked = parse(q).error ? "" : q;
  const key = `${asked} ${since} ${until}`;
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [more, setMore] = useState<More | null>(null);
  const first = useResource(`${key} ${until || ticked.size ? "" : flowTick.value}`, (abort) =>
    get<{ edges: Edge[]; cursor: string | null }>("edges", { q: asked, since, until, limit: 500 }, abort),
  );
  const rows = useMemo(() => [...(first.data?.edges ?? []), ...(more?.key === key ? more.edges : [])], [first.data, more, key]);
  const cursor = more?.key === key ? more.cursor : (first.data?.cursor ?? null);
  const chosen = rows.filter((row) => ticked.has(edgeKey(row)));
  const onEnd = () => {
    if (!cursor || rows.length >= 10_000) return;
    get<{ edges: Edge[]; cursor: string | null }>("edges", { q: asked, since, until, limit: 1000, cursor }).then(
      (page) => setMore({ key, edges: [...(more?.key === key ? more.edges : []), ...page.edges], cursor: page.cursor }),
      (_: ApiError) => undefined,
    );
  };
  return (
    <Page title="Flows" about="Who talked to whom, how often, and what decided." actions={<RangeBar />}>
      <FilterBar fields={FLOW_FIELDS} value={q} onChange={(value) => setParams({ q: value })} label="Search flows" />
      <Histogram q={asked} />
      <Failure error={first.error} what="The flows cannot be shown" />
      <section class="card" aria-label="Flows">
        <div class="table-bar">
          <span role="status">
            {plural(rows.length, "row")}
            {cursor ? " and more" : ""}
          </span>
          {chosen.length > 0 && (
            <button type="button" class="button small primary" onClick={() => startRule(chosen.map(pickOfEdge))}>
              Create ruleset from {plural(chosen.length, "row")}
            </button>
          )}
          <a href={href("/logs/flows", { q, since: param("since"), until: param("until"), range: param("range") })}>Single records</a>
        </div>
        <Table
          label="Flows by peer and service"
          rows={rows}
          columns={COLUMNS}
          rowKey={edgeKey}
          height="fill"
          selected={ticked}
          onSelect={setTicked}
          onEnd={onEnd}
          empty={first.loading ? "Loading…" : "No flow matches within this time."}
        />
      </section>
    </Page>
  );
}

export function FlowLogs() {
  const q = param("q");
  return (
    <Page title="Flow Logs" about="Every record, newest first." actions={<RangeBar />}>
      <FilterBar fields={FLOW_FIELDS} value={q} onChange={(value) => setParams({ q: value })} label="Search flow logs" />
      <section class="card" aria-label="Flow records">
        <FlowTable label="Flow records" query={q} onQuery={(value) => setParams({ q: value })} height="fill" onRule={(flows) => startRule(flows.map(pickOfFlow))} />
      </section>
    </Page>
  );
}

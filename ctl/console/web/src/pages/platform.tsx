// SPDX-License-Identifier: GPL-2.0-or-later
/* The map of the host between its peers, and what a line stands for. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../lib/api";
import { ago, bytes, count, plural, time } from "../lib/format";
import { flowTick } from "../lib/live";
import { type Pick, pickOfEdge, pickOfFlow, startRule } from "../lib/picks";
import { FLOW_FIELDS, formatTerm } from "../lib/query";
import { range } from "../lib/range";
import { useResource } from "../lib/resource";
import { href, param, setParams } from "../lib/router";
import { serviceLabel } from "../lib/services";
import { home, status } from "../lib/state";
import type { Edge, FlowMap, Line, Peer, Staged } from "../lib/types";
import { LOOKS, STYLES } from "../lib/verdict";
import { lineKey } from "../map/layout";
import { MapView, servicesText } from "../map/map";
import { draftMap } from "../map/draft";
import { Empty, Facts, Failure, Name, Page, Verdict, Way } from "../ui/basics";
import { FilterBar } from "../ui/filter";
import { FlowTable, ruleOf } from "../ui/flow-table";
import { Icon } from "../ui/icons";
import { RangeBar } from "../ui/range-bar";
import { type Column, Table } from "../ui/table";
import { Segmented, Tabs } from "../ui/tabs";

/* The server shows no more. */
const PEERS_SHOWN = 200;

interface Row {
  line: Line;
  peer: Peer;
}

const COLUMNS: Column<Row>[] = [
  { key: "peer", title: "Peer", width: 1.6, order: (r) => r.peer.name, cell: (r) => <Name text={r.peer.name} /> },
  { key: "direction", title: "Direction", width: 1, min: "5rem", small: "2.2rem", order: (r) => r.line.direction, cell: (r) => <Way incoming={r.line.direction === "Incoming"} /> },
  { key: "style", title: "Verdict", width: 1.6, min: "13rem", small: "3.7rem", order: (r) => r.line.style, cell: (r) => <Verdict style={r.line.style} /> },
  { key: "services", title: "Services", width: 2, wide: true, cell: (r) => <Name text={servicesText(r.line, 3)} most={70} /> },
  { key: "flows", title: "Flows", width: 0.7, right: true, order: (r) => r.line.flows, cell: (r) => count(r.line.flows) },
  { key: "bytes", title: "Bytes", width: 0.8, right: true, wide: true, order: (r) => r.line.bytesIn + r.line.bytesOut, cell: (r) => bytes(r.line.bytesIn + r.line.bytesOut) },
  { key: "last", title: "Last seen", width: 1, wide: true, order: (r) => r.line.lastSeen, cell: (r) => ago(r.line.lastSeen) },
];

function Legend() {
  return (
    <ul class="legend" aria-label="What lines mean">
      {STYLES.map((style) => (
        <li key={style} title={LOOKS[style].long}>
          <Verdict style={style} />
        </li>
      ))}
    </ul>
  );
}

/** The query for what a line stands for. */
export function lineQuery({ line, peer }: Row): string {
  const is = (field: string, value: string) => formatTerm({ not: false, field, values: [value] });
  const direction = is("direction", line.direction === "Incoming" ? "in" : "out");
  if (peer.type === "Service") return `${is("service", peer.name)} ${direction}`;
  const others = peer.type === "Subnet" ? "-peer:Somewhere " : "";
  return `${is("peer", peer.name)} ${others}${direction}`;
}

function Summary({ row, onService }: { row: Row; onService: (service: string) => void }) {
  const { line } = row;
  const { counts } = line;
  const byDefault = counts.allowedDefault + counts.rejectedDefault > 0;
  return (
    <>
      <p class="meaning">
        <Verdict style={line.style} long />
      </p>
      {line.style === "allowed-default" && (
        <p class="hint">Nothing allows these yet but the default. Create a ruleset for what should go on working.</p>
      )}
      <Facts
        facts={[
          ["Direction", line.direction],
          ["Flows", count(line.flows)],
          ["Allowed by a rule", count(counts.allowedRule)],
          ["Allowed by default", count(counts.allowedDefault)],
          ["Rejected by a rule", count(counts.rejectedRule)],
          ["Rejected by default", count(counts.rejectedDefault)],
          ["Bytes in / out", `${bytes(line.bytesIn)} / ${bytes(line.bytesOut)}`],
          ["Packets in / out", `${count(line.packetsIn)} / ${count(line.packetsOut)}`],
          ["First seen", time(line.firstSeen)],
          ["Last seen", `${time(line.lastSeen)} (${ago(line.lastSeen)})`],
        ]}
      />
      <h3>Services</h3>
      <ul class="services">
        {line.services.map((service) => (
          <li key={service.service}>
            <button type="button" class="link" onClick={() => onService(service.service)}>
              {serviceLabel(service.service, service.name ?? undefined)}
            </button>
            <span>{plural(service.flows, "flow")}</span>
          </li>
        ))}
        {line.moreServices > 0 && <li>and {plural(line.moreServices, "more service")}</li>}
      </ul>
      {byDefault && <p class="hint">Tick rows under Access to make a ruleset of some of them.</p>}
    </>
  );
}

const RULE_COLUMNS: Column<Edge>[] = [
  {
    key: "rule",
    title: "Ruleset › rule",
    width: 2,
    cell: (e) =>
      e.reason === "rule" ? (
        <a href={href("/network/rulesets/edit", { namespace: e.policyNamespace, name: e.rulesetName })}>
          <Name text={ruleOf(e)} />
        </a>
      ) : (
        "Default of the namespace"
      ),
  },
  { key: "verdict", title: "Verdict", width: 1.2, min: "13rem", small: "3.7rem", cell: (e) => <Verdict style={`${e.action === "Reject" ? "rejected" : "allowed"}-${e.reason}`} /> },
  { key: "service", title: "Service", width: 1.1, order: (e) => e.service, cell: (e) => serviceLabel(e.service) },
  { key: "flows", title: "Flows", width: 0.7, right: true, order: (e) => e.flows, cell: (e) => count(e.flows) },
  { key: "last", title: "Last hit", width: 0.9, order: (e) => e.lastSeen, cell: (e) => ago(e.lastSeen) },
];

/** One row a rule and service, however many addresses. */
export function byRule(edges: Edge[]): Edge[] {
  const found = new Map<string, Edge>();
  for (const edge of edges) {
    const key = [edge.action, edge.reason, edge.policyNamespace, edge.rulesetName, edge.ruleName, edge.service].join("\n");
    const there = found.get(key);
    if (!there) found.set(key, { ...edge });
    else {
      there.flows += edge.flows;
      if (edge.lastSeen > there.lastSeen) there.lastSeen = edge.lastSeen;
    }
  }
  return [...found.values()];
}

function Rules({ q }: { q: string }) {
  const { since, until } = range.value;
  const edges = useResource(`${q} ${since} ${until}`, (abort) => get<{ edges: Edge[] }>("edges", { q, since, until, limit: 1000 }, abort));
  const rows = useMemo(() => byRule(edges.data?.edges ?? []), [edges.data]);
  return (
    <>
      <Failure error={edges.error} what="The rules cannot be shown" />
      <Table label="What decided" rows={rows} columns={RULE_COLUMNS} rowKey={(e) => [e.action, e.reason, e.policyID, e.ruleName, e.service].join("|")} empty={edges.loading ? "Loading…" : "Nothing."} />
    </>
  );
}

async function picksOf(rows: Row[]): Promise<Pick[]> {
  const { since, until } = range.value;
  const lists = await Promise.all(rows.map((row) => get<{ edges: Edge[] }>("edges", { q: lineQuery(row), since, until, limit: 200 })));
  return lists.flatMap((list) => list.edges.map(pickOfEdge));
}

function Panel({ row, onClose }: { row: Row; onClose: () => void }) {
  const tab = param("tab") || "summary";
  const box = useRef<HTMLElement>(null);
  const key = lineKey(row.line);
  useEffect(() => {
    box.current?.scrollIntoView({ block: "nearest" });
  }, [key]);
  const title = row.line.direction === "Incoming" ? <>{<Name text={row.peer.name} />} → host</> : <>host → {<Name text={row.peer.name} />}</>;
  return (
    <section class="panel" aria-label="The selected line" ref={box}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="button small" onClick={() => void picksOf([row]).then(startRule)}>
          <Icon name="plus" size={14} /> Create ruleset
        </button>
        <button type="button" class="icon-button" aria-label="Close the panel" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <Tabs
        label="The selected line"
        tabs={[
          { value: "summary", label: "Summary" },
          { value: "access", label: "Access" },
          { value: "rules", label: "Rules" },
        ]}
        value={tab}
        onChange={(value) => setParams({ tab: value })}
      >
        {tab === "summary" && <Summary row={row} onService={(service) => setParams({ tab: "access", aq: formatTerm({ not: false, field: "service", values: [service] }) })} />}
        {tab === "access" && (
          <>
            <FilterBar folded label="Search connections" fields={FLOW_FIELDS} value={param("aq")} onChange={(aq) => setParams({ aq })} />
            <FlowTable label="Connections" base={lineQuery(row)} query={param("aq")} onQuery={(aq) => setParams({ aq })} height="auto" onRule={(flows) => startRule(flows.map(pickOfFlow))} />
          </>
        )}
        {tab === "rules" && <Rules q={lineQuery(row)} />}
      </Tabs>
    </section>
  );
}

const GROUPS: Record<FlowMap["grouping"], string> = { none: "", subnet: "subnet", port: "protocol and port" };

function Grouped({ map, draft }: { map: FlowMap; draft: boolean }) {
  if (map.grouping === "none") return null;
  const left = map.grouping === "port" && map.peers.length >= PEERS_SHOWN;
  return (
    <p class="notice info" role="status">
      {plural(map.peersTotal, "peer")} and {plural(map.linesTotal, "line")} are too many for a picture, and are shown by {GROUPS[map.grouping]}
      {left && `, the ${PEERS_SHOWN} busiest alone`}. Search to see fewer, one by one.
      {draft && " Till then the picture is of what was reported."}
    </p>
  );
}

export function Platform() {
  const { since, until } = range.value;
  const q = param("q");
  const draft = param("policy") === "draft";
  const asTable = param("view") === "table";
  const selected = param("line");
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const map = useResource(`${q} ${since} ${until} ${until ? "" : flowTick.value}`, (abort) => get<FlowMap>("map", { q, since, until }, abort));
  const staged = useResource(draft ? "staged" : "", (abort) => (draft ? get<Staged>("staged", {}, abort) : Promise.resolve(null)));
  const shown = useMemo(() => (map.data?.grouping === "none" && draft && staged.data?.preview ? draftMap(map.data, staged.data.preview.edges) : map.data), [map.data, staged.data, draft]);

  const rows = useMemo<Row[]>(() => {
    const peers = new Map(shown?.peers.map((p) => [p.key, p]));
    return (shown?.lines ?? []).flatMap((line) => {
      const peer = peers.get(line.peer);
      return peer ? [{ line, peer }] : [];
    });
  }, [shown]);
  const row = rows.find((r) => lineKey(r.line) === selected);
  const select = (key: string) => setParams({ line: key === selected ? null : key, tab: param("tab") || "summary" });
  const tick = (key: string) => {
    const next = new Set(ticked);
    if (!next.delete(key)) next.add(key);
    setTicked(next);
  };
  const chosen = rows.filter((r) => ticked.has(lineKey(r.line)));
  const discovery = status.value?.module.defaults;

  return (
    <Page
      title="Platform"
      about={
        <>
          <Name text={status.value?.enforcer.name ?? "…"} /> in <Name text={home.value} />
          {discovery?.incoming === "Allow" && discovery.outgoing === "Allow" && (
            <>
              {" · "}
              <a href={href("/discovery")}>discovery mode</a>
            </>
          )}
        </>
      }
      actions={<RangeBar />}
    >
      <div class="toolbar">
        <FilterBar fields={FLOW_FIELDS} value={q} onChange={(value) => setParams({ q: value })} label="Search the map" />
        <Segmented
          label="Under which policy"
          options={[
            { value: "reported", label: "Reported" },
            { value: "draft", label: "Draft" },
          ]}
          value={draft ? "draft" : "reported"}
          onChange={(value) => setParams({ policy: value === "draft" ? "draft" : null })}
        />
        <Segmented
          label="View"
          options={[
            { value: "map", label: "Map" },
            { value: "table", label: "Table" },
          ]}
          value={asTable ? "table" : "map"}
          onChange={(value) => setParams({ view: value === "table" ? "table" : null })}
        />
      </div>
      <Failure error={map.error} what="The map cannot be shown" />
      {draft && staged.error?.status === 404 && (
        <p class="notice info" role="status">
          Nothing is staged: the draft is the policy in force. Stage a ruleset from a line or from flows.
        </p>
      )}
      {draft && staged.data && (
        <p class="notice info" role="status">
          As the {plural(staged.data.changes.length, "staged change")} would decide: {plural(staged.data.preview?.changed ?? 0, "recorded flow")} of {count(staged.data.preview?.flows ?? 0)} would change colour.{" "}
          <a href={href("/staged")}>Review and apply</a>
        </p>
      )}
      {shown && <Grouped map={shown} draft={draft} />}
      {ticked.size > 0 && (
        <div class="ticked-bar" role="status">
          {plural(chosen.length, "line")} ticked
          <button type="button" class="button small primary" onClick={() => void picksOf(chosen).then(startRule)}>
            Create ruleset
          </button>
          <button type="button" class="button small" onClick={() => setTicked(new Set())}>
            Untick
          </button>
        </div>
      )}
      <div class={`platform ${row ? "with-panel" : ""}`}>
        <div class="card map-card" aria-busy={map.loading}>
          {shown && rows.length === 0 && (
            <Empty icon="flows" title={q ? "No flow matches." : "No flows within this time."}>
              {q ? "Search for less, or look at a longer time." : "As soon as the host talks to somebody, it shows here."}
            </Empty>
          )}
          {shown && rows.length > 0 && !asTable && <MapView map={shown} selected={selected} onSelect={select} ticked={ticked} onTick={tick} />}
          {shown && rows.length > 0 && asTable && (
            <Table
              label="Lines of the map"
              rows={rows}
              columns={COLUMNS}
              rowKey={(r) => lineKey(r.line)}
              onRow={(r) => select(lineKey(r.line))}
              open={selected}
              selected={ticked}
              onSelect={setTicked}
            />
          )}
          <Legend />
        </div>
        {row && <Panel row={row} onClose={() => setParams({ line: null, tab: null, aq: null })} />}
      </div>
    </Page>
  );
}

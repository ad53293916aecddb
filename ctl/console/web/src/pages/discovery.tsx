// SPDX-License-Identifier: GPL-2.0-or-later
/* Discovery mode: what works by the default alone, and the way out of it. */
import { useMemo, useState } from "preact/hooks";
import { ApiError, get, send } from "../lib/api";
import { ago, count, duration, nameOf, plural } from "../lib/format";
import { type Pick, pickOfEdge, startRule } from "../lib/picks";
import { refresh, useResource } from "../lib/resource";
import { href, param, setParams } from "../lib/router";
import { serviceLabel } from "../lib/services";
import { home, may, watch } from "../lib/state";
import { confirm, reconnect } from "../lib/trial";
import type { Change, Coverage, Discovery as State, Edge, Flow } from "../lib/types";
import { Empty, Failure, Name, Page, Verdict, Way } from "../ui/basics";
import { Check } from "../ui/chips";
import { Dialog } from "../ui/dialog";
import { useNamespaces } from "../ui/namespace";
import { type Column, Table } from "../ui/table";
import { say } from "../ui/toast";

/** Services by which people reach a host, so that losing them is losing it. */
const OWN = ["tcp/22", "tcp/3389", "tcp/5900", "tcp/8543"];

export function isOwn(edge: Pick | Edge): boolean {
  return edge.direction === "Incoming" && OWN.includes(edge.service);
}

export interface Missing {
  key: string;
  edge: Edge;
  addresses: number;
  edges: Edge[];
}

/** By peer, direction and service; the administrator's own connections first, then the busiest. */
export function missing(edges: Edge[]): Missing[] {
  const found = new Map<string, Missing>();
  for (const edge of edges) {
    const key = [edge.direction, edge.peer.name, edge.service].join("|");
    const there = found.get(key);
    if (!there) found.set(key, { key, edge: { ...edge }, addresses: 1, edges: [edge] });
    else {
      there.addresses++;
      there.edges.push(edge);
      there.edge.flows += edge.flows;
      if (edge.lastSeen > there.edge.lastSeen) there.edge.lastSeen = edge.lastSeen;
    }
  }
  return [...found.values()].sort((a, b) => Number(isOwn(b.edge)) - Number(isOwn(a.edge)) || b.edge.flows - a.edge.flows);
}

const COLUMNS: Column<Missing>[] = [
  {
    key: "service",
    title: "Service",
    width: 1.6,
    order: (m) => m.edge.service,
    cell: (m) => (
      <>
        {serviceLabel(m.edge.service)} {isOwn(m.edge) && <span class="badge warn">your way in?</span>}
      </>
    ),
  },
  { key: "direction", title: "Direction", width: 0.9, min: "5rem", small: "2.2rem", order: (m) => m.edge.direction, cell: (m) => <Way incoming={m.edge.direction === "Incoming"} /> },
  {
    key: "addresses",
    title: "Addresses",
    width: 1.6,
    wide: true,
    order: (m) => m.addresses,
    cell: (m) => (
      <>
        <Name text={nameOf(m.edge) || m.edge.address} />
        {m.addresses > 1 && ` and ${m.addresses - 1} more`}
      </>
    ),
  },
  { key: "process", title: "Process", width: 1, wide: true, order: (m) => m.edge.command ?? "", cell: (m) => <Name text={m.edge.command || "–"} /> },
  { key: "flows", title: "Flows", width: 0.7, right: true, order: (m) => m.edge.flows, cell: (m) => count(m.edge.flows) },
  { key: "last", title: "Last seen", width: 1, order: (m) => m.edge.lastSeen, cell: (m) => ago(m.edge.lastSeen) },
];

const TIMES = [60, 120, 300, 900];

function Disable({ space, etag, lost, onClose }: { space: string; etag: string; lost: Missing[]; onClose: () => void }) {
  const [within, setWithin] = useState(120);
  const [auto, setAuto] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [stage, setStage] = useState("");
  const own = lost.filter((m) => isOwn(m.edge));
  const go = async () => {
    setError(null);
    try {
      setStage("Disabling…");
      await send<Change>("PUT", "discovery", { query: { namespace: space }, body: { incoming: "Reject", outgoing: "Reject", confirmWithin: within }, etag });
      setStage("Disabled. Reaching the host anew…");
      await watch();
      refresh();
      await reconnect();
      if (auto) {
        setStage("Reached. Confirming…");
        await confirm();
        say("Discovery mode is disabled, and confirmed by this page's new connection.");
      } else {
        say("Discovery mode is disabled on trial: confirm it above.");
      }
      onClose();
    } catch (failure) {
      setStage("");
      setError(failure instanceof ApiError ? failure : new ApiError(0, String(failure)));
      if (!(failure instanceof ApiError)) throw failure;
    }
  };
  return (
    <Dialog title="Disable discovery mode" onClose={stage ? undefined : onClose}>
      <p>
        From now on <Name text={space} /> rejects whatever no rule allows.
      </p>
      {lost.length > 0 && <p class="notice bad">{plural(lost.length, "service")} seen in the last week will no longer work.</p>}
      {own.length > 0 && <p class="notice bad">{own.map((m) => serviceLabel(m.edge.service)).join(", ")} is among them, which may be how you reach this host.</p>}
      <p>
        The kernel arms a way back: unless the change is confirmed in time, it allows everything again by itself.
      </p>
      <label class="field">
        <span class="label">Go back by itself after</span>
        <select value={within} onChange={(event) => setWithin(Number(event.currentTarget.value))}>
          {TIMES.map((seconds) => (
            <option key={seconds} value={seconds}>
              {duration(seconds)}
            </option>
          ))}
        </select>
      </label>
      <Check label="Confirm when this page has reached the host anew" checked={auto} onChange={setAuto} hint="Without it, Keep it and Go back now stand above every page." />
      {error && error.status === 412 && <p class="notice warn" role="alert">Somebody else changed this namespace in the meantime. Nothing was changed; look again.</p>}
      <Failure error={error} what="Not disabled" />
      {error?.status === 0 && (
        <p class="notice bad" role="alert">
          The host does not answer this page. It goes back by itself within {duration(within)}.
        </p>
      )}
      <div class="buttons">
        <span role="status">{stage}</span>
        <button type="button" class="button" onClick={onClose} disabled={stage !== ""}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => void go()} disabled={stage !== ""}>
          Disable discovery mode
        </button>
      </div>
    </Dialog>
  );
}

/** That nothing is missing says something only where something was seen. */
export function NothingMissing({ recorded }: { recorded: boolean }) {
  return recorded ? (
    <Empty icon="check" title="Nothing hangs on the default.">
      All that was seen in the last week has a rule.
    </Empty>
  ) : (
    <Empty icon="search" title="Nothing was recorded in the last week.">
      That proves nothing: let the host do its work for some time, perhaps a week, before discovery mode is disabled.
    </Empty>
  );
}

export function Discovery() {
  const space = param("namespace") || home.value;
  const spaces = useNamespaces();
  const [disabling, setDisabling] = useState(false);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<ApiError | null>(null);
  const state = useResource(`discovery ${space}`, (abort) => send<State>("GET", "discovery", { query: { namespace: space }, signal: abort }));
  const edges = useResource("default edges", (abort) => get<{ edges: Edge[] }>("edges", { q: "verdict:accept reason:default", since: "7d", limit: 1000 }, abort));
  const seen = useResource("seen at all", (abort) => get<{ flows: Flow[] }>("flows", { since: "7d", limit: 1 }, abort));
  const covered = useResource("coverage", (abort) => get<Coverage>("coverage", { since: "7d" }, abort));
  const rows = useMemo(() => missing(edges.data?.edges ?? []), [edges.data]);
  const on = state.data?.body.discovery;
  const effective = state.data?.body.effective;
  const chosen = rows.filter((row) => ticked.has(row.key));
  const enable = () =>
    send("PUT", "discovery", { query: { namespace: space }, body: { incoming: "Allow", outgoing: "Allow" }, etag: state.data?.etag }).then(
      () => {
        say("Discovery mode is on: everything without a rule is allowed.");
        setError(null);
        void watch();
        refresh();
      },
      (failure: ApiError) => setError(failure),
    );
  return (
    <Page
      title="Discovery mode"
      about="Everything is allowed and seen, until all that should work has a rule."
      actions={
        may("admin", space) &&
        state.data &&
        (on ? (
          <button type="button" class="button danger" onClick={() => setDisabling(true)}>
            Disable discovery mode
          </button>
        ) : (
          <button type="button" class="button" onClick={() => void enable()}>
            Enable discovery mode
          </button>
        ))
      }
    >
      <Failure error={state.error ?? error} what="Discovery mode" />
      {spaces.length > 1 && (
        <label class="field inline">
          <span class="label">Namespace</span>
          <select value={space} onChange={(event) => setParams({ namespace: event.currentTarget.value })}>
            {spaces.map((s) => (
              <option key={s} value={s}>
                {s}
              </option>
            ))}
          </select>
        </label>
      )}
      {state.data && (
        <div class={`card state ${on ? "is-on" : "is-off"}`}>
          <p class="big">
            {on ? "Discovery mode is on" : effective?.incoming === "Reject" && effective.outgoing === "Reject" ? "Discovery mode is disabled" : "Discovery mode is half on"} in <Name text={space} />
          </p>
          <p class="apart">
            <span>
              Incoming without a rule: <Verdict style={effective?.incoming === "Reject" ? "rejected-default" : "allowed-default"} />
            </span>
            <span>
              Outgoing without a rule: <Verdict style={effective?.outgoing === "Reject" ? "rejected-default" : "allowed-default"} />
            </span>
          </p>
        </div>
      )}
      <section class="card">
        <header class="card-head">
          <h2>{on === false ? "Was allowed by the default alone, in the last week" : "Would be rejected: allowed by the default alone, in the last week"}</h2>
          {chosen.length > 0 && (
            <button type="button" class="button small primary" onClick={() => startRule(chosen.flatMap((m) => m.edges.map(pickOfEdge)))}>
              Create ruleset from {plural(chosen.length, "row")}
            </button>
          )}
        </header>
        <Failure error={edges.error} what="What was seen cannot be shown" />
        {covered.data && !covered.data.complete && (
          <p class="notice warn" role="status">
            Not all was recorded in that week: <a href={href("/health")}>what is missing</a> may need a rule, too.
          </p>
        )}
        {edges.data && rows.length === 0 && seen.data ? (
          <NothingMissing recorded={seen.data.flows.length > 0} />
        ) : (
          <Table label="Allowed by the default alone" rows={rows} columns={COLUMNS} rowKey={(m) => m.key} selected={ticked} onSelect={setTicked} empty={edges.loading ? "Loading…" : "Nothing."} />
        )}
      </section>
      {disabling && state.data && <Disable space={space} etag={state.data.etag} lost={rows} onClose={() => setDisabling(false)} />}
    </Page>
  );
}

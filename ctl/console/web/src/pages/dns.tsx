// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS Lookup Logs: what was asked and answered, and what the kernel has learned of it. */
import { get } from "../lib/api";
import { useFollowed } from "../lib/followed";
import { count, plural, time } from "../lib/format";
import { dnsTick } from "../lib/live";
import { DNS_FIELDS, parse } from "../lib/query";
import { useResource } from "../lib/resource";
import { href, param, setParams } from "../lib/router";
import type { Learned, Lookup } from "../lib/types";
import { Failure, Name, Page } from "../ui/basics";
import { FilterBar } from "../ui/filter";
import { RangeBar } from "../ui/range-bar";
import { type Column, Table } from "../ui/table";
import { Segmented } from "../ui/tabs";

const LOOKS = { Resolve: ["good", "✓ Resolved"], Fail: ["warn", "? Failed"], Reject: ["bad", "✕ Rejected"] } as const;

function Answer({ lookup }: { lookup: Lookup }) {
  const [kind, text] = LOOKS[lookup.action] ?? ["off", lookup.action];
  return (
    <span class={`badge ${kind}`} title={lookup.reason}>
      {text}
    </span>
  );
}

const COLUMNS: Column<Lookup>[] = [
  { key: "time", title: "Time", width: 1.1, order: (l) => l.timestamp, cell: (l) => time(l.timestamp) },
  {
    key: "name",
    title: "Name",
    width: 2.2,
    order: (l) => l.resolvedName,
    cell: (l) => (
      <a href={href("/network/external-networks/create", { entry: l.resolvedName })} title="Create an external network with this name">
        <Name text={l.resolvedName} most={70} />
      </a>
    ),
  },
  { key: "type", title: "Type", width: 0.6, order: (l) => l.queryType, cell: (l) => l.queryType },
  { key: "action", title: "Answer", width: 1, min: "6.6rem", order: (l) => l.action, cell: (l) => <Answer lookup={l} /> },
  { key: "reason", title: "Reason", width: 1, min: "6.2rem", wide: true, order: (l) => l.reason ?? "", cell: (l) => <Name text={l.reason || "–"} /> },
  { key: "ips", title: "Addresses", width: 2, wide: true, cell: (l) => <Name text={(l.resolvedIPs ?? []).join(", ") || "–"} most={70} /> },
  { key: "cnames", title: "Aliases", width: 1, wide: true, cell: (l) => <Name text={(l.resolvedCNAMEs ?? []).join(", ") || "–"} most={50} /> },
  { key: "ttl", title: "TTL", width: 0.5, right: true, wide: true, order: (l) => l.ttl ?? 0, cell: (l) => (l.ttl === undefined ? "–" : `${l.ttl} s`) },
  { key: "server", title: "Server", width: 1.1, wide: true, order: (l) => l.serverIP, cell: (l) => <Name text={l.serverIP} /> },
  { key: "count", title: "Count", width: 0.5, right: true, wide: true, order: (l) => l.value ?? 1, cell: (l) => count(l.value ?? 1) },
];

const LEARNED: Column<Learned>[] = [
  { key: "name", title: "Name", width: 2, order: (l) => l.name, cell: (l) => <Name text={l.name} /> },
  { key: "address", title: "Address", width: 1.4, order: (l) => l.address, cell: (l) => <Name text={l.address} /> },
  { key: "network", title: "Network", width: 1.2, order: (l) => l.network ?? "", cell: (l) => <Name text={l.network || "–"} /> },
  { key: "since", title: "Since", width: 1, wide: true, order: (l) => l.since, cell: (l) => time(l.since) },
  { key: "until", title: "Until", width: 1, order: (l) => l.until, cell: (l) => time(l.until) },
  { key: "resolver", title: "Resolver", width: 1.1, wide: true, order: (l) => l.resolver, cell: (l) => <Name text={l.resolver} /> },
  { key: "use", title: "In use", width: 0.6, wide: true, order: (l) => Number(l.inUse), cell: (l) => (l.inUse ? "yes" : "no") },
];

function Cache() {
  const cache = useResource("dns/cache", (abort) => get<Learned[]>("dns/cache", {}, abort));
  return (
    <>
      <Failure error={cache.error} what="What was learned cannot be shown" />
      <section class="card" aria-label="Learned addresses">
        <Table label="Learned addresses" rows={cache.data ?? []} columns={LEARNED} rowKey={(l) => `${l.name} ${l.address} ${l.network}`} height="fill" empty={cache.loading ? "Loading…" : "No address was learned by name."} />
      </section>
    </>
  );
}

function Lookups() {
  const q = param("q");
  const log = useFollowed<Lookup, "lookups">("dns", "lookups", parse(q, DNS_FIELDS).error ? "" : q, dnsTick);
  return (
    <>
      <FilterBar fields={DNS_FIELDS} value={q} onChange={(value) => setParams({ q: value })} label="Search lookups" />
      <Failure error={log.error} what="The lookups cannot be shown" />
      <section class="card" aria-label="Lookups">
        <div class="table-bar">
          <span role="status">
            {plural(log.rows.length, "lookup")}
            {log.cursor ? " and more" : ""}
          </span>
          {log.behind && (
            <button type="button" class="button small" onClick={log.renew}>
              Show newer lookups
            </button>
          )}
        </div>
        <Table
          label="DNS lookups"
          rows={log.rows}
          columns={COLUMNS}
          rowKey={(l) => l.ID}
          height="fill"
          onReading={log.onReading}
          onEnd={log.more}
          empty={log.busy ? "Loading…" : "No lookup matches within this time."}
        />
      </section>
    </>
  );
}

export function DnsLogs() {
  const learned = param("view") === "learned";
  return (
    <Page title="DNS Lookup Logs" about="What was asked by name, and answered. A name that should work becomes an external network." actions={learned ? undefined : <RangeBar />}>
      <Segmented
        label="View"
        options={[
          { value: "lookups", label: "Lookups" },
          { value: "learned", label: "Learned addresses" },
        ]}
        value={learned ? "learned" : "lookups"}
        onChange={(value) => setParams({ view: value === "learned" ? "learned" : null })}
      />
      {learned ? <Cache /> : <Lookups />}
    </Page>
  );
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Health: versions, how full tables are, what of the records was lost. */
import { get, heardAt } from "../lib/api";
import { count, duration, time } from "../lib/format";
import { streaming } from "../lib/live";
import { useResource } from "../lib/resource";
import { status } from "../lib/state";
import type { Coverage, Hole } from "../lib/types";
import { Empty, Facts, Failure, Page, useNow } from "../ui/basics";
import { type Column, Table } from "../ui/table";

const COLUMNS: Column<Hole>[] = [
  { key: "from", title: "From", width: 1.2, order: (h) => h.from, cell: (h) => time(h.from) },
  { key: "until", title: "Until", width: 1.2, order: (h) => h.until, cell: (h) => time(h.until) },
  { key: "long", title: "For", width: 0.7, cell: (h) => duration((Date.parse(h.until) - Date.parse(h.from)) / 1000) },
  { key: "lost", title: "Records lost", width: 1, right: true, order: (h) => h.lost ?? -1, cell: (h) => (h.lost === null ? "unknown" : count(h.lost)) },
  { key: "where", title: "Where", width: 1.4, order: (h) => h.where, cell: (h) => h.where },
];

export function Health() {
  const now = useNow();
  const coverage = useResource("coverage", (abort) => get<Coverage>("coverage", { since: "7d" }, abort));
  const state = status.value;
  const seen = coverage.data;
  const good = state && state.module.attached && !state.problems.length;
  return (
    <Page title="Health" about="Whether the host is protected, and whether what is shown is all there was.">
      {state && (
        <section class={`card state ${good ? "" : "is-bad"}`} aria-label="Enforcement">
          <p class="big">{good ? "✓ The newest revision is in force" : "✕ The newest revision is not in force"}</p>
          {state.problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
          <Facts
            facts={[
              ["msegd", state.version],
              ["Module", state.module.version ?? "not loaded"],
              ["Revision", `${state.enforced ?? "–"} of ${state.revision}`],
              ["Generation", state.generation ?? "–"],
              ["Connections", count(state.module.connections ?? 0)],
              ["Networks", count(state.module.networks ?? 0)],
              ["Entries", count(state.module.entries ?? 0)],
              ["Rules", count(state.module.rules ?? 0)],
              ["Events", streaming.value ? "connected" : "connecting"],
              ["Heard from msegd", `${duration((now - heardAt.value) / 1000)} ago`],
            ]}
          />
        </section>
      )}
      <section class="card" aria-label="Records">
        <header class="card-head">
          <h2>Records of the last week</h2>
          {seen && <span class={`badge ${seen.complete ? "good" : "warn"}`}>{seen.complete ? "✓ complete" : "? with holes"}</span>}
        </header>
        <Failure error={coverage.error} what="What was recorded cannot be told" />
        {seen && (
          <div class="inset">
            <Facts facts={[["Produced by the kernel", count(seen.produced)], ["Stored", count(seen.stored)], ...Object.entries(seen.lost).map(([where, n]): [string, string] => [`Lost: ${where}`, count(n)])]} />
          </div>
        )}
        {seen &&
          (seen.holes.length ? (
            <Table label="Holes in the records" rows={seen.holes} columns={COLUMNS} rowKey={(h) => `${h.from} ${h.where}`} />
          ) : (
            <Empty icon="check" title="No holes">
              Every record that the kernel made in this time is stored.
            </Empty>
          ))}
      </section>
    </Page>
  );
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Audit: every revision, what it changed, and the way back to it. */
import { useState } from "preact/hooks";
import { type ApiError, get, send } from "../lib/api";
import { ago, time } from "../lib/format";
import { refresh, useResource } from "../lib/resource";
import { param, setParams } from "../lib/router";
import { may, status } from "../lib/state";
import type { Difference, Revision } from "../lib/types";
import { Failure, Name, Page } from "../ui/basics";
import { Changes } from "../ui/changes";
import { Dialog } from "../ui/dialog";
import { type Column, Table } from "../ui/table";
import { say } from "../ui/toast";

const STATES: Record<Revision["state"], string> = { final: "good", confirmed: "good", trial: "warn", reverted: "off" };

const COLUMNS: Column<Revision>[] = [
  { key: "revision", title: "Revision", width: 0.7, order: (r) => r.revision, cell: (r) => r.revision },
  { key: "time", title: "Time", width: 1.1, order: (r) => r.time, cell: (r) => <span title={ago(r.time)}>{time(r.time)}</span> },
  { key: "user", title: "By", width: 0.9, order: (r) => r.user, cell: (r) => <Name text={r.user} /> },
  { key: "action", title: "What", width: 2.4, cell: (r) => <Name text={r.action || "–"} most={80} /> },
  { key: "reason", title: "Why", width: 1.4, wide: true, cell: (r) => <Name text={r.reason || "–"} most={60} /> },
  { key: "changed", title: "Objects", width: 0.6, right: true, wide: true, order: (r) => r.changed, cell: (r) => r.changed },
  {
    key: "state",
    title: "State",
    width: 1,
    order: (r) => r.state,
    cell: (r) => <span class={`badge ${STATES[r.state]}`}>{r.revision === status.value?.enforced ? "in force" : r.state}</span>,
  },
];

function Restore({ revision, onClose }: { revision: number; onClose: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const difference = useResource(`back to ${revision}`, (abort) => get<Difference>("diff", { from: status.value?.revision, to: revision }, abort));
  const go = () =>
    send("POST", "rollback", { query: { to: revision } }).then(
      () => {
        say(`The policy is that of revision ${revision} again.`);
        refresh();
        onClose();
      },
      (failure: ApiError) => setError(failure),
    );
  return (
    <Dialog title={`Restore revision ${revision}`} onClose={onClose} wide>
      <p>A new revision will equal revision {revision}. This changes:</p>
      <Failure error={difference.error} what="What it changes cannot be shown" />
      {difference.data && <Changes changes={difference.data.changes} />}
      <Failure error={error} what="Not restored" />
      <div class="buttons">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button primary" onClick={() => void go()}>
          Restore
        </button>
      </div>
    </Dialog>
  );
}

function Detail({ revision, onClose }: { revision: number; onClose: () => void }) {
  const [restoring, setRestoring] = useState(false);
  const detail = useResource(`revision ${revision}`, (abort) => get<Revision>(`revisions/${revision}`, {}, abort));
  const newest = status.value?.revision;
  return (
    <section class="card pad" aria-label={`Revision ${revision}`}>
      <header class="card-head flush">
        <h2>Revision {revision}</h2>
        <span class="actions">
          {may("edit", "/") && revision !== newest && (
            <button type="button" class="button small" onClick={() => setRestoring(true)}>
              Restore
            </button>
          )}
          <button type="button" class="button small" onClick={onClose}>
            Close
          </button>
        </span>
      </header>
      <Failure error={detail.error} what="The revision cannot be shown" />
      {detail.data && <Changes changes={detail.data.changes ?? []} />}
      {restoring && <Restore revision={revision} onClose={() => setRestoring(false)} />}
    </section>
  );
}

export function Audit() {
  const chosen = Number(param("revision")) || 0;
  const revisions = useResource("revisions", (abort) => get<Revision[]>("revisions", { limit: 1000 }, abort));
  return (
    <Page title="Audit" about="Every change is a revision; each can be looked at and restored.">
      <Failure error={revisions.error} what="The revisions cannot be shown" />
      {chosen > 0 && <Detail key={chosen} revision={chosen} onClose={() => setParams({ revision: null })} />}
      <section class="card" aria-label="Revisions">
        <Table label="Revisions" rows={revisions.data ?? []} columns={COLUMNS} rowKey={(r) => String(r.revision)} onRow={(r) => setParams({ revision: String(r.revision) })} open={String(chosen)} empty={revisions.loading ? "Loading…" : "No revision."} />
      </section>
    </Page>
  );
}

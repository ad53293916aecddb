// SPDX-License-Identifier: GPL-2.0-or-later
/* Out-of-the-box rules: services that hosts often need, each with its networks. */
import { useState } from "preact/hooks";
import { ApiError, get, send } from "../lib/api";
import { type Entry, read, withEntries } from "../lib/catalogue";
import { entryProblem } from "../lib/entries";
import { refresh, useResource } from "../lib/resource";
import { serviceLabel } from "../lib/services";
import { home, may } from "../lib/state";
import type { Change, Ruleset } from "../lib/types";
import { Copy, Failure, Page } from "../ui/basics";
import { ChipField } from "../ui/chips";
import { Dialog } from "../ui/dialog";
import { say } from "../ui/toast";
import { Warned, warnOf } from "../ui/warned";

const FILES = import.meta.glob<string>("../../../../catalogue/*.yaml", { query: "?raw", import: "default", eager: true });
const ENTRIES = Object.entries(FILES).map(([path, text]) => read(path, text));

function nameIn(entry: Entry): string[] {
  const [, after = ""] = entry.text.split("networkrulesetpolicies:");
  return [...after.matchAll(/^ {2}- name: "?(.*?)"?$/gm)].map((m) => m[1]!);
}

function Activate({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const [entries, setEntries] = useState(entry.entries);
  const [error, setError] = useState<ApiError | null>(null);
  const text = withEntries(entry.text, entries);
  const post = (check: boolean) => send<Change>("POST", "import", { query: { namespace: home.value, check: check || undefined, file: entry.name }, body: text, type: "application/yaml" });
  const go = async () => {
    try {
      const { body } = await post(false);
      warnOf(body.warnings);
      say(`${entry.name} is in force as revision ${body.revision}`);
      refresh();
      onClose();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    }
  };
  return (
    <Dialog title={`Activate ${entry.name}`} onClose={onClose}>
      <p>{entry.summary}. It opens:</p>
      <ul class="opens">
        {entry.opens.map((open, i) => (
          <li key={i}>
            <strong>{open.incoming ? "Incoming" : "Outgoing"}</strong> {open.services.map((s) => serviceLabel(s)).join(", ")}
          </li>
        ))}
      </ul>
      <ChipField label="Networks" values={entries} onChange={setEntries} between={/[,\s]+/} check={entryProblem} hint="Fewer addresses are safer: your own networks, where you know them." />
      <Failure error={error} what="Not activated" />
      <div class="buttons">
        <Copy text={text} label="Copy as YAML" />
        <button type="button" class="button primary" disabled={!entries.length || entries.some((e) => entryProblem(e))} onClick={() => void go()}>
          Activate
        </button>
      </div>
    </Dialog>
  );
}

export function Catalogue() {
  const [open, setOpen] = useState<Entry | null>(null);
  const [filter, setFilter] = useState("");
  const rulesets = useResource("rulesets", (abort) => get<Ruleset[]>("networkrulesetpolicies", { namespace: "/", recursive: true }, abort));
  const there = new Set(rulesets.data?.map((r) => r.name));
  const shown = ENTRIES.filter((e) => `${e.name} ${e.summary} ${e.opens.flatMap((o) => o.services).join(" ")}`.toLowerCase().includes(filter.trim().toLowerCase()));
  return (
    <Page title="Out-of-the-box rules" about="Networks and rulesets for services that hosts often need.">
      <Warned />
      <label class="field search-field">
        <span class="label hidden">Search rules</span>
        <input data-search value={filter} placeholder="Search: ssh, 443, backup" onInput={(event) => setFilter(event.currentTarget.value)} />
      </label>
      <ul class="tiles">
        {shown.map((entry) => {
          const active = nameIn(entry).every((name) => there.has(name));
          return (
            <li key={entry.name} class="card tile">
              <h2>
                {entry.name} {active && <span class="badge good">✓ there</span>}
              </h2>
              <p class="hint">{entry.summary}</p>
              <p class="opens">
                {entry.opens.map((o) => `${o.incoming ? "in" : "out"} ${o.services.join(", ")}`).join(" · ")}
              </p>
              {may("edit", home.value) && (
                <button type="button" class="button small" onClick={() => setOpen(entry)} aria-label={`${active ? "Activate again" : "Activate"} ${entry.name}`}>
                  {active ? "Activate again" : "Activate"}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {open && <Activate entry={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

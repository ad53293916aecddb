// SPDX-License-Identifier: GPL-2.0-or-later
/* From flows to a rule: pre-filled, previewed, then applied, staged or copied. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { ApiError, get, send } from "../lib/api";
import { toCommand, toYaml } from "../lib/document";
import { entryProblem } from "../lib/entries";
import { at } from "../lib/form";
import { count, plural } from "../lib/format";
import { readPicks } from "../lib/picks";
import { refresh, useResource } from "../lib/resource";
import { navigate, param } from "../lib/router";
import { SUGGESTED_SERVICES, serviceProblem } from "../lib/services";
import { stage } from "../lib/staging";
import { home, status } from "../lib/state";
import { type Width, type Wish, documentFor, entriesFor, nameFor, servicesFor } from "../lib/suggest";
import type { Change, ExternalNetwork, Notice, Preview } from "../lib/types";
import { Copy, Empty, Failure, Page, Warnings } from "../ui/basics";
import { ChipField, TextField } from "../ui/chips";
import { PreviewView } from "../ui/preview";
import { Segmented } from "../ui/tabs";
import { say } from "../ui/toast";
import { useTags } from "./rulesets";

const EPHEMERAL = 32768;

function Ports({ label, values, onChange, errors }: { label: string; values: string[]; onChange: (values: string[]) => void; errors: { value?: string | null; message: string }[] }) {
  const high = values.filter((s) => Number(s.split("/")[1]) >= EPHEMERAL).length;
  return (
    <ChipField
      label={label}
      values={values}
      onChange={onChange}
      between={/\s+|,\s*(?=[a-z])/i}
      clean={(text) => text.trim().toLowerCase()}
      check={serviceProblem}
      suggestions={SUGGESTED_SERVICES}
      errors={errors}
      hint={high ? `${plural(high, "port is", "ports are")} of those that programs get at random: are they meant?` : undefined}
    />
  );
}

interface Checked {
  key: string;
  preview: Preview | null;
  warnings: Notice[];
  error: ApiError | null;
  unavailable: boolean;
}

/** What the server says of a document, a moment after it was typed. */
function useChecked(document: object, namespace: string, ready: boolean): Checked | null {
  const key = JSON.stringify(document);
  const [state, setState] = useState<Checked | null>(null);
  useEffect(() => {
    if (!ready) return;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      const next: Checked = { key, preview: null, warnings: [], error: null, unavailable: false };
      try {
        next.warnings = (await send<Change>("POST", "apply", { query: { namespace, check: true }, body: document, signal: abort.signal })).body.warnings;
        next.preview = (await send<Preview>("POST", "preview", { query: { namespace }, body: document, signal: abort.signal })).body;
      } catch (error) {
        if (!(error instanceof ApiError)) return;
        if (error.errors.length || error.status === 400 || error.status === 409) next.error = error;
        else next.unavailable = true;
      }
      if (!abort.signal.aborted) setState(next);
    }, 350);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, namespace, ready]);
  return state?.key === key ? state : null;
}

export function FromFlows() {
  const picks = useMemo(() => readPicks(param("pick")), []);
  const suggested = nameFor(picks);
  const networks = useResource("networks", (abort) => get<ExternalNetwork[]>("externalnetworks", { namespace: "/", recursive: true }, abort));
  const tags = useTags();
  const named = picks.some((p) => p.name);
  const [width, setWidth] = useState<Width>("addresses");
  const [wish, setWish] = useState<Wish>({
    name: suggested.ruleset,
    description: "",
    subject: `$enforcerid=${status.value?.enforcer.ID ?? ""}`,
    action: "Allow",
    existing: "",
    network: suggested.network,
    entries: entriesFor(picks, "addresses"),
    incoming: servicesFor(picks, "Incoming"),
    outgoing: servicesFor(picks, "Outgoing"),
  });
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const set = (changes: Partial<Wish>) => setWish((w) => ({ ...w, ...changes }));
  const widen = (to: Width) => {
    setWidth(to);
    set({ entries: entriesFor(picks, to) });
  };
  const document = documentFor(wish);
  const services = [...wish.incoming, ...wish.outgoing];
  const problem =
    !wish.name.trim() ? "The ruleset needs a name."
    : !wish.existing && !wish.network.trim() ? "The network needs a name."
    : !wish.existing && (!wish.entries.length || wish.entries.some((e) => entryProblem(e))) ? "The network's entries are not right yet."
    : !services.length || services.some((s) => serviceProblem(s)) ? "Protocols and ports are not right yet."
    : null;
  const checked = useChecked(document, home.value, problem === null);
  const errors = (error ?? checked?.error)?.errors ?? [];

  const act = async (what: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await what();
      refresh();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const apply = () =>
    act(async () => {
      const { body } = await send<Change>("POST", "apply", { query: { namespace: home.value, reason: `from ${plural(picks.length, "flow")}` }, body: document });
      say(`Applied as revision ${body.revision}`);
      navigate("/network/rulesets");
    });
  const put = () =>
    act(async () => {
      await stage(document, home.value);
      say("Staged: the map's Draft shows it.");
      navigate("/platform", { policy: "draft" });
    });

  if (!picks.length)
    return (
      <Page title="Create ruleset from flows">
        <Empty icon="flows" title="No flows are ticked.">
          Tick lines of the platform's map, or rows of Flows.
        </Empty>
      </Page>
    );
  return (
    <Page title="Create ruleset from flows" about={`From ${plural(picks.length, "connection")} that were seen.`}>
      <div class="from-flows">
        <form class="card pad" onSubmit={(event) => event.preventDefault()}>
          <TextField label="Name" value={wish.name} onChange={(name) => set({ name })} errors={at(errors, "name")} />
          <ChipField label="Applies to" values={wish.subject ? [wish.subject] : []} onChange={(v) => set({ subject: v.at(-1) ?? "" })} suggestions={tags.hosts} errors={at(errors, "subject")} />
          <div class="field">
            <span class="label">Action</span>
            <Segmented
              label="Action"
              options={[
                { value: "Allow", label: "Allow" },
                { value: "Reject", label: "Reject" },
              ]}
              value={wish.action}
              onChange={(action) => set({ action, name: wish.name.replace(/^(Allow|Reject)\b/, action) })}
            />
          </div>
          <label class="field">
            <span class="label">Network</span>
            <select value={wish.existing} onChange={(event) => set({ existing: event.currentTarget.value })}>
              <option value="">A new external network</option>
              {(networks.data ?? []).map((n) => (
                <option key={n.ID} value={n.name}>
                  {n.name.slice(0, 100)}
                </option>
              ))}
            </select>
          </label>
          {!wish.existing && (
            <>
              <TextField label="Name of the network" value={wish.network} onChange={(network) => set({ network })} />
              <div class="field">
                <span class="label">Which holds</span>
                <Segmented<Width>
                  label="Which holds"
                  options={[
                    { value: "addresses", label: picks.length > 1 ? "These addresses" : "This address" },
                    { value: "around", label: "Its /24" },
                    ...(named ? [{ value: "names" as const, label: "Its name" }] : []),
                    { value: "any", label: "Any" },
                  ]}
                  value={width}
                  onChange={widen}
                />
              </div>
              <ChipField label="Networks" values={wish.entries} onChange={(entries) => set({ entries })} between={/[,\s]+/} check={entryProblem} errors={at(errors, "entries")} />
            </>
          )}
          {servicesFor(picks, "Incoming").length > 0 && (
            <Ports label="Incoming protocols/ports" values={wish.incoming} onChange={(incoming) => set({ incoming })} errors={at(errors, "incomingRules[0].protocolPorts")} />
          )}
          {servicesFor(picks, "Outgoing").length > 0 && (
            <Ports label="Outgoing protocols/ports" values={wish.outgoing} onChange={(outgoing) => set({ outgoing })} errors={at(errors, "outgoingRules[0].protocolPorts")} />
          )}
        </form>
        <div class="stack">
          <section class="card pad" aria-label="What it does">
            <h2>What it does</h2>
            <p>
              {wish.action === "Allow" ? "Allows" : "Rejects"} {services.join(", ") || "nothing"}{" "}
              {wish.incoming.length && wish.outgoing.length ? "from and to" : wish.incoming.length ? "from" : "to"}{" "}
              {wish.existing ? `the network ${wish.existing}` : `${count(wish.entries.length)} ${wish.entries.length === 1 ? "entry" : "entries"}: ${wish.entries.slice(0, 6).join(", ")}${wish.entries.length > 6 ? ", …" : ""}`}.
            </p>
            {problem && <p class="error">{problem}</p>}
            {!problem && !checked && <p class="hint">Judging what was recorded…</p>}
            {checked?.unavailable && <p class="hint">What was recorded cannot be judged again now.</p>}
            {checked?.preview && <PreviewView preview={checked.preview} />}
            <Warnings notices={checked?.warnings ?? []} />
            <Failure error={error ?? checked?.error ?? null} what="Not taken" />
            <div class="buttons">
              <button type="button" class="button" disabled={busy || problem !== null} onClick={() => void put()}>
                Stage
              </button>
              <button type="button" class="button primary" disabled={busy || problem !== null} onClick={() => void apply()}>
                Apply
              </button>
            </div>
          </section>
          <section class="card pad" aria-label="As a document">
            <header class="card-head flush">
              <h2>As a document</h2>
              <span class="actions">
                <Copy text={toYaml(document)} label="Copy as YAML" />
                <Copy text={toCommand(document, home.value)} label="Copy as mctl command" />
              </span>
            </header>
            <pre class="command" tabIndex={0}>
              {toYaml(document)}
            </pre>
          </section>
        </div>
      </div>
    </Page>
  );
}

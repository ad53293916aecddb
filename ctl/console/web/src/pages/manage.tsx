// SPDX-License-Identifier: GPL-2.0-or-later
/* Enforcers and namespaces. */
import { useState } from "preact/hooks";
import { type ApiError, create, get } from "../lib/api";
import { at } from "../lib/form";
import { count } from "../lib/format";
import { refresh, useResource } from "../lib/resource";
import { href, param, setParams } from "../lib/router";
import { home, may, status } from "../lib/state";
import type { Description, Discovery, Enforcer, Namespace, ProcessingUnit, Ruleset } from "../lib/types";
import { Copy, Facts, Failure, Name, Page, Tags, Verdict, Warnings } from "../ui/basics";
import { TextField } from "../ui/chips";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { say } from "../ui/toast";

function Details({ enforcer }: { enforcer: Enforcer }) {
  const unit = useResource(`unit ${enforcer.ID}`, (abort) => get<ProcessingUnit[]>("processingunits", { namespace: "/", recursive: true }, abort));
  const described = useResource(`enforcer ${enforcer.ID}`, (abort) => get<Description<Enforcer>>(`enforcers/${enforcer.ID}/describe`, { namespace: enforcer.namespace }, abort));
  const own = status.value?.enforcer.ID === enforcer.ID ? status.value : null;
  const mine = unit.data?.find((u) => u.enforcerID === enforcer.ID);
  const rulesets = described.data?.resolution?.rulesets ?? [];
  return (
    <div class="details">
      <Warnings notices={described.data?.warnings ?? []} />
      <h2>Microsegmentation tags</h2>
      <Tags tags={mine?.normalizedTags ?? []} />
      <Copy text={`$enforcerid=${enforcer.ID}`} label="Copy $enforcerid tag" />
      {own && (
        <>
          <h2>State</h2>
          <Facts
            facts={[
              ["Module", own.module.loaded ? `loaded, ${own.module.version ?? ""}` : "not loaded"],
              ["Enforcing", own.module.attached ? "yes" : "no"],
              ["Locked", own.module.locked ? "until the next start" : "no"],
              ["Policy generation", own.generation ?? "–"],
              ["Revision in force", `${own.enforced ?? "–"} of ${own.revision}`],
              ["Networks", count(own.module.networks ?? 0)],
              ["Entries", count(own.module.entries ?? 0)],
              ["Rules", count(own.module.rules ?? 0)],
              ["Connections", count(own.module.connections ?? 0)],
            ]}
          />
        </>
      )}
      <h2>Rulesets</h2>
      {rulesets.length === 0 && <p class="hint">None: the defaults decide everything.</p>}
      <ul class="plain-list">
        {rulesets.map((r) => (
          <li key={`${r.namespace} ${r.name}`}>
            <span class={`badge ${r.applies ? "good" : "off"}`}>{r.applies ? "applies" : "does not apply"}</span>{" "}
            <a href={href("/network/rulesets/edit", { namespace: r.namespace, name: r.name })}>
              <Name text={r.name} />
            </a>{" "}
            <span class="hint">{r.why}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Enforcers() {
  const open = param("enforcer");
  const enforcers = useResource("enforcers", (abort) => get<Enforcer[]>("enforcers", { namespace: "/", recursive: true }, abort));
  return (
    <Page title="Enforcers" about="Hosts that enforce policy. Expand one to see the tags by which rulesets find it.">
      <Failure error={enforcers.error} what="The enforcers cannot be shown" />
      {(enforcers.data ?? []).map((enforcer) => {
        const here = status.value?.enforcer.ID === enforcer.ID;
        const good = here && status.value?.module.attached && !status.value.problems.length;
        const expanded = open === enforcer.ID;
        return (
          <section key={enforcer.ID} class="card pad" aria-label={enforcer.name.slice(0, 200)}>
            <button type="button" class="expander" aria-expanded={expanded} onClick={() => setParams({ enforcer: expanded ? null : enforcer.ID })}>
              <Icon name={expanded ? "down" : "right"} size={15} />
              <strong>
                <Name text={enforcer.name} />
              </strong>
              <span class="hint">
                in <Name text={enforcer.namespace} />
              </span>
              {here && <span class={`badge ${good ? "good" : "bad"}`}>{good ? "✓ enforcing" : "✕ not enforcing"}</span>}
              <code class="id">{enforcer.ID}</code>
            </button>
            {expanded && <Details enforcer={enforcer} />}
          </section>
        );
      })}
    </Page>
  );
}

function CreateNamespace({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState(`${home.value === "/" ? "" : home.value}/`);
  const [error, setError] = useState<ApiError | null>(null);
  const go = () => {
    const above = name.slice(0, name.lastIndexOf("/")) || "/";
    create<Namespace>("namespaces", { name }, { namespace: above }).then(
      () => {
        say(`Created ${name}`);
        refresh();
        onClose();
      },
      (failure: ApiError) => setError(failure),
    );
  };
  return (
    <Dialog title="Create namespace" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <TextField label="Name" autofocus value={name} onChange={setName} errors={at(error?.errors ?? [], "name")} hint="Its whole path, as /acme/aws-dev/vm" />
        {!error?.errors.length && <Failure error={error} what="Not created" />}
        <div class="buttons">
          <button type="submit" class="button primary">
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface Space {
  space: Namespace;
  state: Discovery | null;
  rulesets: number;
  hosts: number;
}

async function spaces(abort: AbortSignal): Promise<Space[]> {
  const all = { namespace: "/", recursive: true };
  const [list, rulesets, hosts] = await Promise.all([
    get<Namespace[]>("namespaces", all, abort),
    get<Ruleset[]>("networkrulesetpolicies", all, abort),
    get<Enforcer[]>("enforcers", all, abort),
  ]);
  const states = await Promise.all(list.slice(0, 100).map((s) => get<Discovery>("discovery", { namespace: s.name }, abort)));
  return list.map((space, i) => ({
    space,
    state: states[i] ?? null,
    rulesets: rulesets.filter((r) => r.namespace === space.name).length,
    hosts: hosts.filter((e) => e.namespace === space.name).length,
  }));
}

export function Namespaces() {
  const list = useResource("spaces", spaces);
  const [creating, setCreating] = useState(false);
  return (
    <Page
      title="Namespaces"
      about="A tree: what a namespace does not say, it inherits from the one above."
      actions={
        may("admin", home.value) && (
          <button type="button" class="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" size={16} /> Create
          </button>
        )
      }
    >
      <Failure error={list.error} what="The namespaces cannot be shown" />
      <div class="card pad scroll" role="region" aria-label="Namespaces" tabIndex={0}>
        <table class="plain spaces">
          <thead>
            <tr>
              <th scope="col">Namespace</th>
              <th scope="col">Incoming default</th>
              <th scope="col">Outgoing default</th>
              <th scope="col">Rulesets</th>
              <th scope="col">Enforcers</th>
            </tr>
          </thead>
          <tbody>
            {(list.data ?? []).map(({ space, state, rulesets, hosts }) => (
              <tr key={space.ID}>
                <th scope="row">
                  <a href={href("/discovery", { namespace: space.name })}>
                    <Name text={space.name} />
                  </a>
                </th>
                <td>
                  {space.defaultPUIncomingTrafficAction} {state && <Verdict style={state.effective.incoming === "Allow" ? "allowed-default" : "rejected-default"} />}
                </td>
                <td>
                  {space.defaultPUOutgoingTrafficAction} {state && <Verdict style={state.effective.outgoing === "Allow" ? "allowed-default" : "rejected-default"} />}
                </td>
                <td>{rulesets}</td>
                <td>{hosts}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {creating && <CreateNamespace onClose={() => setCreating(false)} />}
    </Page>
  );
}


// SPDX-License-Identifier: GPL-2.0-or-later
/* Rulesets: the list, and how one is created and edited. */
import { useState } from "preact/hooks";
import { type ApiError, get, patch, remove } from "../lib/api";
import { useEditor } from "../lib/editor";
import { at, elsewhere } from "../lib/form";
import { plural } from "../lib/format";
import { hitsText, lastText, rulesetHits } from "../lib/hits";
import { refresh, useResource } from "../lib/resource";
import { href, navigate, param } from "../lib/router";
import { selectorText } from "../lib/selector";
import { serviceProblem } from "../lib/services";
import { home, may, status } from "../lib/state";
import type { Description, ExternalNetwork, ProcessingUnit, Rule, Ruleset } from "../lib/types";
import { Empty, Failure, Name, Page, Warnings } from "../ui/basics";
import { Check, TextField } from "../ui/chips";
import { Conflict } from "../ui/conflict";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { NamespaceField } from "../ui/namespace";
import { RuleList, SelectorField } from "../ui/rules";
import { type Column, Table } from "../ui/table";
import { say } from "../ui/toast";
import { Warned, warnOf } from "../ui/warned";
import { Wizard } from "../ui/wizard";

const KIND = "networkrulesetpolicies";
export const LIST = "/network/rulesets";

type Draft = Omit<Ruleset, "ID" | "namespace" | "description"> & { description: string };

const BLANK: Draft = {
  name: "",
  description: "",
  subject: [],
  incomingRules: [],
  outgoingRules: [],
  disabled: false,
  propagate: false,
  fallback: false,
};

/** What a rule does, in a line. */
export function ruleText(rule: Rule, incoming: boolean): string {
  const peer = rule.object.length ? selectorText(rule.object).replaceAll("externalnetwork:name=", "") : "nobody";
  return `${rule.action} ${rule.protocolPorts.join(", ")} ${incoming ? "from" : "to"} ${peer}`;
}

function rulesText(ruleset: Ruleset): string {
  return [...ruleset.incomingRules.map((r) => ruleText(r, true)), ...ruleset.outgoingRules.map((r) => ruleText(r, false))].join("; ") || "no rules";
}

async function describe(rulesets: Ruleset[], abort: AbortSignal): Promise<Map<string, Description<Ruleset>>> {
  const some = rulesets.slice(0, 200);
  const all = await Promise.all(some.map((r) => get<Description<Ruleset>>(`${KIND}/${r.ID}/describe`, { namespace: r.namespace }, abort)));
  return new Map(all.map((d) => [d.object.ID, d]));
}

function State({ ruleset, description }: { ruleset: Ruleset; description: Description<Ruleset> | undefined }) {
  if (ruleset.disabled) return <span class="badge off">Disabled</span>;
  const warnings = description?.warnings ?? [];
  if (warnings.length)
    return (
      <span class="badge warn" title={warnings.map((w) => w.message).join("\n").slice(0, 1000)}>
        <Icon name="warning" size={13} /> {plural(warnings.length, "warning")}
      </span>
    );
  if (description?.applies && !description.applies.applies) return <span class="badge off">Not here</span>;
  return <span class="badge good">In force</span>;
}

function Delete({ ruleset, onClose }: { ruleset: Ruleset; onClose: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const go = () =>
    remove(KIND, ruleset).then(
      () => {
        say(`Deleted ${ruleset.name}`);
        refresh();
        onClose();
      },
      (failure: ApiError) => setError(failure),
    );
  return (
    <Dialog title="Delete ruleset" onClose={onClose}>
      <p>
        <Name text={ruleset.name} /> no longer decides: <Name text={rulesText(ruleset)} most={300} />.
      </p>
      <p class="hint">A revision keeps it, so that Audit can bring it back. To switch it off for a while, disable it.</p>
      <Failure error={error} what="It was not deleted" />
      <div class="buttons">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => void go()}>
          Delete
        </button>
      </div>
    </Dialog>
  );
}

export function Rulesets() {
  const rulesets = useResource(KIND, (abort) => get<Ruleset[]>(KIND, { namespace: "/", recursive: true }, abort));
  const known = (rulesets.data ?? []).map((r) => r.ID).join(" ");
  const described = useResource(`describe ${known}`, (abort) => describe(rulesets.data ?? [], abort));
  const hits = useResource("hits", rulesetHits);
  const [deleting, setDeleting] = useState<Ruleset | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const key = (r: Ruleset) => `${r.namespace}\n${r.name}`;
  const hit = (r: Ruleset) => hits.data?.of.get(key(r));
  const toggle = (ruleset: Ruleset) =>
    patch<Ruleset>(KIND, ruleset, { disabled: !ruleset.disabled }).then(
      () => {
        say(`${ruleset.disabled ? "Enabled" : "Disabled"} ${ruleset.name}`);
        setError(null);
        refresh();
      },
      (failure: ApiError) => setError(failure),
    );
  const columns: Column<Ruleset>[] = [
    {
      key: "name",
      title: "Name",
      width: 2.4,
      order: (r) => r.name,
      cell: (r) => (
        <a href={href(`${LIST}/edit`, { namespace: r.namespace, name: r.name })}>
          <Name text={r.name} />
        </a>
      ),
    },
    { key: "namespace", title: "Namespace", width: 0.8, roomy: true, order: (r) => r.namespace, cell: (r) => <Name text={r.namespace} /> },
    { key: "subject", title: "Applies to", width: 1.3, wide: true, cell: (r) => <Name text={selectorText(r.subject)} /> },
    { key: "rules", title: "Rules", width: 2.2, wide: true, cell: (r) => <Name text={rulesText(r)} most={90} /> },
    { key: "state", title: "State", width: 1, order: (r) => String(r.disabled), cell: (r) => <State ruleset={r} description={described.data?.get(r.ID)} /> },
    { key: "hits", title: "Hits, 7 days", width: 0.8, min: "6.2rem", right: true, wide: true, order: (r) => hit(r)?.flows ?? 0, cell: (r) => hitsText(hits.data, key(r)) },
    { key: "last", title: "Last hit", width: 0.9, wide: true, order: (r) => hit(r)?.last ?? "", cell: (r) => lastText(hits.data, key(r)) },
    {
      key: "actions",
      title: "Actions",
      width: 1.2,
      right: true,
      cell: (r) =>
        may("edit", r.namespace) && (
          <span class="row-actions">
            <button type="button" class="icon-button" aria-pressed={!r.disabled} aria-label={`${r.disabled ? "Enable" : "Disable"} ${r.name.slice(0, 80)}`} title={r.disabled ? "Enable" : "Disable"} onClick={() => void toggle(r)}>
              <Icon name={r.disabled ? "play" : "pause"} size={16} />
            </button>
            <a class="icon-button" href={href(`${LIST}/create`, { clone: r.name, namespace: r.namespace })} aria-label={`Clone ${r.name.slice(0, 80)}`} title="Clone">
              <Icon name="copy" size={16} />
            </a>
            <button type="button" class="icon-button" aria-label={`Delete ${r.name.slice(0, 80)}`} title="Delete" onClick={() => setDeleting(r)}>
              <Icon name="trash" size={16} />
            </button>
          </span>
        ),
    },
  ];
  return (
    <Page
      title="Rulesets"
      about="Who may talk to the host, and to whom it may talk. One rule that rejects beats all that allow."
      actions={
        <a class="button primary" href={href(`${LIST}/create`)}>
          <Icon name="plus" size={16} /> Create
        </a>
      }
    >
      <Failure error={rulesets.error} what="The rulesets cannot be shown" />
      <Failure error={error} what="Not changed" />
      <Warned />
      {rulesets.data?.length === 0 ? (
        <Empty icon="shield" title="No ruleset yet">
          Create one, make one from what the <a href={href("/platform")}>platform</a> shows, or activate an <a href={href("/network/catalogue")}>out-of-the-box rule</a>.
        </Empty>
      ) : (
        <div class="card">
          <Table label="Rulesets" rows={rulesets.data ?? []} columns={columns} rowKey={(r) => r.ID} empty={rulesets.loading ? "Loading…" : "Nothing."} />
        </div>
      )}
      {deleting && <Delete ruleset={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  );
}

/** Tags that rulesets may name: hosts' for whom they apply to, networks' for peers. */
export function useTags(): { hosts: string[]; networks: string[] } {
  const hosts = useResource("units", (abort) => get<ProcessingUnit[]>("processingunits", { namespace: "/", recursive: true }, abort));
  const networks = useResource("networks", (abort) => get<ExternalNetwork[]>("externalnetworks", { namespace: "/", recursive: true }, abort));
  const own = status.value ? [`$enforcerid=${status.value.enforcer.ID}`] : [];
  return {
    hosts: [...new Set([...own, ...(hosts.data ?? []).flatMap((h) => h.normalizedTags)])],
    networks: [...new Set([...(networks.data ?? []).map((n) => `externalnetwork:name=${n.name}`), ...(networks.data ?? []).flatMap((n) => n.associatedTags)])],
  };
}

const own = (field: string) => /^(name|description|subject|(incoming|outgoing)Rules\[\d+\]\.(object|protocolPorts|name))$/.test(field);

function clean(draft: Draft): Draft {
  const groups = (selector: string[][]) => selector.filter((group) => group.length > 0);
  const rules = (list: Rule[]) => list.map((rule) => ({ ...rule, object: groups(rule.object) }));
  return { ...draft, subject: groups(draft.subject), incomingRules: rules(draft.incomingRules), outgoingRules: rules(draft.outgoingRules) };
}

function problemOf(draft: Draft): string | null {
  const rules = [...draft.incomingRules, ...draft.outgoingRules];
  if (!draft.subject.flat().length) return "Say what it applies to.";
  if (rules.some((rule) => !rule.object.flat().length)) return "A rule does not say from or to whom.";
  if (rules.some((rule) => !rule.protocolPorts.length)) return "A rule has no protocols and ports.";
  return rules.some((rule) => rule.protocolPorts.some((s) => serviceProblem(s))) ? "Protocols and ports are not right yet." : null;
}

export function RulesetForm({ edit }: { edit: boolean }) {
  const clone = param("clone");
  const [space, setSpace] = useState(param("namespace") || home.value);
  const editor = useEditor<Draft>(KIND, space, edit ? param("name") : "", BLANK, clean);
  const [step, setStep] = useState(0);
  const tags = useTags();
  const { value, set, errors } = editor;
  useResource(`clone ${clone}`, async () => {
    if (clone && !edit) {
      const { name, description, subject, incomingRules, outgoingRules, propagate, fallback } = await get<Ruleset>(`${KIND}/${encodeURIComponent(clone)}`, { namespace: space });
      set({ name: `${name} copy`, description: description ?? "", subject, incomingRules, outgoingRules, propagate, fallback });
    }
    return null;
  });

  const name = (
    <>
      <TextField label="Name" autofocus value={value.name} onChange={(text) => set({ name: text })} errors={at(errors, "name")} placeholder="Allow incoming SSH connections" />
      <TextField label="Description" value={value.description} onChange={(description) => set({ description })} errors={at(errors, "description")} />
      {!edit && <NamespaceField value={space} onChange={setSpace} />}
    </>
  );
  const rules = (
    <>
      <SelectorField
        label="Applies to"
        value={value.subject}
        onChange={(subject) => set({ subject })}
        suggestions={tags.hosts}
        errors={at(errors, "subject")}
        hint="Tags of the hosts, as $enforcerid=…; $identity=processingunit is every host of the namespace."
      />
      <div class="directions">
        <RuleList direction="Incoming" rules={value.incomingRules} onChange={(incomingRules) => set({ incomingRules })} errors={errors} tags={tags.networks} />
        <RuleList direction="Outgoing" rules={value.outgoingRules} onChange={(outgoingRules) => set({ outgoingRules })} errors={errors} tags={tags.networks} />
      </div>
      <details class="more">
        <summary>More</summary>
        <Check label="Propagate" checked={value.propagate} onChange={(propagate) => set({ propagate })} hint="It applies in the namespaces below, too." />
        <Check label="Fallback" checked={value.fallback} onChange={(fallback) => set({ fallback })} hint="It applies only to hosts to which no other ruleset does." />
        <Check label="Disabled" checked={value.disabled} onChange={(disabled) => set({ disabled })} />
      </details>
    </>
  );
  const unnamed = value.name.trim() ? null : "A ruleset needs a name.";
  const unready = problemOf(value);
  const save = async () => {
    const change = await editor.save();
    if (!change) return;
    say(`${edit ? "Saved" : "Created"} ${value.name} as revision ${change.revision}${change.warnings.length ? `, with ${plural(change.warnings.length, "warning")}` : ""}`);
    /* Of the host as a whole the list warns: there is nothing of it to edit here. */
    const ofHost = change.warnings.filter((w) => w.object?.startsWith("enforcer "));
    warnOf(ofHost);
    if (change.warnings.length > ofHost.length) navigate(`${LIST}/edit`, { namespace: space, name: value.name, saved: "1" });
    else navigate(LIST);
  };
  const described = useResource(`described ${edit ? param("name") : ""}`, (abort) =>
    edit ? get<Description<Ruleset>>(`${KIND}/${encodeURIComponent(param("name"))}/describe`, { namespace: space }, abort) : Promise.resolve(null),
  );

  return (
    <Page title={edit ? "Edit ruleset" : "Create ruleset"}>
      {editor.missing && <Empty icon="shield" title="There is no such ruleset (any more)." />}
      {editor.theirs && (
        <Conflict
          theirs={editor.theirs as unknown as Record<string, unknown>}
          mine={value as unknown as Record<string, unknown>}
          onTheirs={editor.takeTheirs}
          onMine={editor.keepMine}
        />
      )}
      {editor.error && !editor.missing && (elsewhere(editor.error, own).length > 0 || !editor.errors.length) && <Failure error={editor.error} what="Not saved" />}
      <Warnings notices={edit ? (described.data?.warnings ?? []) : editor.warnings} title={param("saved") ? "Saved, but look at this" : "Warnings"} />
      {edit && !editor.original && !editor.error && <p role="status">Loading…</p>}
      {(!edit || editor.original) && (
        <Wizard
          steps={
            edit
              ? [{ title: "Ruleset", content: [name, rules], problem: unnamed ?? unready }]
              : [
                  { title: "Name", content: name, problem: unnamed },
                  { title: "Rules", content: rules, problem: unready },
                ]
          }
          at={step}
          onStep={setStep}
          onDone={() => void save()}
          done={edit ? "Save" : "Create"}
          busy={editor.busy}
          onCancel={() => navigate(LIST)}
        />
      )}
    </Page>
  );
}

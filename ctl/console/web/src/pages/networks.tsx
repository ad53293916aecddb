// SPDX-License-Identifier: GPL-2.0-or-later
/* External networks: the list, and how one is created and edited. */
import { useState } from "preact/hooks";
import { type ApiError, get, remove } from "../lib/api";
import { useEditor } from "../lib/editor";
import { entryProblem } from "../lib/entries";
import { at, elsewhere } from "../lib/form";
import { hitsText, lastText, networkHits } from "../lib/hits";
import { refresh, useResource } from "../lib/resource";
import { href, navigate, param } from "../lib/router";
import { tagProblem } from "../lib/selector";
import { home, may } from "../lib/state";
import type { ExternalNetwork, Ruleset } from "../lib/types";
import { Empty, Failure, Name, NoticeList, Page, Warnings } from "../ui/basics";
import { Check, ChipField, TextField } from "../ui/chips";
import { Conflict } from "../ui/conflict";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { NamespaceField } from "../ui/namespace";
import { type Column, Table } from "../ui/table";
import { say } from "../ui/toast";
import { Warned, warnOf } from "../ui/warned";
import { Wizard } from "../ui/wizard";

const KIND = "externalnetworks";
export const LIST = "/network/external-networks";

type Draft = Pick<ExternalNetwork, "name" | "entries" | "associatedTags" | "propagate"> & { description: string };

const BLANK: Draft = { name: "", description: "", entries: [], associatedTags: [], propagate: false };

/** A network for a name that was looked up, say. */
function blank(entry: string): Draft {
  return entry ? { ...BLANK, name: entry, entries: [entry] } : BLANK;
}

export function usedBy(network: ExternalNetwork, rulesets: Ruleset[]): Ruleset[] {
  const tags = new Set([`externalnetwork:name=${network.name}`, `$name=${network.name}`, ...network.associatedTags]);
  return rulesets.filter((ruleset) => [...ruleset.incomingRules, ...ruleset.outgoingRules].some((rule) => rule.object.flat().some((tag) => tags.has(tag))));
}

function Delete({ network, users, onClose }: { network: ExternalNetwork; users: Ruleset[]; onClose: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const go = () =>
    remove(KIND, network).then(
      () => {
        say(`Deleted ${network.name}`);
        refresh();
        onClose();
      },
      (failure: ApiError) => setError(failure),
    );
  return (
    <Dialog title="Delete external network" onClose={onClose}>
      <p>
        <Name text={network.name} /> will be gone; a revision keeps it, so that Audit can bring it back.
      </p>
      {users.length > 0 && (
        <p class="notice warn">
          Rules of {users.length === 1 ? "this ruleset" : "these rulesets"} ask for it and would match nothing: {users.map((u) => u.name).join(", ")}
        </p>
      )}
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

export function Networks() {
  const networks = useResource(KIND, (abort) => get<ExternalNetwork[]>(KIND, { namespace: "/", recursive: true }, abort));
  const rulesets = useResource("rulesets", (abort) => get<Ruleset[]>("networkrulesetpolicies", { namespace: "/", recursive: true }, abort));
  const hits = useResource("hits", networkHits);
  const [deleting, setDeleting] = useState<ExternalNetwork | null>(null);
  const users = (network: ExternalNetwork) => usedBy(network, rulesets.data ?? []);
  const columns: Column<ExternalNetwork>[] = [
    {
      key: "name",
      title: "Name",
      width: 1.6,
      order: (n) => n.name,
      cell: (n) => (
        <a href={href(`${LIST}/edit`, { namespace: n.namespace, name: n.name })}>
          <Name text={n.name} />
        </a>
      ),
    },
    { key: "namespace", title: "Namespace", width: 1, wide: true, order: (n) => n.namespace, cell: (n) => <Name text={n.namespace} /> },
    { key: "entries", title: "Networks", width: 2.2, cell: (n) => <Name text={n.entries.join(", ")} most={80} /> },
    {
      key: "used",
      title: "Rulesets",
      width: 0.9,
      right: true,
      wide: true,
      order: (n) => users(n).length,
      cell: (n) => (users(n).length ? users(n).length : <span class="warn-text">unused</span>),
    },
    { key: "hits", title: "Flows, 7 days", width: 1, min: "6rem", right: true, wide: true, order: (n) => hits.data?.of.get(n.name)?.flows ?? 0, cell: (n) => hitsText(hits.data, n.name) },
    { key: "last", title: "Last hit", width: 1, wide: true, order: (n) => hits.data?.of.get(n.name)?.last ?? "", cell: (n) => lastText(hits.data, n.name) },
    {
      key: "actions",
      title: "Actions",
      width: 0.9,
      right: true,
      cell: (n) =>
        may("edit", n.namespace) && (
          <span class="row-actions">
            <a class="icon-button" href={href(`${LIST}/create`, { clone: n.name, namespace: n.namespace })} aria-label={`Clone ${n.name.slice(0, 80)}`} title="Clone">
              <Icon name="copy" size={16} />
            </a>
            <button type="button" class="icon-button" aria-label={`Delete ${n.name.slice(0, 80)}`} title="Delete" onClick={() => setDeleting(n)}>
              <Icon name="trash" size={16} />
            </button>
          </span>
        ),
    },
  ];
  return (
    <Page
      title="External networks"
      about="Names for the addresses and domains that rules speak of."
      actions={
        <a class="button primary" href={href(`${LIST}/create`)}>
          <Icon name="plus" size={16} /> Create
        </a>
      }
    >
      <Failure error={networks.error} what="The networks cannot be shown" />
      <Warned />
      {networks.data?.length === 0 ? (
        <Empty icon="globe" title="No external network yet">
          Create one, or activate an <a href={href("/network/catalogue")}>out-of-the-box rule</a>, which brings its own.
        </Empty>
      ) : (
        <div class="card">
          <Table label="External networks" rows={networks.data ?? []} columns={columns} rowKey={(n) => n.ID} empty={networks.loading ? "Loading…" : "Nothing."} />
        </div>
      )}
      {deleting && <Delete network={deleting} users={users(deleting)} onClose={() => setDeleting(null)} />}
    </Page>
  );
}

/** Fields that the form shows, so that their errors stand there. */
const own = (field: string) => ["name", "description", "entries", "associatedTags"].includes(field);

export function NetworkForm({ edit }: { edit: boolean }) {
  const clone = param("clone");
  const [space, setSpace] = useState(param("namespace") || home.value);
  const editor = useEditor<Draft>(KIND, space, edit ? param("name") : "", blank(param("entry")));
  const [step, setStep] = useState(0);
  const { value, set, errors } = editor;
  useResource(`clone ${clone}`, async () => {
    if (clone && !edit) {
      const { name, description, entries, associatedTags, propagate } = await get<ExternalNetwork>(`${KIND}/${encodeURIComponent(clone)}`, { namespace: space });
      set({ name: `${name} copy`, description: description ?? "", entries, associatedTags, propagate });
    }
    return null;
  });

  const name = (
    <>
      <TextField label="Name" autofocus value={value.name} onChange={(text) => set({ name: text })} errors={at(errors, "name")} placeholder="ssh" />
      <TextField label="Description" value={value.description} onChange={(description) => set({ description })} errors={at(errors, "description")} />
      {!edit && <NamespaceField value={space} onChange={setSpace} />}
    </>
  );
  const networks = (
    <ChipField
      label="Networks"
      values={value.entries}
      onChange={(entries) => set({ entries })}
      between={/[,\s]+/}
      check={entryProblem}
      errors={at(errors, "entries")}
      placeholder="0.0.0.0/0"
      suggestions={["0.0.0.0/0", "::/0"]}
      hint="An address, a prefix or a domain name, then ENTER. *.example.org takes all names below; ! before an address or prefix takes it out."
    />
  );
  const tags = (
    <>
      <ChipField
        label="Tags"
        values={value.associatedTags}
        onChange={(associatedTags) => set({ associatedTags })}
        check={tagProblem}
        errors={at(errors, "associatedTags")}
        placeholder="key=value"
        hint={`Rules find it by externalnetwork:name=${value.name || "…"}, which it has by itself. More tags are for groups of networks.`}
      />
      <Check label="Propagate" checked={value.propagate} onChange={(propagate) => set({ propagate })} hint="Rules of the namespaces below may use it, too." />
    </>
  );
  const unnamed = value.name.trim() ? null : "A network needs a name.";
  const wrong = value.entries.some((entry) => entryProblem(entry) !== null) ? "One of the networks is not right yet." : null;
  const save = async () => {
    const change = await editor.save();
    if (!change) return;
    say(`${edit ? "Saved" : "Created"} ${value.name} as revision ${change.revision}`);
    warnOf(change.warnings);
    navigate(LIST);
  };
  /* The server looks at it, too, before one goes on; problems keep one at their step. */
  const goTo = async (to: number) => {
    if (to < 2 || (await editor.check())) setStep(to);
  };
  const stepOfError = (field: string | null | undefined) => (field === "name" ? 0 : field === "entries" ? 1 : 2);

  return (
    <Page title={edit ? "Edit external network" : "Create external network"}>
      {editor.missing && <Empty icon="globe" title="There is no such network (any more)." />}
      {editor.theirs && (
        <Conflict
          theirs={editor.theirs as unknown as Record<string, unknown>}
          mine={value as unknown as Record<string, unknown>}
          onTheirs={editor.takeTheirs}
          onMine={editor.keepMine}
        />
      )}
      {editor.error && !editor.missing && (elsewhere(editor.error, own).length > 0 || !editor.errors.length) && (
        <Failure error={editor.error} what="Not saved" />
      )}
      {editor.errors.length > 0 && !edit && editor.errors.some((e) => stepOfError(e.field) !== step) && (
        <div class="notice bad" role="alert">
          <Icon name="warning" />
          <NoticeList notices={editor.errors.filter((e) => stepOfError(e.field) !== step)} />
        </div>
      )}
      <Warnings notices={editor.warnings} />
      {edit && !editor.original && !editor.error && <p role="status">Loading…</p>}
      {(!edit || editor.original) && (
        <Wizard
          steps={
            edit
              ? [{ title: "Network", content: [name, networks, tags], problem: unnamed ?? wrong }]
              : [
                  { title: "Name", content: name, problem: unnamed },
                  { title: "Networks", content: networks, problem: wrong },
                  { title: "Tags", content: tags },
                ]
          }
          at={step}
          onStep={(to) => void goTo(to)}
          onDone={() => void save()}
          done={edit ? "Save" : "Create"}
          busy={editor.busy}
          onCancel={() => navigate(LIST)}
        />
      )}
    </Page>
  );
}

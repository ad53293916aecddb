// SPDX-License-Identifier: GPL-2.0-or-later
/* In which namespace; not asked where there is only one. */
import { useId } from "preact/hooks";
import { get } from "../lib/api";
import { useResource } from "../lib/resource";
import type { Namespace } from "../lib/types";

export function useNamespaces(): string[] {
  const spaces = useResource("namespaces", (abort) => get<Namespace[]>("namespaces", { namespace: "/", recursive: true }, abort));
  return (spaces.data ?? []).map((s) => s.name);
}

export function NamespaceField({ value, onChange }: { value: string; onChange: (space: string) => void }) {
  const spaces = useNamespaces();
  const id = useId();
  if (spaces.length < 2) return null;
  return (
    <div class="field">
      <label class="label" for={id}>
        Namespace
      </label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {[...new Set([value, ...spaces])].map((space) => (
          <option key={space} value={space}>
            {space}
          </option>
        ))}
      </select>
    </div>
  );
}

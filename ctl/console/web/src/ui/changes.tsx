// SPDX-License-Identifier: GPL-2.0-or-later
/* What changed of objects, field by field. */
import type { ObjectChange } from "../lib/types";
import { Name } from "./basics";
import { differing, show } from "./conflict";

const SIGNS = { create: ["good", "+ created"], update: ["warn", "~ changed"], delete: ["bad", "− deleted"] } as const;

export function Changes({ changes }: { changes: ObjectChange[] }) {
  if (!changes.length) return <p class="hint">Nothing differs.</p>;
  return (
    <ul class="changes">
      {changes.map((change) => {
        const [kind, text] = SIGNS[change.change];
        const before = change.before ?? {};
        const after = change.after ?? {};
        return (
          <li key={`${change.kind} ${change.ID}`}>
            <p>
              <span class={`badge ${kind}`}>{text}</span> {change.kind} <Name text={change.name} /> in <Name text={change.namespace} />
            </p>
            {(change.before || change.after) && (
              <table class="plain diff">
                <thead>
                  <tr>
                    <th scope="col">Field</th>
                    <th scope="col">Before</th>
                    <th scope="col">After</th>
                  </tr>
                </thead>
                <tbody>
                  {differing(before, after).map((key) => (
                    <tr key={key}>
                      <th scope="row">{key}</th>
                      <td>{change.before && <del><Name text={show(before[key])} most={400} /></del>}</td>
                      <td>{change.after && <ins><Name text={show(after[key])} most={400} /></ins>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </li>
        );
      })}
    </ul>
  );
}

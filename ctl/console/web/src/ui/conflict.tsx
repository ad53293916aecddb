// SPDX-License-Identifier: GPL-2.0-or-later
/* Somebody else changed the object in the meantime: his version beside one's own. */
import { Name } from "./basics";
import { Icon } from "./icons";

type Fields = Record<string, unknown>;

const SILENT = new Set(["ID", "namespace"]);

export function differing(a: Fields, b: Fields): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !SILENT.has(key) && JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}

export function show(value: unknown): string {
  if (value === undefined || value === null) return "–";
  return typeof value === "string" ? value || "(empty)" : JSON.stringify(value);
}

export function Conflict({ theirs, mine, onTheirs, onMine }: { theirs: Fields; mine: Fields; onTheirs: () => void; onMine: () => void }) {
  return (
    <div class="notice warn" role="alert">
      <Icon name="warning" />
      <div>
        <strong>Somebody changed this since you opened it. Nothing was overwritten.</strong>
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Now</th>
              <th scope="col">Yours</th>
            </tr>
          </thead>
          <tbody>
            {differing(theirs, mine).map((key) => (
              <tr key={key}>
                <th scope="row">{key}</th>
                <td>
                  <Name text={show(theirs[key])} most={160} />
                </td>
                <td>
                  <Name text={show(mine[key])} most={160} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div class="buttons">
          <button type="button" class="button" onClick={onTheirs}>
            Take theirs
          </button>
          <button type="button" class="button" onClick={onMine}>
            Keep mine, to save it over theirs
          </button>
        </div>
      </div>
    </div>
  );
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Rulesets out of the box: the import documents of ctl/catalogue, as they are. */

export interface Entry {
  name: string;
  summary: string;
  text: string;
  entries: string[];
  opens: { incoming: boolean; services: string[] }[];
}

const ENTRIES = /^( *)entries:\n((?:\1 *- .*\n)+)/gm;

function items(block: string): string[] {
  return [...block.matchAll(/^ *- (.*)$/gm)].map((m) => m[1]!.replace(/^"(.*)"$/, "$1"));
}

/** What a document opens, from its lines; the API reads it in earnest. */
export function read(path: string, text: string): Entry {
  const name = /([^/]+)\.yaml$/.exec(path)![1]!;
  const summary = text.split("\n")[1]!.replace(/^# /, "");
  const entries = [...text.matchAll(ENTRIES)].flatMap((m) => items(m[2]!));
  const opens: Entry["opens"] = [];
  let incoming = true;
  for (const part of text.split(/^(?= *(?:incomingRules|outgoingRules|protocolPorts):)/m)) {
    const key = /^ *(\w+):\n/.exec(part)?.[1];
    if (key === "incomingRules" || key === "outgoingRules") incoming = key === "incomingRules";
    else if (key === "protocolPorts") opens.push({ incoming, services: items(/^ *protocolPorts:\n((?: *- [a-z].*\/.*\n| *- [a-z0-9]+\n)+)/.exec(part)?.[1] ?? "") });
  }
  return { name, summary, text, entries: [...new Set(entries)], opens };
}

/** The document with other entries in place of its networks' own. */
export function withEntries(text: string, entries: string[]): string {
  return text.replace(ENTRIES, (_, indent: string) => `${indent}entries:\n${entries.map((e) => `${indent}- ${JSON.stringify(e)}\n`).join("")}`);
}

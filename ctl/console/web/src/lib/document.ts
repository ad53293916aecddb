// SPDX-License-Identifier: GPL-2.0-or-later
/* Import documents, as JSON, as YAML, and as the mctl command that applies them. */
import type { ExternalNetwork, Ruleset } from "./types";

export interface ImportDocument {
  APIVersion: 1;
  data: {
    externalnetworks?: Partial<ExternalNetwork>[];
    networkrulesetpolicies?: Partial<Ruleset>[];
  };
}

const PLAIN = /^[A-Za-z/][A-Za-z0-9 ._/-]*[A-Za-z0-9._/-]$/;
const WORDS = /^(true|false|yes|no|on|off|null|y|n)$/i;

/* What a YAML reader takes for another string, or a terminal shows as another. */
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A string that every YAML reader takes for that string, and that shows as what it is. */
export function yamlString(text: string): string {
  return PLAIN.test(text) && !WORDS.test(text) ? text : JSON.stringify(text).replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function scalar(value: unknown): string {
  return typeof value === "string" ? yamlString(value) : JSON.stringify(value);
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v !== "object")) return value.map((v) => `${indent}- ${scalar(v)}`);
    return value.flatMap((v: unknown) => {
      if (Array.isArray(v)) return [`${indent}- [${v.map(scalar).join(", ")}]`];
      const [first = "", ...rest] = lines(v, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  return Object.entries(value as Record<string, unknown>).flatMap(([key, v]) => {
    if (v === undefined) return [];
    if (Array.isArray(v) && !v.length) return [`${indent}${key}: []`];
    if (v !== null && typeof v === "object") return [`${indent}${key}:`, ...lines(v, Array.isArray(v) ? indent : `${indent}  `)];
    return [`${indent}${key}: ${scalar(v)}`];
  });
}

export function toYaml(value: unknown): string {
  return `${lines(value, "").join("\n")}\n`;
}

/** For a shell: the document goes in as it is, whatever it holds. */
export function toCommand(document: unknown, namespace: string): string {
  const yaml = toYaml(document);
  let end = "END";
  while (yaml.split("\n").includes(end)) end += "_";
  const space = namespace === "/" ? "" : ` -n '${namespace.replaceAll("'", "'\\''")}'`;
  return `mctl apply${space} -f - <<'${end}'\n${yaml}${end}\n`;
}

/** One document of two: objects of the second replace those of the same name. */
export function merge(first: ImportDocument, second: ImportDocument): ImportDocument {
  const join = <T extends { name?: string }>(a: T[] = [], b: T[] = []): T[] => [...a.filter((x) => !b.some((y) => y.name === x.name)), ...b];
  return {
    APIVersion: 1,
    data: {
      externalnetworks: join(first.data.externalnetworks, second.data.externalnetworks),
      networkrulesetpolicies: join(first.data.networkrulesetpolicies, second.data.networkrulesetpolicies),
    },
  };
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The query language of flows and look-ups, the same that `mctl flows` takes:
 * words that all must hold, field:value[,value...], - before what must not.
 */

import { serviceProblem } from "./services.ts";

export interface Term {
  not: boolean;
  /** Empty for a word that is searched everywhere. */
  field: string;
  values: string[];
}

export interface QueryError {
  /** In characters, from 1. */
  column: number;
  message: string;
}

export interface Parsed {
  terms: Term[];
  error: QueryError | null;
}

export interface Field {
  name: string;
  label: string;
  values?: string[];
  hint?: string;
}

export const FLOW_FIELDS: Field[] = [
  { name: "port", label: "Port", hint: "as 67" },
  { name: "proto", label: "Protocol", values: ["tcp", "udp", "icmp", "icmp6"] },
  { name: "service", label: "Service", hint: "as tcp/22" },
  { name: "address", label: "Address", hint: "as 192.0.2.0/24" },
  { name: "name", label: "Domain name", hint: "as *.example.org" },
  { name: "peer", label: "Peer", hint: "a network's name, Somewhere" },
  { name: "network", label: "Network" },
  { name: "verdict", label: "Verdict", values: ["accept", "reject"] },
  { name: "reason", label: "Decided by", values: ["rule", "default"] },
  { name: "direction", label: "Direction", values: ["in", "out"] },
  { name: "ruleset", label: "Ruleset" },
  { name: "rule", label: "Rule" },
  { name: "command", label: "Process" },
  { name: "user", label: "User" },
  { name: "type", label: "Kind of peer", values: ["ExternalNetwork", "ProcessingUnit", "Somewhere"] },
  { name: "existing", label: "Existing", values: ["yes", "no"] },
];

export const DNS_FIELDS: Field[] = [
  { name: "name", label: "Domain name", hint: "as *.example.org" },
  { name: "type", label: "Query type", values: ["A", "AAAA", "CNAME", "MX", "TXT", "SRV", "HTTPS", "PTR"] },
  { name: "action", label: "Answer", values: ["Resolve", "Fail", "Reject"] },
  { name: "server", label: "Server" },
];

const BARE = /^[^\s",:]+$/u;

function quote(value: string): string {
  return BARE.test(value) && !value.startsWith("-") ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** An address may hold colons, and stays as people write it. */
function quoteValue(value: string): string {
  return /^[\da-f]{0,4}:[\da-f:.]*(\/\d+)?$/i.test(value) ? value : quote(value);
}

export function formatTerm(term: Term): string {
  const values = term.values.map(quoteValue).join(",");
  return `${term.not ? "-" : ""}${term.field ? `${term.field}:` : ""}${values}`;
}

export function format(terms: Term[]): string {
  return terms.map(formatTerm).join(" ");
}

/** A term's value, added to the term of its field that is there or as a new one. */
export function withValue(terms: Term[], field: string, value: string, not: boolean): Term[] {
  const there = terms.find((t) => t.field === field && t.not === not && field);
  if (!there) return [...terms, { not, field, values: [value] }];
  if (there.values.includes(value)) return terms;
  return terms.map((t) => (t === there ? { ...t, values: [...t.values, value] } : t));
}

/* --- reading ---------------------------------------------------------------- */

class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get more(): boolean {
    return this.at < this.text.length;
  }

  get blank(): boolean {
    return /\s/u.test(this.text[this.at] ?? " ");
  }

  blanks(): void {
    while (this.more && this.blank) this.at++;
  }

  take(sign: string): boolean {
    if (this.text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  error(message: string, at = this.at): never {
    throw { column: [...this.text.slice(0, at)].length + 1, message } satisfies QueryError;
  }

  quoted(): string {
    const start = this.at - 1;
    let value = "";
    while (!this.take('"')) {
      if (this.text[this.at] === "\\" && this.at + 1 < this.text.length) this.at++;
      if (!this.more) this.error("the quotes are not closed", start);
      value += this.text[this.at++];
    }
    if (!this.blank && this.text[this.at] !== ",") this.error("a blank or a comma comes behind quotes");
    return value;
  }

  value(): string {
    if (this.take('"')) return this.quoted();
    const start = this.at;
    while (!this.blank && this.text[this.at] !== ",") this.at++;
    if (start === this.at) this.error("a value is missing");
    return this.text.slice(start, this.at);
  }
}

/* What a value may be, where that can be told without asking the host. */
const CHECKS: Record<string, [fits: RegExp, message: string]> = {
  port: [/^\d{1,5}([-:]\d{1,5})?$/, "a port is a number, or two as 20-30"],
  proto: [/^(\d{1,3}|tcp|udp|sctp|udplite|dccp|icmp|icmp6|icmpv6|ipv6-icmp|gre|esp|ah|igmp|ospf|vrrp|ipip|pim|l2tp)$/i, "there is no such protocol"],
  verdict: [/^(accept|reject|allow)(ed)?$/i, "a verdict is accept or reject"],
  direction: [/^(in|out)(coming|going|bound)?$/i, "a direction is in or out"],
  reason: [/^(rule|default)$/i, "a reason is rule or default"],
  existing: [/^(true|false|yes|no|1|0)$/i, "write yes or no"],
  address: [/^([\d.]+|[\da-f:.]*:[\da-f:.]*)(\/\d{1,3})?$/i, "this is no address and no prefix"],
  server: [/^([\d.]+|[\da-f:.]*:[\da-f:.]*)(\/\d{1,3})?$/i, "this is no address and no prefix"],
  action: [/^(resolve|fail|reject)(d|ed)?$/i, "an answer is resolve, fail or reject"],
};

const PEER_TYPES = /^(ProcessingUnit|ExternalNetwork|Somewhere)$/i;

function portsWrong(text: string): boolean {
  const [low = 0, high = low] = text.split(/[-:]/).map(Number);
  return low > 65535 || high > 65535 || high < low;
}

function prefixWrong(text: string): boolean {
  const bits = /\/(\d+)$/.exec(text)?.[1];
  return bits !== undefined && Number(bits) > (text.includes(":") ? 128 : 32);
}

/** What is wrong with a field's value, or null. */
export function valueProblem(field: string, value: string, fields: Field[] = FLOW_FIELDS): string | null {
  const check = CHECKS[field];
  if (check && !check[0].test(value)) return check[1];
  if (field === "port" && portsWrong(value)) return "a port is a number from 0 to 65535, the lower one first";
  if ((field === "address" || field === "server") && prefixWrong(value)) return "the prefix is too long";
  if (field === "service") return /^(tcp|udp|sctp|udplite|dccp)$/i.test(value) ? null : serviceProblem(value) && "this is no service: as tcp/22, icmp/8/0";
  if (field === "type" && fields === FLOW_FIELDS && !PEER_TYPES.test(value)) return "a type is ProcessingUnit, ExternalNetwork or Somewhere";
  return null;
}

function values(reader: Reader, field: string, fields: Field[]): string[] {
  const found: string[] = [];
  do {
    const start = reader.at;
    const value = reader.value();
    const problem = field && valueProblem(field, value, fields);
    if (problem) reader.error(problem, start);
    found.push(value);
  } while (reader.take(","));
  return found;
}

/** A name before a colon; an address has colons of its own. */
function fieldOf(reader: Reader, fields: Field[]): string {
  const rest = reader.text.slice(reader.at);
  const name = /^([a-z]+):/i.exec(rest)?.[1];
  if (!name || /^[\da-f]{1,4}:[\da-f:.]*(\/\d+)?(\s|,|$)/i.test(rest)) return "";
  const field = fields.find((f) => f.name === name.toLowerCase());
  if (!field) reader.error(`there is no field '${name}'`);
  reader.at += name.length + 1;
  return field.name;
}

function term(reader: Reader, fields: Field[]): Term {
  const start = reader.at;
  const not = reader.take("-");
  if (reader.blank) reader.error("a word is missing", start);
  const field = fieldOf(reader, fields);
  return { not, field, values: values(reader, field, fields) };
}

/** Read a query; what was understood before an error is among the terms. */
export function parse(text: string, fields: Field[] = FLOW_FIELDS): Parsed {
  const reader = new Reader(text);
  const terms: Term[] = [];
  try {
    for (reader.blanks(); reader.more; reader.blanks()) terms.push(term(reader, fields));
  } catch (error) {
    if (error instanceof Error) throw error;
    return { terms, error: error as QueryError };
  }
  return { terms, error: null };
}

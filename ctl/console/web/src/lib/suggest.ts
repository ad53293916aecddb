// SPDX-License-Identifier: GPL-2.0-or-later
/* From picked flows to the networks and rules that would allow them. */
import { around } from "./entries";
import type { ImportDocument } from "./document";
import type { Pick } from "./picks";
import { serviceName } from "./services";
import type { Action, Rule } from "./types";

export type Width = "addresses" | "around" | "names" | "any";

export interface Wish {
  name: string;
  description: string;
  subject: string;
  action: Action;
  /** An existing network's name; else one is made. */
  existing: string;
  network: string;
  entries: string[];
  incoming: string[];
  outgoing: string[];
}

const distinct = (list: string[]) => [...new Set(list)];

/** What the new network would hold. */
export function entriesFor(picks: Pick[], width: Width): string[] {
  switch (width) {
    case "any":
      return picks.some((p) => p.address.includes(":")) ? ["0.0.0.0/0", "::/0"] : ["0.0.0.0/0"];
    case "around":
      return distinct(picks.map((p) => around(p.address)));
    case "names":
      return distinct(picks.flatMap((p) => (p.name ? [p.name] : [p.address])));
    default:
      return distinct(picks.map((p) => p.address));
  }
}

export function servicesFor(picks: Pick[], direction: Pick["direction"]): string[] {
  return distinct(picks.filter((p) => p.direction === direction).map((p) => p.service));
}

/** A name that says what it is for. */
export function nameFor(picks: Pick[]): { network: string; ruleset: string } {
  const services = distinct(picks.map((p) => p.service));
  const first = services[0] ?? "";
  const known = (serviceName(first) || first.replaceAll("/", "-")).split(" ")[0]!;
  const what = services.length === 1 ? known : `${known} and others`;
  const incoming = picks.some((p) => p.direction === "Incoming");
  const outgoing = picks.some((p) => p.direction === "Outgoing");
  const way = incoming && outgoing ? "bidirectional" : incoming ? "incoming" : "outgoing";
  return { network: known, ruleset: `Allow ${way} ${what}` };
}

export function documentFor(wish: Wish): ImportDocument {
  const network = wish.existing || wish.network;
  const rule = (services: string[]): Partial<Rule> => ({ action: wish.action, object: [[`externalnetwork:name=${network}`]], protocolPorts: services });
  return {
    APIVersion: 1,
    data: {
      ...(wish.existing ? {} : { externalnetworks: [{ name: wish.network, entries: wish.entries }] }),
      networkrulesetpolicies: [
        {
          name: wish.name,
          ...(wish.description ? { description: wish.description } : {}),
          subject: [[wish.subject]],
          ...(wish.incoming.length ? { incomingRules: [rule(wish.incoming) as Rule] } : {}),
          ...(wish.outgoing.length ? { outgoingRules: [rule(wish.outgoing) as Rule] } : {}),
        },
      ],
    },
  };
}

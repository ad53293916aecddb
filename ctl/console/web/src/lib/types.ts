// SPDX-License-Identifier: GPL-2.0-or-later
/* What the API says; openapi.yaml describes it. */

export type Action = "Allow" | "Reject";
export type Default = Action | "Inherit";
export type Direction = "Incoming" | "Outgoing";
export type Style = "allowed-rule" | "allowed-default" | "rejected-rule" | "rejected-default" | "both";
export type Selector = string[][];

export interface Notice {
  object?: string | null;
  file?: string | null;
  line?: number | null;
  column?: number | null;
  field?: string | null;
  value?: string | null;
  message: string;
  hint?: string | null;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  errors?: Notice[];
}

export interface Named {
  ID: string;
  name: string;
  namespace: string;
  description?: string;
}

export interface ExternalNetwork extends Named {
  entries: string[];
  associatedTags: string[];
  propagate: boolean;
}

export interface Rule {
  name: string;
  action: Action;
  object: Selector;
  protocolPorts: string[];
  logsDisabled: boolean;
  observationEnabled: boolean;
}

export interface Ruleset extends Named {
  subject: Selector;
  incomingRules: Rule[];
  outgoingRules: Rule[];
  disabled: boolean;
  propagate: boolean;
  fallback: boolean;
}

export interface Namespace extends Named {
  defaultPUIncomingTrafficAction: Default;
  defaultPUOutgoingTrafficAction: Default;
}

export interface Enforcer extends Named {
  associatedTags: string[];
  addresses: string[];
}

export interface ProcessingUnit extends Named {
  enforcerID: string;
  type: string;
  normalizedTags: string[];
}

export interface ObjectChange {
  change: "create" | "update" | "delete";
  kind: string;
  ID: string;
  namespace: string;
  name: string;
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
}

export interface Change<T = Named> {
  object?: T;
  objects?: Named[];
  changes: ObjectChange[];
  revision: number;
  generation: number | null;
  confirmWithin?: number | null;
  check: boolean;
  warnings: Notice[];
}

export interface Description<T> {
  object: T;
  warnings: Notice[];
  applies?: { applies: boolean; reason: string; why: string } | null;
  resolution?: {
    defaults: Record<"incoming" | "outgoing", { action: Action; namespace: string }>;
    rulesets: { name: string; namespace: string; applies: boolean; why: string }[];
  };
}

export interface Revision {
  revision: number;
  time: string;
  uid: number;
  user: string;
  reason: string;
  action?: string;
  state: "final" | "trial" | "confirmed" | "reverted";
  generation: number | null;
  changed: number;
  changes?: ObjectChange[];
}

export interface Difference {
  from: number;
  to: number | null;
  changes: ObjectChange[];
  warnings?: Notice[];
}

export interface Status {
  version: string;
  revision: number;
  enforced: number | null;
  generation: number | null;
  module: {
    loaded: boolean;
    attached: boolean;
    locked: boolean;
    version: string | null;
    networks?: number;
    entries?: number;
    rules?: number;
    connections?: number;
    defaults?: { incoming: Action; outgoing: Action };
  };
  confirm: { revision: number; generation: number; left: number } | null;
  enforcer: { ID: string; name: string; namespace: string };
  caller: { uid: number; user: string };
  roles: { namespace: string; roles: string[] }[];
  problems: string[];
}

export interface Discovery {
  namespace: string;
  incoming: Default;
  outgoing: Default;
  effective: { incoming: Action; outgoing: Action };
  discovery: boolean;
}

export interface Service {
  service: string;
  name?: string | null;
  flows: number;
}

export interface Counts {
  allowedRule: number;
  allowedDefault: number;
  rejectedRule: number;
  rejectedDefault: number;
}

export interface Line {
  peer: string;
  direction: Direction;
  style: Style;
  counts: Counts;
  flows: number;
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  packetsOut: number;
  firstSeen: string;
  lastSeen: string;
  services: Service[];
  moreServices: number;
}

export interface Peer {
  key: string;
  type: string;
  ID?: string | null;
  name: string;
}

export interface FlowMap {
  host: { ID: string; name: string };
  peers: Peer[];
  lines: Line[];
  grouping: "none" | "subnet" | "port";
  peersTotal: number;
  linesTotal: number;
}

export interface Flow {
  ID: string;
  timestamp: string;
  firstSeen: string;
  lastSeen: string;
  value: number;
  action: "Accept" | "Reject";
  direction: string;
  protocol: string;
  sourceIP: string;
  sourcePort?: number;
  sourceType: string;
  sourceName?: string;
  destinationIP: string;
  destinationPort?: number;
  destinationType: string;
  destinationName?: string;
  destinationFQDN?: string;
  observedName?: string;
  icmpType?: number;
  icmpCode?: number;
  bytesIn: number;
  bytesOut: number;
  packetsIn?: number;
  packetsOut?: number;
  reason?: "rule" | "default";
  policyID?: string;
  policyNamespace?: string;
  /** The ruleset's. */
  policyName?: string;
  ruleName?: string;
  dropReason?: string;
  existing?: boolean;
  observed?: boolean;
  observedAction?: string;
  uid?: number;
  user?: string;
  command?: string;
  generation?: number;
}

export interface Edge {
  direction: Direction;
  peer: { type: string; ID?: string | null; name: string };
  address: string;
  service: string;
  action: "Accept" | "Reject";
  reason: "rule" | "default";
  policyID?: string;
  policyNamespace?: string;
  rulesetName?: string;
  ruleName?: string;
  flows: number;
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  packetsOut: number;
  firstSeen: string;
  lastSeen: string;
  destinationFQDN?: string;
  observedName?: string;
  command?: string;
  before?: Style;
  after?: Style;
}

export interface Histogram {
  from: string;
  to: string;
  step: number;
  buckets: ({ time: string } & Counts)[];
}

export interface Preview {
  flows: number;
  changed: number;
  edges: Edge[];
}

export interface Staged {
  document: unknown;
  changes: ObjectChange[];
  warnings: Notice[];
  preview?: Preview | null;
}

export interface Hole {
  from: string;
  until: string;
  lost: number | null;
  where: string;
}

export interface Coverage {
  complete: boolean;
  since: string;
  until: string;
  holes: Hole[];
  produced: number;
  stored: number;
  lost: Record<string, number>;
}

export interface Lookup {
  ID: string;
  timestamp: string;
  action: "Resolve" | "Fail" | "Reject";
  reason?: string;
  resolvedName: string;
  queryType: string;
  resolvedIPs?: string[];
  resolvedCNAMEs?: string[];
  ttl?: number;
  sourceIP: string;
  serverIP: string;
  value?: number;
}

export interface Learned {
  name: string;
  address: string;
  network?: string | null;
  since: string;
  until: string;
  resolver: string;
  inUse: boolean;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* One stream of events a browser; what is shown follows it. */
import { type Signal, signal } from "@preact/signals";
import { heardAt, isAsking, lost, lostSince } from "./api";
import { epoch, refresh } from "./resource";
import type { Flow, Revision } from "./types";

const A_MOMENT = 400;

/** Counts up with flows, at most a few times a second. */
export const flowTick = signal(0);
/** The same of DNS lookups. */
export const dnsTick = signal(0);
/** A revision that somebody made while this page was open. */
export const newRevision = signal<Revision | null>(null);
export const streaming = signal(false);

type Listener = (flow: Flow) => void;
const listeners = new Set<Listener>();

let source: EventSource | null = null;
const pending = new Set<Signal<number>>();

/** Be told of each new flow; returns how to stop. */
export function onFlow(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/* Where an answer takes longer than flows need to come, it is waited for, not asked for anew. */
function count(counter: Signal<number>): void {
  if (isAsking()) {
    window.setTimeout(() => count(counter), A_MOMENT);
    return;
  }
  pending.delete(counter);
  counter.value++;
}

function tick(counter: Signal<number>): void {
  if (pending.has(counter)) return;
  pending.add(counter);
  window.setTimeout(() => count(counter), A_MOMENT);
}

function onFlowEvent(event: MessageEvent<string>): void {
  const flow = JSON.parse(event.data) as Flow;
  for (const listener of listeners) listener(flow);
  tick(flowTick);
}

export function open(): void {
  if (source) return;
  source = new EventSource("/api/v1/events?flows=true&dns=true");
  source.onopen = () => {
    if (!streaming.value && epoch.value) refresh();
    streaming.value = true;
    lostSince.value = null;
    heardAt.value = Date.now();
  };
  source.onerror = () => {
    streaming.value = false;
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      window.setTimeout(open, 3000);
    }
  };
  source.addEventListener("flow", onFlowEvent as EventListener);
  source.addEventListener("dns", () => tick(dnsTick));
  source.addEventListener("revision", ((event: MessageEvent<string>) => {
    newRevision.value = JSON.parse(event.data) as Revision;
    refresh();
  }) as EventListener);
  /* The console says that msegd is lost; msegd, how many flows could not be told. */
  source.addEventListener("lost", ((event: MessageEvent<string>) => {
    if ((JSON.parse(event.data) as { lost?: number }).lost === undefined) lost();
    else tick(flowTick);
  }) as EventListener);
  /* What happened meanwhile is not told: all is loaded again. */
  for (const name of ["back", "gap", "reset"]) source.addEventListener(name, () => refresh());
  for (const name of ["confirm", "rollback", "apply"]) source.addEventListener(name, () => refresh());
}

export function close(): void {
  source?.close();
  source = null;
  streaming.value = false;
}

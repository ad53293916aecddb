// SPDX-License-Identifier: GPL-2.0-or-later
/* What every page wants to know: the service's state, who asks and what he may. */
import { computed, signal } from "@preact/signals";
import { lostSince, send } from "./api";
import { refresh } from "./resource";
import type { Status } from "./types";

export const status = signal<Status | null>(null);

/* msegd answers sooner, or it hangs. */
const PATIENCE = 15_000;

let timer = 0;

/** Ask again and again, often while nothing answers. */
export async function watch(): Promise<void> {
  clearTimeout(timer);
  const waited = lostSince.value !== null;
  try {
    status.value = (await send<Status>("GET", "status", { patience: PATIENCE })).body;
    if (waited) refresh();
  } catch {
    /* lostSince tells, and the banner shows it. */
  }
  const trial = status.value?.confirm;
  timer = window.setTimeout(() => void watch(), lostSince.value !== null ? 1500 : trial ? 2000 : 10_000);
}

export const home = computed(() => status.value?.enforcer.namespace ?? "/");

function within(space: string, root: string): boolean {
  return root === "/" || space === root || space.startsWith(`${root}/`);
}

/** Whether the caller has a role in a namespace. */
export function may(role: "edit" | "admin", space: string): boolean {
  return (status.value?.roles ?? []).some((grant) => within(space, grant.namespace) && grant.roles.includes(role));
}

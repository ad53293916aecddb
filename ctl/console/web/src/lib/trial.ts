// SPDX-License-Identifier: GPL-2.0-or-later
/* A change on trial: the kernel goes back by itself unless it is confirmed. */
import { send } from "./api";
import * as live from "./live";
import { refresh } from "./resource";
import { watch } from "./state";

export async function confirm(): Promise<void> {
  await send("POST", "confirm", { body: {} });
  await watch();
  refresh();
}

export async function goBack(): Promise<void> {
  await send("POST", "rollback");
  await watch();
  refresh();
}

/** Reach the host anew: what was connected says nothing of what can still connect. */
export async function reconnect(): Promise<void> {
  live.close();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await send("GET", "status", { query: { again: null } });
  live.open();
}

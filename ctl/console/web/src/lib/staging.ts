// SPDX-License-Identifier: GPL-2.0-or-later
/* One document waits beside the policy in force; what is staged joins it. */
import { ApiError, get, send } from "./api";
import { type ImportDocument, merge } from "./document";
import type { Staged } from "./types";

export async function staged(abort?: AbortSignal): Promise<Staged | null> {
  try {
    return await get<Staged>("staged", {}, abort);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function isImport(document: unknown): document is ImportDocument {
  return typeof document === "object" && document !== null && "data" in document;
}

export async function stage(document: ImportDocument, namespace: string): Promise<void> {
  const there = (await staged())?.document;
  await send("PUT", "staged", { query: { namespace }, body: isImport(there) ? merge(there, document) : document });
}

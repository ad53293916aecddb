// SPDX-License-Identifier: GPL-2.0-or-later
/* The API of msegd, as the console forwards it. */
import { signal } from "@preact/signals";
import { OWN_HEADER, expired, loggedIn } from "./session";
import type { Change, Named, Notice, Problem } from "./types";

/** Since when msegd does not answer; null while it does. */
export const lostSince = signal<number | null>(null);
/** When it answered last. */
export const heardAt = signal(Date.now());

/** Questions that are not answered yet. */
let asking = 0;

export function isAsking(): boolean {
  return asking > 0;
}

/** Revisions that this page has made, and changes of its own that are not answered yet. */
export const ownRevisions = signal<ReadonlySet<number>>(new Set());
export const changing = signal(0);

export class ApiError extends Error {
  readonly status: number;
  readonly errors: Notice[];

  constructor(status: number, message: string, errors: Notice[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  query?: Query | undefined;
  body?: unknown;
  /** The body is text of this type. */
  type?: string | undefined;
  etag?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds after which msegd counts as lost. */
  patience?: number | undefined;
}

export interface Answer<T> {
  body: T;
  etag: string;
}

export function url(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  const text = params.toString();
  return `/api/v1/${path}${text ? `?${text}` : ""}`;
}

export function lost(): void {
  if (lostSince.value === null) lostSince.value = Date.now();
}

function heard(): void {
  heardAt.value = Date.now();
  lostSince.value = null;
}

/** The type of the console's own problem that msegd is gone. */
const LOST = "/problems/lost";

async function problemOf(answer: Response): Promise<ApiError> {
  try {
    const problem = (await answer.json()) as Partial<Problem> & { type?: string };
    if (problem.type === LOST) return new ApiError(0, "msegd does not answer.");
    return new ApiError(answer.status, problem.detail || problem.title || answer.statusText, problem.errors);
  } catch {
    return new ApiError(answer.status, answer.statusText || `status ${answer.status}`);
  }
}

function initOf(method: string, options: Options): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json" };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.etag) headers["If-Match"] = options.etag;
  if (method !== "GET") headers[OWN_HEADER] = "1";
  if (options.body !== undefined) {
    headers["Content-Type"] = options.type ?? "application/json";
    init.body = options.type ? String(options.body) : JSON.stringify(options.body);
  }
  if (options.signal) init.signal = options.signal;
  if (options.patience) init.signal = AbortSignal.timeout(options.patience);
  return init;
}

/** Send a request; where the session has ended, wait for a login and send it again. */
async function ask<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  for (;;) {
    let answer: Response;
    asking++;
    try {
      answer = await fetch(url(path, options.query), initOf(method, options));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      lost();
      throw new ApiError(0, "The console does not answer.");
    } finally {
      asking--;
    }
    if (answer.status === 401 || (answer.status === 413 && !(await loggedIn()))) {
      heard();
      await expired();
      continue;
    }
    if (!answer.ok) {
      const problem = await problemOf(answer);
      if (problem.status) heard();
      else lost();
      throw problem;
    }
    heard();
    const body = answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
    return { body, etag: answer.headers.get("ETag") ?? "" };
  }
}

/** The same; what it changes is known as this page's own change. */
export async function send<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  if (method === "GET") return ask(method, path, options);
  changing.value++;
  try {
    const answer = await ask<T>(method, path, options);
    const revision = (answer.body as { revision?: number } | undefined)?.revision;
    if (revision !== undefined) ownRevisions.value = new Set([...ownRevisions.value, revision]);
    return answer;
  } finally {
    changing.value--;
  }
}

export async function get<T>(path: string, query?: Query, abort?: AbortSignal): Promise<T> {
  return (await send<T>("GET", path, { query, signal: abort })).body;
}

/** The path of an object by its name, which may hold anything. */
export function objectPath(kind: string, object: { ID?: string; name: string }): string {
  return `${kind}/${encodeURIComponent(object.ID || object.name)}`;
}

/** How a change comes into force. */
export interface How {
  namespace?: string | undefined;
  check?: boolean | undefined;
  confirmWithin?: number | undefined;
  reason?: string | undefined;
}

export function create<T extends Named>(kind: string, body: Partial<T>, how: How): Promise<Answer<Change<T>>> {
  return send("POST", kind, { body, query: { ...how } });
}

export function replace<T extends Named>(
  kind: string,
  object: Pick<Named, "ID" | "name" | "namespace">,
  body: Partial<T>,
  etag: string | undefined,
  how: How = {},
): Promise<Answer<Change<T>>> {
  return send("PUT", objectPath(kind, object), { body, etag, query: { namespace: object.namespace, ...how } });
}

export function patch<T extends Named>(
  kind: string,
  object: Pick<Named, "ID" | "name" | "namespace">,
  body: Partial<T>,
  etag?: string,
): Promise<Answer<Change<T>>> {
  return send("PATCH", objectPath(kind, object), { body, etag, query: { namespace: object.namespace } });
}

export function remove(
  kind: string,
  object: Pick<Named, "ID" | "name" | "namespace">,
  etag?: string,
): Promise<Answer<Change>> {
  return send("DELETE", objectPath(kind, object), { etag, query: { namespace: object.namespace } });
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* An object that is created or edited: what was typed, what the server said of it. */
import { useEffect, useState } from "preact/hooks";
import { ApiError, create, objectPath, replace, send } from "./api";
import { refresh } from "./resource";
import type { Change, Named, Notice } from "./types";

interface State<T> {
  value: T;
  original: (T & Named) | null;
  etag: string;
  error: ApiError | null;
  warnings: Notice[];
  theirs: (T & Named) | null;
  busy: boolean;
  missing: boolean;
}

export interface Editor<T> extends State<T> {
  errors: Notice[];
  set: (changes: Partial<T>) => void;
  check: () => Promise<boolean>;
  save: (confirmWithin?: number) => Promise<Change<T & Named> | null>;
  takeTheirs: () => void;
  keepMine: () => void;
}

/**
 * @param name of the object that is edited; empty to create one
 * @param clean what is typed, as it is sent
 */
export function useEditor<T extends object>(kind: string, space: string, name: string, blank: T, clean: (value: T) => T = (value) => value): Editor<T> {
  const [state, setState] = useState<State<T>>({
    value: blank,
    original: null,
    etag: "",
    error: null,
    warnings: [],
    theirs: null,
    busy: false,
    missing: false,
  });
  const update = (changes: Partial<State<T>>) => setState((s) => ({ ...s, ...changes }));

  const load = async () => send<T & Named>("GET", objectPath(kind, { name }), { query: { namespace: space } });
  useEffect(() => {
    if (!name) return;
    load()
      .then(({ body, etag }) => update({ value: body, original: body, etag }))
      .catch((error: ApiError) => update({ error, missing: error.status === 404 }));
  }, [kind, space, name]);

  const call = (check: boolean, confirmWithin?: number) => {
    const how = { check: check || undefined, confirmWithin };
    return state.original
      ? replace<T & Named>(kind, state.original, clean(state.value) as Partial<T & Named>, state.etag, how)
      : create<T & Named>(kind, clean(state.value) as Partial<T & Named>, { namespace: space, ...how });
  };
  const failed = async (error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 412) {
      update({ error, busy: false });
      return;
    }
    const { body, etag } = await load();
    update({ theirs: body, etag, busy: false, error: null });
  };

  return {
    ...state,
    errors: state.error?.errors ?? [],
    set: (changes) => setState((s) => ({ ...s, value: { ...s.value, ...changes }, error: null })),
    check: async () => {
      update({ busy: true });
      try {
        const { body } = await call(true);
        update({ warnings: body.warnings, error: null, busy: false });
        return true;
      } catch (error) {
        await failed(error);
        return false;
      }
    },
    save: async (confirmWithin) => {
      update({ busy: true });
      try {
        const { body } = await call(false, confirmWithin);
        update({ busy: false, error: null, warnings: body.warnings });
        refresh();
        return body;
      } catch (error) {
        await failed(error);
        return null;
      }
    },
    takeTheirs: () => setState((s) => (s.theirs ? { ...s, value: s.theirs, original: s.theirs, theirs: null } : s)),
    keepMine: () => setState((s) => ({ ...s, original: s.theirs ?? s.original, theirs: null })),
  };
}

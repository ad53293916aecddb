// SPDX-License-Identifier: GPL-2.0-or-later
/* What a page shows of the API: loaded again when its key or the world changes. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api";

/** Counts up when something may have changed: a revision, msegd's return. */
export const epoch = signal(0);

export function refresh(): void {
  epoch.value++;
}

export interface Resource<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

/** Load by a key; what was loaded stays on screen until the new is there. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: ApiError | null; loading: boolean }>({
    key: "",
    data: null,
    error: null,
    loading: true,
  });
  const [again, setAgain] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const now = epoch.value;

  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    loader
      .current(abort.signal)
      .then((data) => {
        if (!abort.signal.aborted) setState({ key, data, error: null, loading: false });
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        const shown = error instanceof ApiError ? error : new ApiError(0, String(error));
        setState((before) => ({ ...before, error: shown, loading: false }));
      });
    return () => abort.abort();
  }, [key, again, now]);

  return {
    data: state.data,
    error: state.error,
    loading: state.loading,
    reload: () => setAgain((n) => n + 1),
  };
}

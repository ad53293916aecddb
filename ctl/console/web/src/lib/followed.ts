// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of a log: newest first, page by page, followed while nobody reads. */
import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, get } from "./api";
import { range } from "./range";
import { epoch } from "./resource";

const AT_MOST = 10_000;
const A_PAGE = 500;

interface Loaded<T> {
  rows: T[];
  cursor: string | null;
  error: ApiError | null;
  busy: boolean;
}

export interface Followed<T> extends Loaded<T> {
  /** There are newer records, which are not shown since somebody reads. */
  behind: boolean;
  /** Show them. */
  renew: () => void;
  /** The end was reached. */
  more: () => void;
  /** Somebody reads, or does not any more. */
  onReading: (now: boolean) => void;
}

/** Follow @path, whose answers hold their records as @list, by the query @q; @ticked counts up when there are new ones. */
export function useFollowed<T, L extends string>(path: string, list: L, q: string, ticked: Signal<number>): Followed<T> {
  const [state, setState] = useState<Loaded<T>>({ rows: [], cursor: null, error: null, busy: true });
  const [behind, setBehind] = useState(false);
  const reading = useRef(false);
  const seen = useRef(ticked.value);
  const { since, until } = range.value;

  /* An answer to what is not asked any more comes too late. */
  const asked = useRef(new AbortController());
  const fetchPage = (cursor: string | null, before: T[]) => {
    asked.current.abort();
    const abort = new AbortController();
    asked.current = abort;
    setState((s) => ({ ...s, busy: true }));
    get<Record<L, T[]> & { cursor: string | null }>(path, { q, since, until, limit: A_PAGE, cursor }, abort.signal)
      .then((page) => {
        if (!abort.signal.aborted) setState({ rows: [...before, ...page[list]], cursor: page.cursor, error: null, busy: false });
      })
      .catch((error: ApiError) => {
        if (!abort.signal.aborted) setState((s) => ({ ...s, error, busy: false }));
      });
  };
  useEffect(() => {
    setBehind(false);
    fetchPage(null, []);
    return () => asked.current.abort();
  }, [q, since, until, epoch.value]);

  const tick = ticked.value;
  useEffect(() => {
    if (tick === seen.current) return;
    seen.current = tick;
    if (until) return;
    if (reading.current) setBehind(true);
    else fetchPage(null, []);
  }, [tick]);

  /* Who draws the list may still hold what was handed out before something else was asked. */
  const drawn = asked.current;
  return {
    ...state,
    behind,
    renew: () => {
      setBehind(false);
      fetchPage(null, []);
    },
    more: () => {
      if (asked.current === drawn && state.cursor && !state.busy && state.rows.length < AT_MOST) fetchPage(state.cursor, state.rows);
    },
    onReading: (now) => {
      reading.current = now;
    },
  };
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* On every page while a revision awaits confirmation. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../lib/api";
import { status, may } from "../lib/state";
import { confirm, goBack } from "../lib/trial";
import { Failure, useNow } from "./basics";
import { Icon } from "./icons";

export function TrialBar() {
  const trial = status.value?.confirm;
  const now = useNow();
  const [error, setError] = useState<ApiError | null>(null);
  const end = useRef(0);
  useEffect(() => {
    if (trial) end.current = Date.now() + trial.left * 1000;
  }, [trial?.revision, trial?.left]);
  if (!trial) return null;
  const left = Math.max(0, Math.round((end.current - now) / 1000)) || trial.left;
  const act = (what: () => Promise<void>) => what().then(() => setError(null), (e: unknown) => setError(e instanceof ApiError ? e : null));
  const allowed = may("edit", "/") || may("admin", "/");
  return (
    <div class="banner trial" role="status">
      <Icon name="warning" />
      <span>
        Revision {trial.revision} is on trial: the kernel goes back by itself in <strong>{left} s</strong>.
      </span>
      {allowed && (
        <>
          <button type="button" class="button small primary" onClick={() => void act(confirm)}>
            Keep it
          </button>
          <button type="button" class="button small" onClick={() => void act(goBack)}>
            Go back now
          </button>
        </>
      )}
      <Failure error={error} what="Not done" />
    </div>
  );
}

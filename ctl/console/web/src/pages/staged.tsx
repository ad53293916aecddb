// SPDX-License-Identifier: GPL-2.0-or-later
/* What is staged: its differences, what it would do, and applying it. */
import { useState } from "preact/hooks";
import { ApiError, send } from "../lib/api";
import { toCommand, toYaml } from "../lib/document";
import { refresh, useResource } from "../lib/resource";
import { href, navigate } from "../lib/router";
import { staged } from "../lib/staging";
import { home } from "../lib/state";
import type { Change } from "../lib/types";
import { Copy, Empty, Failure, Page, Warnings } from "../ui/basics";
import { Changes } from "../ui/changes";
import { PreviewView } from "../ui/preview";
import { say } from "../ui/toast";

export function StagedPage() {
  const draft = useResource("staged", staged);
  const [error, setError] = useState<ApiError | null>(null);
  const act = async (what: () => Promise<string>) => {
    try {
      say(await what());
      refresh();
      navigate("/platform");
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    }
  };
  const apply = () =>
    act(async () => {
      const { body } = await send<Change>("POST", "staged/apply");
      return `Applied as revision ${body.revision}`;
    });
  const discard = () =>
    act(async () => {
      await send("DELETE", "staged");
      return "What was staged is gone.";
    });
  const there = draft.data;
  return (
    <Page
      title="Staged changes"
      about="They decide nothing yet."
      actions={
        there && (
          <>
            <a class="button" href={href("/platform", { policy: "draft" })}>
              Show on the map
            </a>
            <button type="button" class="button" onClick={() => void discard()}>
              Discard
            </button>
            <button type="button" class="button primary" onClick={() => void apply()}>
              Apply
            </button>
          </>
        )
      }
    >
      <Failure error={draft.error ?? error} what="Staged changes" />
      {!there && !draft.loading && (
        <Empty icon="shield" title="Nothing is staged.">
          Tick lines of the platform's map or rows of Flows, and stage a ruleset made of them.
        </Empty>
      )}
      {there && (
        <>
          <Warnings notices={there.warnings} />
          <section class="card pad" aria-label="Changes">
            <Changes changes={there.changes} />
          </section>
          {there.preview && (
            <section class="card pad" aria-label="Preview">
              <PreviewView preview={there.preview} />
            </section>
          )}
          {typeof there.document === "object" && there.document !== null && (
            <div class="actions">
              <Copy text={toYaml(there.document)} label="Copy as YAML" />
              <Copy text={toCommand(there.document, home.value)} label="Copy as mctl command" />
            </div>
          )}
        </>
      )}
    </Page>
  );
}

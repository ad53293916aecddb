// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps of a form: Back and Next, and in the end Create. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Step {
  title: string;
  content: ComponentChildren;
  /** Why one cannot go on yet; it is said when one tries. */
  problem?: string | null | undefined;
}

interface Props {
  steps: Step[];
  at: number;
  onStep: (at: number) => void;
  onDone: () => void;
  done: string;
  busy: boolean;
  onCancel: () => void;
}

export function Wizard({ steps, at, onStep, onDone, done, busy, onCancel }: Props) {
  const step = steps[at]!;
  const last = at === steps.length - 1;
  const form = useRef<HTMLFormElement>(null);
  const [tried, setTried] = useState(false);
  useLayoutEffect(() => {
    setTried(false);
    form.current?.querySelector<HTMLInputElement>("input:not([type=checkbox]), select")?.focus();
  }, [at]);
  return (
    <form
      ref={form}
      class="card wizard"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (busy) return;
        setTried(true);
        if (step.problem) return;
        if (last) onDone();
        else onStep(at + 1);
      }}
    >
      {steps.length > 1 && (
        <ol class="steps" aria-label="Steps">
          {steps.map((s, i) => (
            <li key={s.title} aria-current={i === at ? "step" : undefined} class={i < at ? "past" : ""}>
              {i < at ? (
                <button type="button" onClick={() => onStep(i)}>
                  <span class="step-number">✓</span> {s.title}
                </button>
              ) : (
                <span>
                  <span class="step-number">{i + 1}</span> {s.title}
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
      <div class="wizard-body">{step.content}</div>
      {tried && step.problem && (
        <p class="error" role="alert">
          {step.problem}
        </p>
      )}
      <footer class="buttons">
        <button type="button" class="button" onClick={at ? () => onStep(at - 1) : onCancel}>
          {at ? "Back" : "Cancel"}
        </button>
        <button type="submit" class="button primary" disabled={busy} aria-busy={busy}>
          {last ? done : "Next"}
        </button>
      </footer>
    </form>
  );
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What was just done, said once. */
import { signal } from "@preact/signals";

const message = signal("");
let timer = 0;

export function say(text: string): void {
  message.value = text;
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    message.value = "";
  }, 5000);
}

export function Toast() {
  return (
    <div class="toast" role="status" aria-live="polite" data-on={message.value ? "" : undefined}>
      {message.value}
    </div>
  );
}

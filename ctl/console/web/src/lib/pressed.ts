// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a field does when it is left by a click happens once the button is up: the page
 * must not move under a click, else the click is lost.
 */

let pressed = false;

addEventListener("pointerdown", () => (pressed = true), true);
for (const up of ["pointerup", "pointercancel"]) addEventListener(up, () => (pressed = false), true);

export function whenReleased(act: () => void): void {
  if (!pressed) {
    act();
    return;
  }
  const once = new AbortController();
  const now = () => {
    once.abort();
    act();
  };
  for (const up of ["pointerup", "pointercancel"]) addEventListener(up, now, { capture: true, signal: once.signal });
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What the last change was warned of, on the page that it led to. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Notice } from "../lib/types";
import { Warnings } from "./basics";

const warned = signal<Notice[]>([]);

export function warnOf(notices: Notice[]): void {
  warned.value = notices;
}

export function Warned() {
  useEffect(() => () => warnOf([]), []);
  return <Warnings notices={warned.value} title="Saved, but look at this" />;
}

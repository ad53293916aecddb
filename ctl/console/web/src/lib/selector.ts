// SPDX-License-Identifier: GPL-2.0-or-later
/* Selectors: an OR of ANDs of tags. */
import type { Selector } from "./types";

export function selectorText(selector: Selector): string {
  return selector.map((group) => group.join(" and ")).join(" or ");
}

/** The names of the networks that a selector asks for. */
export function networksOf(selector: Selector): string[] {
  return selector.flat().flatMap((tag) => /^externalnetwork:name=(.*)$/s.exec(tag)?.[1] ?? []);
}

export function tagProblem(tag: string): string | null {
  const at = tag.indexOf("=");
  if (at < 1) return "Write a tag as key=value.";
  return at === tag.length - 1 ? "The tag has no value." : null;
}

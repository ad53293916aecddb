// SPDX-License-Identifier: GPL-2.0-or-later
/* The address bar is the state: #/page?parameter=value, so that every view can be sent. */
import { computed, signal } from "@preact/signals";

export interface Route {
  path: string;
  params: URLSearchParams;
}

function read(): Route {
  const hash = location.hash.startsWith("#/") ? location.hash.slice(1) : "/platform";
  const [path = "/platform", query = ""] = hash.split(/\?(.*)/s);
  return { path, params: new URLSearchParams(query) };
}

export const route = signal<Route>(read());
export const path = computed(() => route.value.path);

export type Params = Record<string, string | null | undefined>;

/** A link to a page; parameters that are null or empty are left out. */
export function href(to: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value) query.set(key, value);
  const text = query.toString();
  return `#${to}${text ? `?${text}` : ""}`;
}

export function navigate(to: string, params: Params = {}): void {
  location.hash = href(to, params);
}

export function param(name: string): string {
  return route.value.params.get(name) ?? "";
}

/** Change parameters of the page that is shown, without a step in the history. */
export function setParams(params: Params): void {
  const now: Params = Object.fromEntries(route.value.params);
  history.replaceState(null, "", href(route.value.path, { ...now, ...params }));
  route.value = read();
}

addEventListener("hashchange", () => {
  route.value = read();
});

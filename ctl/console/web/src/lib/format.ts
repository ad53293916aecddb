// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and times as people read them. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Whom a flow or an edge is for: as it was looked up, or as the connection itself says. */
export function nameOf(of: { destinationFQDN?: string; observedName?: string }): string {
  return of.destinationFQDN || of.observedName || "";
}

export function bytes(n: number): string {
  let unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit && n < 10 ? n.toFixed(1) : Math.round(n)} ${UNITS[unit]}`;
}

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function count(n: number): string {
  return n < 10_000 ? whole.format(n) : compact.format(n);
}

/** One thing, several things. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

export function time(text: string | undefined): string {
  const when = new Date(text ?? "");
  if (Number.isNaN(when.getTime())) return "–";
  const today = new Date().toDateString() === when.toDateString();
  return today ? clock.format(when) : `${day.format(when)} ${clock.format(when)}`;
}

export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

export function ago(text: string | undefined, now = Date.now()): string {
  const when = new Date(text ?? "").getTime();
  if (Number.isNaN(when)) return "–";
  const seconds = (now - when) / 1000;
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

/** Text that may be of any length; the whole of it belongs into a title. */
export function shorten(text: string, most: number): string {
  const letters = [...new Intl.Segmenter().segment(text.slice(0, most * 8))];
  if (letters.length <= most) return text.length <= most * 8 ? text : `${letters.map((l) => l.segment).join("")}…`;
  return `${letters
    .slice(0, most - 1)
    .map((l) => l.segment)
    .join("")}…`;
}

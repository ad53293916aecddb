// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is logged in, and whether the services answer. A session that ends while
 * somebody types asks for a login above the page, which stays as it is.
 */
import { signal } from "@preact/signals";

export type Login = "unknown" | "in" | "out" | "expired";

export const login = signal<Login>("unknown");
export const user = signal("");
/** What goes with every change, and no other site's page can send. */
export const OWN_HEADER = "X-Mseg-Request";

const SESSION = "/api/session";

let waiting: (() => void)[] = [];

interface SessionAnswer {
  user: string;
}

function enter(answer: SessionAnswer): void {
  user.value = answer.user;
  login.value = "in";
  const resumed = waiting;
  waiting = [];
  for (const resume of resumed) resume();
}

/** Ask the console who this browser is. */
export async function resume(): Promise<void> {
  const answer = await fetch(SESSION, { headers: { Accept: "application/json" } });
  if (answer.ok) enter((await answer.json()) as SessionAnswer);
  else login.value = "out";
}

/** A one-time code that came as a link, /login#CODE; it leaves the address bar at once. */
export function takeLink(): string | null {
  const code = /^#(?:code=)?([A-Za-z0-9_.~-]{16,})$/.exec(location.hash)?.[1] ?? null;
  if (code) history.replaceState(null, "", "/");
  return code;
}

/** Log in with a one-time code or a token; the message says why it was refused. */
export async function enterWith(code: string): Promise<string | null> {
  let answer: Response;
  try {
    answer = await fetch(SESSION, {
      method: "POST",
      headers: { "Content-Type": "application/json", [OWN_HEADER]: "1" },
      body: JSON.stringify({ code }),
    });
  } catch {
    return "The console does not answer.";
  }
  if (answer.ok) {
    enter((await answer.json()) as SessionAnswer);
    return null;
  }
  if (answer.status === 429) return "Too many attempts. Wait a minute, then try again.";
  if (answer.status >= 500) return "msegd does not answer. Try again in a moment.";
  return "This link or token is not valid, or no longer. Ask for a new one.";
}

export async function leave(): Promise<void> {
  const answer = await fetch(SESSION, { method: "DELETE", headers: { [OWN_HEADER]: "1" } });
  if (!answer.ok && answer.status !== 401) throw new Error("the console does not log out");
  login.value = "out";
}

/** Without a session the console reads no body, whatever its size: is there one? */
export async function loggedIn(): Promise<boolean> {
  return (await fetch(SESSION)).ok;
}

/** Wait until somebody has logged in again. */
export function expired(): Promise<void> {
  if (login.value === "in") login.value = "expired";
  return new Promise((resolve) => waiting.push(resolve));
}

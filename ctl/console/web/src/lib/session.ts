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

/** Why the provider's login came to nothing. */
export const refusal = signal("");

const SESSION = "/api/session";
const OIDC = "/api/oidc";
/** Where somebody was who went to the provider. */
const PLACE = "place";

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

/** Where there is a login by OpenID Connect: what it is called. */
export async function providerLabel(): Promise<string | null> {
  const answer = await fetch(OIDC);
  return answer.ok ? ((await answer.json()) as { label: string | null }).label : null;
}

async function postOidc(step: string, body: object): Promise<Response> {
  const answer = await fetch(`${OIDC}/${step}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", [OWN_HEADER]: "1" },
    body: JSON.stringify(body),
  });
  if (answer.status === 429) throw new Error("Too many attempts. Wait a minute, then try again.");
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Error(`The login failed: ${problem.detail ?? "the console does not answer"}.`);
}

/** Begin a login at the provider: where it goes on. */
export async function beginAtProvider(): Promise<string> {
  const { location: url } = (await (await postOidc("begin", {})).json()) as { location: string };
  if (new URL(url).protocol !== "https:") throw new Error("The provider is not asked but by HTTPS.");
  sessionStorage.setItem(PLACE, location.hash);
  return url;
}

/** The provider has sent the browser back to /login/oidc: what it said leaves the address bar at once. */
export function takeReturn(): URLSearchParams | null {
  if (location.pathname !== "/login/oidc") return null;
  const said = new URLSearchParams(location.search);
  history.replaceState(null, "", `/${sessionStorage.getItem(PLACE) ?? ""}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
  return said;
}

export async function finishAtProvider(said: URLSearchParams): Promise<void> {
  try {
    if (!said.get("code")) throw new Error("The provider has not logged you in.");
    const answer = await postOidc("finish", { code: said.get("code"), state: said.get("state") });
    enter((await answer.json()) as SessionAnswer);
  } catch (error) {
    refusal.value = (error as Error).message;
    await resume();
  }
}

/** Somebody may have logged in in another tab. */
export async function look(): Promise<void> {
  const answer = await fetch(SESSION);
  if (answer.ok) enter((await answer.json()) as SessionAnswer);
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

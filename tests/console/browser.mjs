// SPDX-License-Identifier: GPL-2.0-or-later
/* What tests of the console's application need: the services, a browser, TAP. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const TOP = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const WEB = join(TOP, "ctl/console/web");
const CHROMIUM = "/usr/bin/chromium";

/** How pages are looked at. */
export const VIEWS = [
  ["1280-light", { viewport: { width: 1280, height: 800 }, colorScheme: "light" }],
  ["1280-dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
  ["390-light", { viewport: { width: 390, height: 844 }, colorScheme: "light", isMobile: true, hasTouch: true }],
  ["390-dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark", isMobile: true, hasTouch: true }],
];

let patience = 1;

/* A user whom every Debian has, in the console's place. */
const USER = "games";

/* --- TAP ----------------------------------------------------------------------- */

const cases = [];

export function test(name, run) {
  cases.push({ name, run });
}

export function equal(got, wanted, what = "") {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

export function holds(value, what) {
  if (!value) throw new Error(what);
}

/** Run the tests in their order; those that follow build on those before. */
export async function main(page) {
  console.log(`TAP version 13\n1..${cases.length}`);
  let failed = 0;
  for (const [i, { name, run }] of cases.entries()) {
    const begun = Date.now();
    let detail = "";
    try {
      await run();
    } catch (error) {
      detail = String(error.stack ?? error);
      failed++;
      if (process.env.OUT && page?.()) await page().screenshot({ path: join(process.env.OUT, `failed-${i + 1}.png`), fullPage: true }).catch(() => undefined);
    }
    console.log(`${detail ? "not ok" : "ok"} ${i + 1} - ${name} # ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    for (const line of detail.split("\n").filter(Boolean)) console.log(`# ${line}`);
    /* Nothing can be told without the services. */
    if (detail && !i) break;
  }
  return failed ? 1 : 0;
}

export function skipUnlessThere() {
  const missing = [CHROMIUM, join(WEB, "node_modules/playwright-core"), join(WEB, "node_modules/axe-core")].find((path) => !existsSync(path));
  if (!missing) return;
  console.log(`TAP version 13\n1..1\nok 1 - the console in a browser # SKIP there is no ${missing.replace(`${TOP}/`, "")}`);
  process.exit(0);
}

/** A virtual machine is slow, and slower while others run beside it. */
export function bePatient(times) {
  patience = times;
}

export async function until(what, condition, seconds = 15) {
  const end = Date.now() + seconds * patience * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds * patience} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/* --- the services ---------------------------------------------------------------- */

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function idsOf(user) {
  const [, , uid, gid] = execFileSync("getent", ["passwd", user], { encoding: "utf8" }).split(":").map(Number);
  return { uid, gid };
}

/** msegd and mseg-console over a state directory of their own. */
export class Services {
  static async start() {
    const services = new Services();
    services.dir = mkdtempSync(join(tmpdir(), "console-"));
    chmodSync(services.dir, 0o755);
    services.state = join(services.dir, "state");
    mkdirSync(services.state, { mode: 0o700 });
    services.socket = join(services.dir, "api.sock");
    services.port = await freePort();
    services.url = `http://localhost:${services.port}`;
    writeFileSync(join(services.dir, "mseg.conf"), `console: {user: ${USER}, url: "${services.url}"}\nroles: []\n`);
    return services;
  }

  run(program, args, options = {}) {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], ...options });
    child.on("error", (error) => console.log(`# ${program}: ${error.message}`));
    return child;
  }

  async startMsegd() {
    this.msegd = this.run(join(TOP, "build/bin/msegd"), ["--config", join(this.dir, "mseg.conf"), "--state", this.state, "--socket", this.socket]);
    await until("msegd's socket", () => existsSync(this.socket));
  }

  async startConsole() {
    /* Where that user can read it, wherever this checkout is. */
    const program = join(this.dir, "mseg-console");
    copyFileSync(join(TOP, "build/bin/mseg-console"), program);
    chmodSync(program, 0o755);
    const config = join(this.dir, "mseg-console.conf");
    this.console = this.run(program, [...(existsSync(config) ? ["--config", config] : []), "--socket", this.socket, "--listen", `127.0.0.1:${this.port}`], { ...idsOf(USER), cwd: this.dir });
    await until("the console", () =>
      fetch(this.url).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
  }

  mctl(...args) {
    return execFileSync(join(TOP, "build/bin/mctl"), args, { encoding: "utf8", env: { ...process.env, MSEG_API_SOCKET: this.socket } });
  }

  /** A link for whoever runs this. */
  link() {
    const body = JSON.stringify({ kind: "link", name: "test" });
    const answer = JSON.parse(execFileSync("curl", ["-sS", "--unix-socket", this.socket, "-H", "Content-Type: application/json", "-d", body, "http://mseg/v1/sessions"], { encoding: "utf8" }));
    holds(answer.code, `no code: ${JSON.stringify(answer)}`);
    return `${this.url}/login#${answer.code}`;
  }

  stop() {
    this.console?.kill();
    this.msegd?.kill();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/* --- the browser ------------------------------------------------------------------ */

export async function launch() {
  const require = createRequire(join(WEB, "package.json"));
  const { chromium } = require("playwright-core");
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A page that fails the test when the application complains. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000 * patience);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Trusted/i.test(message.text())) page.complaints.push(message.text());
  });
  return page;
}

/** What axe finds on the page as it is. */
export async function axe(page) {
  const require = createRequire(join(WEB, "package.json"));
  const source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: source });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

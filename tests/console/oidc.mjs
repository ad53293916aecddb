#!/usr/bin/node
// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Logging in by OpenID Connect as people do, in Chromium, at a provider of another site.
 *
 *	tests/console/oidc.mjs
 */
import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Services, TOP, axe, equal, holds, launch, main, newPage, skipUnlessThere, test, until } from "./browser.mjs";

skipUnlessThere();

let provider;
let services;
let browser;
let page;

async function startProvider() {
  provider = spawn("/usr/bin/python3", [join(TOP, "tests/console/provider.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await new Promise((resolve) => createInterface({ input: provider.stdout }).once("line", (text) => resolve([text])));
  return JSON.parse(line);
}

async function fresh(path = "/") {
  await page?.context().close();
  page = await newPage(browser, { ignoreHTTPSErrors: true });
  await page.goto(services.url + path);
}

const button = () => page.getByRole("button", { name: "Log in with Example" });
const inside = (name) => page.getByRole("heading", { level: 1, name }).waitFor();

test("the services, a provider, and its button", async () => {
  services = await Services.start();
  const [settings, secret] = await startProvider();
  appendFileSync(join(services.dir, "mseg.conf"), settings);
  writeFileSync(join(services.dir, "mseg-console.conf"), secret);
  await services.startMsegd();
  await services.startConsole();
  browser = await launch();
  await fresh();
  await button().waitFor();
  equal(await axe(page), []);
});

test("a login at the provider leads back to where one was, with nothing in the address bar", async () => {
  await fresh("/#/health");
  await button().click();
  await inside("Health");
  equal(page.url(), `${services.url}/#/health`);
  equal(await page.evaluate(() => document.cookie), "", "no cookie is the page's to read");
  const cookies = await page.context().cookies(services.url);
  equal(
    cookies.map(({ name, sameSite, httpOnly }) => [name, sameSite, httpOnly]),
    [["mseg-session", "Strict", true]],
  );
  equal(page.complaints, []);
});

test("the session outlives the page, and ends where one logs out", async () => {
  await page.reload();
  await inside("Health");
  await page.evaluate(() => fetch("/api/session", { method: "DELETE", headers: { "X-Mseg-Request": "1" } }));
  await page.reload();
  await button().waitFor();
});

test("a provider that refuses is told of in our words, not in its own", async () => {
  provider.stdin.write("deny\n");
  await fresh();
  await button().click();
  await page.getByText("The provider has not logged you in.").waitFor();
  equal(page.url(), `${services.url}/`);
  holds(!(await page.content()).includes("alert(1)"), "its words are on the page");
  provider.stdin.write("allow\n");
  await button().click();
  await inside("Platform");
});

test("what another site leads here with logs nobody in, and sends nobody elsewhere", async () => {
  await fresh("/login/oidc?code=stolen&state=x&next=https://evil.example/");
  await page.getByText("was not begun in this browser").waitFor();
  await button().waitFor();
  equal(page.url(), `${services.url}/`);
  equal(await page.context().cookies(services.url), []);
});

test("who was logged out while he typed logs in again in another tab", async () => {
  await fresh("/#/network/external-networks/create");
  await button().click();
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("typed");
  await page.context().clearCookies();
  services.msegd.kill();
  await until("msegd's end", () => services.msegd.exitCode !== null || services.msegd.signalCode !== null);
  await services.startMsegd();
  await page.getByText("Your session has ended").waitFor({ timeout: 60_000 });
  const opened = page.context().waitForEvent("page");
  await button().click();
  await (await opened).getByRole("heading", { level: 1, name: "Platform" }).waitFor();
  await page.bringToFront();
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.getByText("Your session has ended").waitFor({ state: "detached" });
  equal(await name.inputValue(), "typed");
});

let status = 1;
try {
  status = await main(() => page);
} finally {
  await browser?.close();
  services?.stop();
  provider?.stdin.end();
}
process.exit(status);

#!/usr/bin/node
// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How soon the console is there, and what a large store costs its pages, in headless
 * Chromium on this machine:
 *
 *	tests/bench/console.mjs [FLOWS [STORE]]
 *
 * Prints the figures beside those of the requirement. FLOWS is the large store's, ten
 * million unless given, which take half an hour to make; it is kept in the directory
 * STORE, if that is named, and taken from there the next time on the same day. Both
 * stores are asked in turns, so that what else the machine does befalls both.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Services, TOP, launch, newPage, until } from "../console/browser.mjs";

const LARGE = Number(process.argv[2] ?? 10_000_000);
const STORE = process.argv[3];
const SMALL = 10_000;
const DAYS = 7;
const TIMES = 15;

const PAGES = {
  "Platform, a day": "/platform?range=24h",
  "Platform, a week": "/platform?range=7d",
  "Flows, a day": "/flows?range=24h",
  "Flows, a week": "/flows?range=7d",
  "Flow Logs": "/logs/flows?range=7d",
  "External networks": "/network/external-networks",
  Rulesets: "/network/rulesets",
  "Discovery mode": "/discovery",
  Health: "/health",
};

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function size() {
  const dist = join(TOP, "ctl/console/web/dist");
  const files = ["index.html", ...readdirSync(join(dist, "assets")).map((name) => join("assets", name))];
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0);
}

async function filled(flows, store) {
  const services = await Services.start();
  const directory = store ?? join(services.state, "flows");
  if (!existsSync(directory)) execFileSync(join(TOP, "build/tests/synthesize"), ["--days", String(DAYS), "--flows", String(flows), directory]);
  if (store) symlinkSync(directory, join(services.state, "flows"));
  await services.startMsegd();
  await services.startConsole();
  return services;
}

/** Until a page has what it asked for; events go on. */
async function settled(page) {
  await until("the page", () => page.evaluate(() => document.querySelector("main h1") && !document.body.innerText.includes("Loading…") && !document.querySelector("main [aria-busy=true]")), 60);
}

async function begin(browser, services) {
  const page = await newPage(browser);
  await page.goto(services.link());
  await page.getByRole("heading", { name: "Platform" }).waitFor();
  return page;
}

/** First paint, and the first line that can be clicked, of a page that is loaded anew. */
async function starts(page, services) {
  const paints = [];
  const interactive = [];
  for (let i = 0; i < TIMES; i++) {
    await page.goto("about:blank");
    await page.goto(`${services.url}/#/platform?range=24h`);
    interactive.push(await page.waitForFunction(() => document.querySelector("[data-line]") && performance.now()).then((handle) => handle.jsonValue()));
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  }
  console.log(`first paint: ${Math.round(median(paints))} ms (wanted: under 300)`);
  console.log(`interactive: ${Math.round(median(interactive))} ms (wanted: under 1000)`);
}

/** How long a page takes until it has all that it asked for. */
async function opening(page, services, path) {
  await page.goto(`${services.url}/#/manage/namespaces`);
  await settled(page);
  const began = performance.now();
  let ended = began;
  const note = () => (ended = performance.now());
  page.on("requestfinished", note);
  await page.goto(`${services.url}/#${path}`);
  await settled(page);
  await page.waitForLoadState("networkidle", { timeout: 700 }).catch(() => undefined);
  await settled(page);
  page.off("requestfinished", note);
  return ended - began;
}

console.log(`compressed: ${(size() / 1000).toFixed(1)} kB (wanted: under 100)`);
const browser = await launch();
const all = [];
try {
  for (const [flows, store] of [[SMALL], [LARGE, STORE]]) {
    const services = await filled(flows, store);
    all.push({ flows, services });
  }
  for (const one of all) one.page = await begin(browser, one.services);
  await starts(all[0].page, all[0].services);
  for (const [name, path] of Object.entries(PAGES)) {
    const took = all.map(() => []);
    for (let i = 0; i < TIMES; i++) for (const [which, one] of all.entries()) took[which].push(await opening(one.page, one.services, path));
    const [small, large] = took.map(median);
    console.log(`${name}: ${Math.round(small)} ms with ${SMALL} flows, ${Math.round(large)} ms with ${LARGE}: ${(large / small).toFixed(2)} (wanted: at most 2)`);
  }
} finally {
  for (const one of all) one.services.stop();
}
await browser.close();
process.exit(0);

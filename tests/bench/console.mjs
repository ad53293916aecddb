#!/usr/bin/node
// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How soon the console is there, and what a large store costs its pages, in headless
 * Chromium on this machine:
 *
 *	tests/bench/console.mjs [FLOWS]
 *
 * Prints the figures beside those of the requirement. FLOWS is the large store's, ten
 * million unless given, which take half an hour to make.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Services, TOP, launch, newPage, until } from "../console/browser.mjs";

const LARGE = Number(process.argv[2] ?? 10_000_000);
const SMALL = 10_000;
const DAYS = 7;
const TIMES = 5;

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

async function filled(flows) {
  const services = await Services.start();
  execFileSync(join(TOP, "build/tests/synthesize"), ["--days", String(DAYS), "--flows", String(flows), join(services.state, "flows")]);
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

async function times(page, services) {
  const found = {};
  for (const [name, path] of Object.entries(PAGES)) {
    const took = [];
    for (let i = 0; i < TIMES; i++) {
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
      took.push(ended - began);
    }
    found[name] = median(took);
  }
  return found;
}

console.log(`compressed: ${(size() / 1000).toFixed(1)} kB (wanted: under 100)`);
const browser = await launch();
const measured = [];
for (const flows of [SMALL, LARGE]) {
  const services = await filled(flows);
  try {
    const page = await begin(browser, services);
    if (flows === SMALL) await starts(page, services);
    measured.push(await times(page, services));
  } finally {
    services.stop();
  }
}
await browser.close();
for (const name of Object.keys(PAGES)) {
  const [small, large] = measured.map((all) => Math.round(all[name]));
  console.log(`${name}: ${small} ms with ${SMALL} flows, ${large} ms with ${LARGE} (wanted: at most twice)`);
}
process.exit(0);

#!/usr/bin/node
// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The procedure "Securing host communications", click by click, on the host that
 * tests/e2e/host draws:
 *
 *	tests/vm/run --memory 2048 --smp 2 -- tests/console/procedure.mjs
 *
 * The words are the procedure's. The picture's lines are asserted by what is drawn:
 * colour and dash.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Services, TOP, equal, holds, launch, main, newPage, skipUnlessThere, test, until } from "./browser.mjs";

skipUnlessThere();

const HOST = join(TOP, "tests/e2e/host");
const ANY = "0.0.0.0/0";

let services;
let browser;
let page;
let tag;

function host(...args) {
  execFileSync(HOST, args, { stdio: ["ignore", "inherit", "inherit"], timeout: 120_000 });
}

const button = (name) => page.getByRole("button", { name, exact: true });
const link = (name) => page.getByRole("link", { name, exact: true });

/** Expand what is not open yet. */
async function expand(name) {
  const entry = page.getByRole("navigation").getByRole("button", { name, exact: true });
  if ((await entry.getAttribute("aria-expanded")) === "false") await entry.click();
}

async function goTo(name, ...above) {
  for (const entry of above) await expand(entry);
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

/** How a line is drawn: green or red or amber, dashed or solid. */
async function lineOf(key) {
  return page.evaluate((wanted) => {
    const edge = document.querySelector(`[data-line="${wanted}"]`);
    const path = edge?.querySelector("path.line");
    if (!path) return null;
    const style = getComputedStyle(path);
    const [r, g] = style.stroke.match(/\d+/g).map(Number);
    return `${style.strokeDasharray === "none" ? "solid" : "dashed"} ${r > 100 && g > 60 ? "amber" : r > g ? "red" : "green"}`;
  }, key);
}

async function expectLine(key, wanted, seconds = 20) {
  await goTo("Platform");
  let seen;
  await until(`${key} is ${wanted}`, async () => (seen = await lineOf(key)) === wanted, seconds).catch((error) => {
    throw new Error(`${error.message}: it is ${seen}`);
  });
}

async function createNetwork(name, network, associated = "") {
  await goTo("External networks", "Defend", "Network");
  await link("Create").click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await button("Next").click();
  await page.getByRole("combobox", { name: "Networks" }).pressSequentially(network);
  await page.keyboard.press("Enter");
  await button("Next").click();
  if (associated) {
    await page.getByRole("textbox", { name: "Tags" }).pressSequentially(associated);
    await page.keyboard.press("Enter");
  }
  await button("Create").click();
  await page.getByRole("grid", { name: "External networks" }).getByText(name, { exact: true }).waitFor();
}

/** Click outside of the dialog to close it. */
async function clickOutside() {
  await page.mouse.click(1270, 8);
}

async function addRule(direction, network, ports) {
  const list = page.getByRole("region", { name: direction });
  await list.getByRole("button", { name: direction === "Incoming" ? "Add Ingress Rule" : "Add Egress Rule" }).click();
  await list.getByRole("button", { name: direction === "Incoming" ? /^From/ : /^To/ }).click();
  await page.keyboard.type(`externalnetwork:name=${network}`);
  await clickOutside();
  await list.getByRole("button", { name: /^Protocols\/Ports/ }).click();
  await button("Delete Any").click();
  for (const [i, port] of ports.entries()) {
    if (i) await page.keyboard.press("Enter");
    await page.keyboard.type(port);
  }
  await clickOutside();
}

async function createRuleset(name, network, directions, ports) {
  await goTo("Rulesets", "Defend", "Network");
  await link("Create").click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await button("Next").click();
  await page.getByRole("combobox", { name: "Applies to" }).pressSequentially(tag);
  for (const direction of directions) await addRule(direction, network, ports);
  await button("Create").click();
}

async function listed(name) {
  await page.getByRole("grid", { name: "Rulesets" }).getByText(name, { exact: true }).waitFor();
}

/* --- the procedure ------------------------------------------------------------------ */

test("a host in discovery mode, and the console", async () => {
  host("up");
  execFileSync("insmod", [process.env.MSEG_KO]);
  services = await Services.start();
  await services.startMsegd();
  await services.startConsole();
  host("traffic");
  browser = await launch();
  page = await newPage(browser);
  await page.goto(services.link());
  await page.getByRole("heading", { name: "Platform" }).waitFor();
  equal(new URL(page.url()).hash.includes("login"), false, "the code stays in the address bar");
});

test("Enforcers under Manage: the enforcer's tags", async () => {
  await goTo("Enforcers", "Manage");
  await page.locator(".expander").first().click();
  tag = await page.getByText(/^\$enforcerid=/).first().textContent();
  holds(/^\$enforcerid=[0-9a-f]{24}$/.test(tag), tag);
});

test("Review the flows: dashed green, to Somewhere and from it", async () => {
  await expectLine("Outgoing:Somewhere/Somewhere", "dashed green", 30);
  await expectLine("Incoming:Somewhere/Somewhere", "dashed green");
  await page.locator('[data-line="Outgoing:Somewhere/Somewhere"] .badge').click();
  await page.getByRole("tab", { name: "Access" }).click();
  const rows = page.getByRole("grid", { name: "Connections" });
  await rows.getByText("udp/123 ntp").first().waitFor();
  await rows.getByText("tcp/389 ldap").first().waitFor();
});

test("the search icon: Port, ENTER twice, 67 and 68", async () => {
  await button("Search connections").click();
  await page.keyboard.type("Port");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.keyboard.type("67");
  await page.keyboard.press("Enter");
  await page.keyboard.type("68");
  await page.keyboard.press("Enter");
  await page.getByText("Port is 67 or 68", { exact: true }).waitFor();
  const rows = page.getByRole("grid", { name: "Connections" });
  await rows.getByText("udp/67 dhcp server").first().waitFor();
  await until("only those", async () => (await rows.getByText("udp/123 ntp").count()) === 0);
  await until("the filter is in the address bar", () => page.url().includes("aq=port"));
});

test("Allow SSH connections: solid green", async () => {
  await createNetwork("ssh", ANY);
  await createRuleset("Allow incoming SSH connections", "ssh", ["Incoming"], ["tcp/22"]);
  await listed("Allow incoming SSH connections");
  host("traffic", "ssh");
  await expectLine("Incoming:ExternalNetwork/ssh", "solid green");
});

const OUTGOING = [
  ["ntp", "Allow outgoing NTP traffic", ["udp/123"]],
  ["dns", "Allow outgoing DNS queries", ["udp/53"]],
  ["ldap", "Allow outgoing LDAP queries", ["tcp/389"]],
];

for (const [name, ruleset, ports] of OUTGOING)
  test(`${ruleset}: solid green`, async () => {
    await createNetwork(name, ANY);
    await createRuleset(ruleset, name, ["Outgoing"], ports);
    await listed(ruleset);
    host("traffic", name);
    await expectLine(`Outgoing:ExternalNetwork/${name}`, "solid green");
  });

test("Allow bidirectional DHCP traffic: solid green", async () => {
  await createNetwork("dhcp", ANY);
  await createRuleset("Allow bidirectional DHCP traffic", "dhcp", ["Incoming", "Outgoing"], ["udp/67", "udp/68"]);
  await listed("Allow bidirectional DHCP traffic");
  host("traffic", "dhcp");
  await expectLine("Outgoing:ExternalNetwork/dhcp", "solid green", 60);
});

test("Allow bidirectional ICMP traffic: solid green", async () => {
  await createNetwork("icmp", ANY, "externalnetwork:name=icmp");
  await createRuleset("Allow bidirectional ICMP traffic", "icmp", ["Incoming", "Outgoing"], ["icmp/8/0", "icmp/0/0", "icmp/11/0", "icmp/3/4"]);
  await listed("Allow bidirectional ICMP traffic");
  host("traffic", "icmp");
  await expectLine("Outgoing:ExternalNetwork/icmp", "solid green");
  await expectLine("Incoming:ExternalNetwork/icmp", "solid green");
});

test("metadata: the procedure's mistake is warned of, and mended", async () => {
  await createNetwork("metadata", "169.254.169.254");
  await createRuleset("Allow outgoing metadata requests", "meta", ["Outgoing"], ["tcp/80"]);
  await page.getByText("the selector matches nothing", { exact: false }).waitFor();
  const list = page.getByRole("region", { name: "Outgoing" });
  await list.getByRole("button", { name: /^To/ }).click();
  await button("Delete externalnetwork:name=meta").click();
  await page.keyboard.type("externalnetwork:name=metadata");
  await clickOutside();
  await button("Save").click();
  await listed("Allow outgoing metadata requests");
  host("traffic", "metadata");
  await expectLine("Outgoing:ExternalNetwork/metadata", "solid green");
});

test("Disable discovery mode: confirmed by the page reconnecting", async () => {
  await goTo("Discovery mode");
  await button("Disable discovery mode").click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable discovery mode" }).click();
  await page.getByText("Discovery mode is disabled in", { exact: false }).waitFor();
  await until("confirmed", async () => (await page.getByText("is on trial", { exact: false }).count()) === 0);
  equal(JSON.parse(services.mctl("status", "-o", "json")).mode !== "discovery", true, "mctl status");
});

test("what no ruleset allows: dashed red, by the default", async () => {
  const live = new Date(Date.now() - 1000).toISOString();
  await until("rejected", () => {
    try {
      execFileSync("curl", ["-sS", "--max-time", "3", "http://198.51.100.80:8080/"], { stdio: "ignore" });
      return false;
    } catch {
      return true;
    }
  });
  await page.goto(`${services.url}/#/platform?since=${live}`);
  await until("a dashed red line", async () => (await lineOf("Outgoing:Somewhere/Somewhere")) === "dashed red", 20);
  await page.locator('[data-line="Outgoing:Somewhere/Somewhere"] .badge').click();
  await page.getByText("Reject all", { exact: false }).first().waitFor();
  for (const name of ["ssh", "ntp", "dns", "ldap", "icmp", "metadata"]) host("traffic", name);
});

test("nothing complained", () => equal(page.complaints, []));

let status = 1;
try {
  status = await main(() => page);
} finally {
  await browser?.close();
  services?.stop();
}
process.exit(status);

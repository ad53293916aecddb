#!/usr/bin/node
// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every page of the console over a store that synthesize filled, without the module:
 * what axe finds, what does not fit, the keyboard, hostile names, a lost msegd.
 *
 *	tests/console/pages.mjs
 *
 * SCREENSHOTS=DIRECTORY keeps pictures of all of them but of those that are empty without
 * the module: procedure.mjs does.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Services, TOP, VIEWS, equal, holds, launch, main, newPage, skipUnlessThere, test, until } from "./browser.mjs";
import { look, show as visit } from "./views.mjs";

skipUnlessThere();

const PICK = encodeURIComponent(JSON.stringify([["out", "tcp/443", "198.51.100.7", "api.snapcraft.io"]]));
const PAGES = {
  platform: "/platform?range=7d",
  "platform-table": "/platform?range=7d&view=table",
  summary: "/platform?range=7d&line=Outgoing:Somewhere/Somewhere&tab=summary",
  access: "/platform?range=7d&line=Outgoing:Somewhere/Somewhere&tab=access",
  flows: "/flows?range=7d",
  "flow-logs": "/logs/flows?range=7d",
  "create-network": "/network/external-networks/create",
  "create-ruleset": "/network/rulesets/create",
  "from-flows": `/network/rulesets/from-flows?pick=${PICK}`,
  discovery: "/discovery",
};
/* tests/console/procedure.mjs looks at them, and keeps pictures of them, filled. */
const EMPTY = ["/logs/dns?range=7d", "/network/external-networks", "/network/rulesets", "/staged", "/nowhere"];
const DIALOGS = {
  keys: async () => {
    await show("/health");
    await page.locator("main").focus();
    await page.keyboard.press("?");
  },
  disable: async () => {
    await show("/discovery");
    await page.getByRole("button", { name: "Disable discovery mode" }).click();
  },
  "session-ended": async () => {
    await show("/network/external-networks");
    await page.context().clearCookies();
    await page.evaluate(() => (location.hash = "/manage/namespaces"));
  },
};

let services;
let browser;
let page;

async function enter(options) {
  await page?.context().close();
  page = await newPage(browser, options);
  await page.goto(services.link());
  await page.getByRole("heading", { name: "Platform" }).waitFor();
}

const show = (path) => visit(page, `${services.url}/#${path}`);

test("the services, and a login by link", async () => {
  services = await Services.start();
  execFileSync(join(TOP, "build/tests/synthesize"), ["--days", "8", "--flows", "60000", join(services.state, "flows")]);
  await services.startMsegd();
  await services.startConsole();
  browser = await launch();
  await enter({});
  equal(await page.evaluate(() => location.hash.length < 20), true, "the code is gone from the address bar");
  equal(await page.evaluate(() => document.cookie), "", "the cookie is not the page's to read");
});

for (const [view, options] of VIEWS)
  test(`${view}: axe finds nothing, and all of it fits`, async () => {
    const found = [];
    await page?.context().close();
    page = await newPage(browser, options);
    await page.goto(services.url);
    await page.getByLabel("Link or token").waitFor();
    found.push(...(await look(page, "login", view)));
    await enter(options);
    for (const [name, path] of Object.entries(PAGES)) {
      await show(path);
      /* Pages are as they are with the module. */
      await page.evaluate(() => document.querySelectorAll(".banner.warn").forEach((banner) => banner.remove()));
      found.push(...(await look(page, name, view)));
    }
    for (const path of EMPTY) {
      await show(path);
      found.push(...(await look(page, path)));
    }
    for (const [name, open] of Object.entries(DIALOGS)) {
      await open();
      await page.getByRole("dialog").waitFor();
      found.push(...(await look(page, name, view)));
      await page.keyboard.press("Escape");
    }
    equal(found, []);
    equal(page.complaints, []);
  });

test("a line is a line, a row and a link: the address bar says which", async () => {
  await enter({});
  await show("/platform?range=7d");
  await page.locator('[data-line="Incoming:ExternalNetwork/ssh"]').focus();
  await page.keyboard.press("Enter");
  await until("the address", () => page.url().includes("line=Incoming"));
  await page.reload();
  await page.getByRole("tab", { name: "Summary" }).waitFor();
});

test("by keyboard: g p, /, ?", async () => {
  await show("/health");
  await page.locator("main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await page.getByRole("heading", { name: "Flows", level: 1 }).waitFor();
  await page.keyboard.press("/");
  equal(await page.evaluate(() => document.activeElement?.getAttribute("role")), "combobox");
  await page.keyboard.type("port:22");
  await page.keyboard.press("Enter");
  await page.getByText("Port is 22", { exact: true }).waitFor();
  await page.locator("main").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  equal(await page.getByRole("dialog").count(), 0);
});

test("a map that takes longer than flows need to come is shown all the same", async () => {
  await enter({});
  await page.addInitScript(() => {
    window.EventSource = class extends EventTarget {
      constructor() {
        super();
        setInterval(() => this.dispatchEvent(new MessageEvent("flow", { data: "{}" })), 100);
      }
    };
  });
  await page.route("**/api/v1/map*", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue().catch(() => undefined);
  });
  await page.reload();
  await page.locator("[data-line]").first().waitFor();
  await enter({});
});

test("a wrong query says where", async () => {
  await show("/flows?q=port:22%20prot:udp");
  await page.getByText("At character 9: there is no field 'prot'.").waitFor();
});

test("messages stand at their fields", async () => {
  await show("/network/external-networks/create");
  await page.getByLabel("Name", { exact: true }).fill("x".repeat(2000));
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("combobox", { name: "Networks" }).fill("10.0.0.0/8");
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Networks" }).fill("!192.0.2.1");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Next" }).click();
  await page.locator(".field .error", { hasText: "excludes nothing" }).waitFor();
});

test("there is nothing to save before what is edited is there", async () => {
  let answer;
  const asked = new Promise((resolve) => (answer = resolve));
  await page.route("**/api/v1/externalnetworks/late?*", async (route) => {
    await asked;
    await route.fulfill({ json: { ID: "0".repeat(24), name: "late", namespace: "/", description: "", entries: ["192.0.2.1"], associatedTags: [], propagate: false } });
  });
  await page.goto(`${services.url}/#/network/external-networks/edit?namespace=%2F&name=late`);
  await page.getByText("Loading…").waitFor();
  equal(await page.getByRole("button", { name: "Save" }).count(), 0, "buttons");
  answer();
  await until("the form", async () => (await page.getByLabel("Name", { exact: true }).inputValue()) === "late");
  await page.getByRole("button", { name: "Save" }).waitFor();
});

test("a ruleset that decided over a connection older than itself was hit", async () => {
  const rulesets = ["busy", "older", "never"].map((name, i) => ({ ID: String(i).repeat(24), name, namespace: "/", description: "", disabled: false, fallback: false, propagate: false, subject: [["$identity=processingunit"]], incomingRules: [], outgoingRules: [], associatedTags: [] }));
  const edges = [["busy", 1234], ["older", 0]].map(([rulesetName, flows]) => ({ policyNamespace: "/", rulesetName, flows, lastSeen: new Date().toISOString() }));
  await page.route("**/api/v1/networkrulesetpolicies*", (route) => route.fulfill({ json: rulesets }));
  await page.route("**/api/v1/edges*", (route) => route.fulfill({ json: { edges, cursor: null } }));
  await page.goto(`${services.url}/#/network/rulesets`);
  await page.reload();
  for (const [name, hits] of [["busy", "1,234"], ["older", "1+"], ["never", "0"]])
    await page.getByRole("row", { name: new RegExp(name) }).getByText(hits, { exact: true }).first().waitFor({ timeout: 5000 });
  await page.unrouteAll();
});

test("names are text, whatever they are", async () => {
  const evil = '<img src=x onerror=window.owned=1>\u202egnp.exe 🚀';
  await show(`/network/rulesets/from-flows?pick=${encodeURIComponent(JSON.stringify([["out", "tcp/443", "198.51.100.7", evil.repeat(200)]]))}`);
  await page.getByRole("button", { name: "Its name" }).click();
  holds((await page.locator(".chip .name").last().textContent()).length < 100, "it is cut");
  equal(await page.evaluate(() => window.owned ?? null), null);
  equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "wider than the screen");
});

test("10,000 rows: the page holds those in sight", async () => {
  await show("/logs/flows?range=7d");
  const grid = page.getByRole("grid", { name: "Flow records" });
  await until("thousands", async () => {
    await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    return Number(await grid.getAttribute("aria-rowcount")) > 9000;
  }, 60);
  holds((await grid.locator('[role="row"]').count()) < 80, "rows in the page");
});

test("a value is a filter, with Shift what is not to be shown", async () => {
  await show("/logs/flows?range=7d");
  const grid = page.getByRole("grid", { name: "Flow records" });
  const value = grid.getByRole("button", { name: /^tcp\/443 / }).first();
  const service = await value.textContent();
  await value.click();
  await until("only those", async () => page.url().includes(encodeURIComponent("port:443")) && !page.url().includes(encodeURIComponent("-port")));
  await until("rows of it", async () => (await grid.getByRole("button", { name: service, exact: true }).count()) > 5);
  await show("/logs/flows?range=7d");
  await grid.getByRole("button", { name: service, exact: true }).first().click({ modifiers: ["Shift"] });
  await until("all but those", async () => page.url().includes(encodeURIComponent("-port:443")));
  await until("none of it", async () => (await grid.getByRole("row").count()) > 5 && (await grid.getByRole("button", { name: service, exact: true }).count()) === 0);
});

test("a span of the histogram that is brushed becomes the time shown", async () => {
  await show("/flows?range=7d");
  const box = await page.getByRole("region", { name: "Flows over time" }).locator(".u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await until("a span of its own", async () => /since=.*until=/.test(page.url()));
  const span = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
  const hours = (Date.parse(span.get("until")) - Date.parse(span.get("since"))) / 3600000;
  holds(hours > 24 && hours < 48, `a fifth of a week is ${hours} hours`);
  /* What is shown can be sent: another page shows the same. */
  const shown = page.url();
  await enter({});
  await page.goto(shown);
  await until("the same", async () => page.url() === shown && (await page.getByText("Loading…").count()) === 0);
});

test("rows that are ticked become a ruleset, which mctl takes as it is copied", async () => {
  await enter({ permissions: ["clipboard-read", "clipboard-write"] });
  await show(`/platform?range=7d&line=Outgoing:Somewhere/Somewhere&tab=access&q=${encodeURIComponent("proto:tcp")}`);
  const ticks = page.getByRole("checkbox", { name: "Tick this row" });
  await ticks.nth(0).click();
  await ticks.nth(1).click();
  await page.getByRole("button", { name: "Create ruleset from 2 flows" }).click();
  await page.getByRole("heading", { name: "Create ruleset from flows" }).waitFor();
  const entries = () => page.locator("pre.command").textContent();
  holds(/entries:[\s\S]*\d/.test(await entries()), "no address");
  holds(/outgoingRules:[\s\S]*tcp\/\d/.test(await entries()), "no port");
  for (const [choice, wanted] of [["Its /24", /\.0\/24|\/64/], ["Any", /0\.0\.0\.0\/0/]]) {
    await page.getByRole("radio", { name: choice }).or(page.getByRole("button", { name: choice, exact: true })).first().click();
    await until(choice, async () => wanted.test(await entries()));
  }
  await page.getByRole("region", { name: "What it does" }).getByText(/recorded|colour|flows/i).first().waitFor();
  await page.getByRole("button", { name: "Copy as YAML" }).click();
  const yaml = await page.evaluate(() => navigator.clipboard.readText());
  const document = join(services.dir, "copied.yaml");
  writeFileSync(document, yaml);
  execFileSync(join(TOP, "build/bin/mctl"), ["--socket", services.socket, "apply", "--check", "-n", "/", "-f", document]);
  await page.getByRole("button", { name: "Copy as mctl command" }).click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  holds(/^mctl .*apply/.test(command), command);
  const checked = command.replace("apply", "apply --check");
  execFileSync("bash", ["-ec", checked], { env: { ...process.env, PATH: `${join(TOP, "build/bin")}:${process.env.PATH}`, MSEG_SOCKET: services.socket } });
});

const LOST = "msegd does not answer";

const gone = () => page.locator(".banner.lost");
const isBack = () => until("it is back", async () => (await gone().count()) === 0, 30);

test("an msegd that hangs shows, with the age of what is on screen, and comes back by itself", async () => {
  await show("/platform?range=7d");
  await page.locator("[data-line]").first().waitFor();
  const lines = await page.locator("[data-line]").count();
  services.msegd.kill("SIGSTOP");
  try {
    await gone().waitFor({ timeout: 60_000 });
    const age = async () => Number((await gone().locator("strong").textContent()).match(/^\d+/)?.[0]);
    const first = await age();
    await until("it grows old", async () => (await age()) > first);
    equal(await page.locator("[data-line]").count(), lines, "what is on screen");
  } finally {
    services.msegd.kill("SIGCONT");
  }
  await isBack();
  equal(await page.getByRole("dialog").count(), 0, "nobody has to log in again");
});

test("a lost msegd shows, and comes back by itself", async () => {
  await show("/health");
  services.msegd.kill();
  await page.getByText(LOST, { exact: false }).waitFor({ timeout: 30_000 });
  await services.startMsegd();
  await isBack();
  /* Sessions end with msegd; what is shown stays. */
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await page.getByLabel("Link or token").fill(services.link());
  await page.getByRole("button", { name: "Log in" }).click();
  await until("logged in", async () => (await page.getByRole("dialog").count()) === 0);
});

test("an ended session keeps what was typed", async () => {
  await enter({});
  await show("/network/external-networks/create");
  await page.getByLabel("Name", { exact: true }).fill("typed before");
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("combobox", { name: "Networks" }).fill("192.0.2.1");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await page.getByLabel("Link or token").fill(services.link());
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("textbox", { name: "Tags" }).waitFor();
  await page.getByRole("button", { name: /Name$/ }).click();
  equal(await page.getByLabel("Name", { exact: true }).inputValue(), "typed before");
});

test("too many peers for a picture: the page says how they are grouped, and lines still open", async () => {
  const many = await Services.start();
  try {
    execFileSync(join(TOP, "build/tests/synthesize"), ["--days", "2", "--networks", "1000", join(many.state, "flows")]);
    await many.startMsegd();
    await many.startConsole();
    await page.context().close();
    page = await newPage(browser);
    await page.goto(many.link());
    await page.getByRole("heading", { name: "Platform" }).waitFor();
    await page.goto(`${many.url}/#/platform?range=7d`);
    await page.getByText("are shown by subnet", { exact: false }).waitFor();
    const lines = page.locator("[data-line]");
    holds((await lines.count()) < 100, `${await lines.count()} lines`);
    await page.locator('[data-line^="Outgoing:Subnet/10.31.0.0"]').focus();
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Access" }).click();
    await page.getByRole("grid", { name: "Connections" }).getByText("10.31.", { exact: false }).first().waitFor();
    equal(page.complaints, []);
  } finally {
    many.stop();
  }
});

test("where nothing was recorded, nothing is said to have a rule", async () => {
  const empty = await Services.start();
  try {
    await empty.startMsegd();
    await empty.startConsole();
    await page.context().close();
    page = await newPage(browser);
    await page.goto(empty.link());
    await page.getByRole("heading", { name: "Platform" }).waitFor();
    await page.goto(`${empty.url}/#/discovery`);
    await page.getByText("Nothing was recorded in the last week.").waitFor();
    equal(await page.getByText("All that was seen").count(), 0);
  } finally {
    empty.stop();
  }
});

let status = 1;
try {
  status = await main(() => page);
} finally {
  await browser?.close();
  services?.stop();
}
process.exit(status);

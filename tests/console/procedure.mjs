#!/usr/bin/node
// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The procedure "Securing host communications", click by click and then once more by
 * keyboard, with Chromium here and the host that tests/e2e/host draws in a virtual
 * machine: its module, its servers, its traffic.
 *
 *	tests/console/procedure.mjs
 *
 * The words are the procedure's. The picture's lines are asserted by what is drawn,
 * colour and dash; what the browser did is asked of the host. MSEG_KERNEL=6.1 is another
 * kernel, SCREENSHOTS=DIRECTORY keeps pictures of pages that are empty without the module.
 */
import { VIEWS, bePatient, equal, holds, launch, main, newPage, skipUnlessThere, test, until } from "./browser.mjs";
import { Keys, Mouse } from "./hands.mjs";
import { Machine } from "./machine.mjs";
import { look, show } from "./views.mjs";

skipUnlessThere();
bePatient(4);

const ANY = "0.0.0.0/0";
const CLIENT = "client";
const HOST = "192.0.2.10";
const INTERNET = "198.51.100.80";
const SOMEWHERE = "Outgoing:Somewhere/Somewhere";
/* Of what happens on the host, the map shows it so soon. */
const SOON = 1000;

let machine;
let browser;
let page;
let hands;
let tag;
let before;
let begun;

const button = (name) => page.getByRole("button", { name, exact: true });
const grid = (name) => page.getByRole("grid", { name });

async function enter(Hands) {
  const complaints = page?.complaints ?? [];
  await page?.context().close();
  page = await newPage(browser);
  page.complaints.push(...complaints);
  hands = new Hands(page);
  await page.goto(await machine.link());
  await page.getByRole("heading", { name: "Platform" }).waitFor();
  equal(new URL(page.url()).hash.includes("login"), false, "the code stays in the address bar");
}

async function goTo(name, ...above) {
  await hands.go(name, ...above);
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

async function drawn(key, wanted, seconds = 20) {
  let seen;
  await until(`${key} is ${wanted}`, async () => (seen = await lineOf(key)) === wanted, seconds).catch((error) => {
    throw new Error(`${error.message}: it is ${seen}`);
  });
}

/* From the address bar: of what was before, the picture shows nothing. */
async function showSince(time) {
  await page.goto(`${machine.url}/#/platform?since=${new Date(time).toISOString()}`);
}

async function expectLine(key, wanted, seconds) {
  await goTo("Platform");
  if (hands instanceof Keys) await showSince(begun);
  await drawn(key, wanted, seconds);
}

async function type(field, text) {
  await hands.into(field);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}

async function createNetwork(name, network, associated = "") {
  await goTo("External networks", "Defend", "Network");
  await hands.press(page.getByRole("link", { name: "Create", exact: true }));
  await type(page.getByLabel("Name", { exact: true }), name);
  await hands.press(button("Next"));
  await hands.into(page.getByRole("combobox", { name: "Networks" }));
  await page.keyboard.type(network);
  await page.keyboard.press("Enter");
  await hands.press(button("Next"));
  if (associated) {
    await hands.into(page.getByRole("textbox", { name: "Tags" }));
    await page.keyboard.type(associated);
    await page.keyboard.press("Enter");
  }
  await hands.press(button("Create"));
  await grid("External networks").getByText(name, { exact: true }).waitFor();
}

async function addRule(direction, network, ports) {
  const list = page.getByRole("region", { name: direction });
  await hands.press(list.getByRole("button", { name: direction === "Incoming" ? "Add Ingress Rule" : "Add Egress Rule" }));
  await hands.press(list.getByRole("button", { name: direction === "Incoming" ? /^From/ : /^To/ }));
  await page.keyboard.type(`externalnetwork:name=${network}`);
  await hands.leave();
  await hands.press(list.getByRole("button", { name: /^Protocols\/Ports/ }));
  await hands.erase();
  for (const [i, port] of ports.entries()) {
    if (i) await page.keyboard.press("Enter");
    await page.keyboard.type(port);
  }
  await hands.leave();
}

async function createRuleset(name, network, directions, ports) {
  await goTo("Rulesets", "Defend", "Network");
  await hands.press(page.getByRole("link", { name: "Create", exact: true }));
  await type(page.getByLabel("Name", { exact: true }), name);
  await hands.press(button("Next"));
  await hands.into(page.getByRole("combobox", { name: "Applies to" }));
  await page.keyboard.type(tag);
  for (const direction of directions) await addRule(direction, network, ports);
  await hands.press(button("Create"));
}

async function listed(name) {
  await grid("Rulesets").getByText(name, { exact: true }).waitFor();
}

async function row(name) {
  await goTo("Rulesets", "Defend", "Network");
  return grid("Rulesets").getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

/** What no rule allows is refused at once, in either direction; what rules allow goes on. */
async function enforced() {
  equal(await machine.probe("tcp", "host", INTERNET, 8080), "refused", "the host to the internet");
  equal(await machine.probe("tcp", CLIENT, HOST, 7777), "refused", "a client to the host");
  equal(await machine.probe("udp", "host", INTERNET, 7777), "not permitted", "UDP of the host");
  await machine.traffic();
}

const OUTGOING = [
  ["ntp", "Allow outgoing NTP traffic", ["udp/123"]],
  ["dns", "Allow outgoing DNS queries", ["udp/53"]],
  ["ldap", "Allow outgoing LDAP queries", ["tcp/389"]],
];

/* --- the procedure ------------------------------------------------------------------ */

function procedure(Hands) {
  const by = new Hands().name;
  const step = (name, run) => test(`${by}: ${name}`, run);

  step("a host in discovery mode, and the console", async () => {
    begun = (await machine.now()) - 1000;
    await machine.traffic();
    await enter(Hands);
  });

  step("Enforcers under Manage: the enforcer's tags", async () => {
    await goTo("Enforcers", "Manage");
    await hands.press(page.locator(".expander").first());
    tag = await page.getByText(/^\$enforcerid=/).first().textContent();
    holds(/^\$enforcerid=[0-9a-f]{24}$/.test(tag), tag);
  });

  step("Review the flows: dashed green, to Somewhere and from it", async () => {
    await expectLine(SOMEWHERE, "dashed green", 30);
    await drawn("Incoming:Somewhere/Somewhere", "dashed green");
    await hands.line(SOMEWHERE);
    await hands.tab("Access");
    const rows = grid("Connections");
    await rows.getByText("udp/123 ntp").first().waitFor();
    await rows.getByText("tcp/389 ldap").first().waitFor();
  });

  step("the search icon: Port, ENTER twice, 67 and 68", async () => {
    await hands.press(button("Search connections"));
    for (const word of ["Port", "", "67", "68"]) {
      await page.keyboard.type(word);
      await page.keyboard.press("Enter");
    }
    await page.getByText("Port is 67 or 68", { exact: true }).waitFor();
    const rows = grid("Connections");
    await rows.getByText("udp/67 dhcp server").first().waitFor();
    await until("only those", async () => (await rows.getByText("udp/123 ntp").count()) === 0);
    await until("the filter is in the address bar", () => page.url().includes("aq=port"));
  });

  step("Allow SSH connections: solid green", async () => {
    await createNetwork("ssh", ANY);
    await createRuleset("Allow incoming SSH connections", "ssh", ["Incoming"], ["tcp/22"]);
    await listed("Allow incoming SSH connections");
    await machine.traffic("ssh");
    await expectLine("Incoming:ExternalNetwork/ssh", "solid green");
  });

  for (const [name, ruleset, ports] of OUTGOING)
    step(`${ruleset}: solid green`, async () => {
      await createNetwork(name, ANY);
      await createRuleset(ruleset, name, ["Outgoing"], ports);
      await listed(ruleset);
      await machine.traffic(name);
      await expectLine(`Outgoing:ExternalNetwork/${name}`, "solid green");
    });

  step("Allow bidirectional DHCP traffic: solid green", async () => {
    await createNetwork("dhcp", ANY);
    await createRuleset("Allow bidirectional DHCP traffic", "dhcp", ["Incoming", "Outgoing"], ["udp/67", "udp/68"]);
    await listed("Allow bidirectional DHCP traffic");
    await machine.traffic("dhcp");
    await expectLine("Outgoing:ExternalNetwork/dhcp", "solid green", 60);
  });

  step("Allow bidirectional ICMP traffic: solid green", async () => {
    await createNetwork("icmp", ANY, "externalnetwork:name=icmp");
    await createRuleset("Allow bidirectional ICMP traffic", "icmp", ["Incoming", "Outgoing"], ["icmp/8/0", "icmp/0/0", "icmp/11/0", "icmp/3/4"]);
    await listed("Allow bidirectional ICMP traffic");
    await machine.traffic("icmp");
    await expectLine("Outgoing:ExternalNetwork/icmp", "solid green");
    await drawn("Incoming:ExternalNetwork/icmp", "solid green");
  });

  step("metadata: the procedure's mistake is warned of, and mended by editing", async () => {
    await createNetwork("metadata", "169.254.169.254");
    await createRuleset("Allow outgoing metadata requests", "meta", ["Outgoing"], ["tcp/80"]);
    await page.getByText("the selector matches nothing", { exact: false }).first().waitFor();
    const list = page.getByRole("region", { name: "Outgoing" });
    await hands.press(list.getByRole("button", { name: /^To/ }));
    await hands.erase();
    await page.keyboard.type("externalnetwork:name=metadata");
    await hands.leave();
    await hands.press(button("Save"));
    await listed("Allow outgoing metadata requests");
    await machine.traffic("metadata");
    await expectLine("Outgoing:ExternalNetwork/metadata", "solid green");
  });

  step("Disable discovery mode: confirmed by the page reconnecting", async () => {
    await goTo("Discovery mode");
    await hands.press(button("Disable discovery mode"));
    await hands.press(page.getByRole("dialog").getByRole("button", { name: "Disable discovery mode" }));
    await page.getByText("Discovery mode is disabled in", { exact: false }).waitFor();
    await until("the page has reached the host anew", async () => (await page.getByRole("dialog").count()) === 0);
    await until("confirmed", async () => (await page.getByText("is on trial", { exact: false }).count()) === 0);
    const status = await machine.mctl("status");
    equal([status.mode, status.confirmLeft], ["enforcing", 0], "mctl status");
    await enforced();
  });

  step("what no ruleset allows: dashed red, by the default", async () => {
    const since = (await machine.now()) - 1000;
    equal(await machine.probe("tcp", "host", INTERNET, 8080), "refused");
    await showSince(since);
    await drawn(SOMEWHERE, "dashed red");
    await hands.line(SOMEWHERE);
    await page.locator(".meaning").getByText("Rejected by the default", { exact: false }).waitFor();
    await hands.tab("Access");
    await grid("Connections").getByText("tcp/8080").first().waitFor();
  });
}

test("the host in its virtual machine", async () => {
  machine = await Machine.start();
  before = (await machine.api("status")).revision;
  browser = await launch();
});

procedure(Mouse);

test("hit counts stand in the list of rulesets", async () => {
  const entry = await row("Allow outgoing NTP traffic");
  await until("hits", async () => /[1-9]\d* *(flows?)?.*(now|ago)/.test(await entry.textContent()));
});

test("a ruleset that is disabled decides nothing, at once; enabled, it does", async () => {
  await hands.press((await row("Allow outgoing LDAP queries")).getByRole("button", { name: /^Disable/ }));
  await page.getByText("Disabled Allow outgoing LDAP queries").waitFor();
  equal(await machine.probe("tcp", "host", "192.0.2.53", 389), "refused");
  await hands.press((await row("Allow outgoing LDAP queries")).getByRole("button", { name: /^Enable/ }));
  await page.getByText("Enabled Allow outgoing LDAP queries").waitFor();
  await machine.traffic("ldap");
});

test("a clone with another port allows that, too", async () => {
  equal(await machine.probe("tcp", "host", INTERNET, 443), "refused");
  await hands.press((await row("Allow outgoing LDAP queries")).getByRole("link", { name: /^Clone/ }));
  await until("the name", async () => (await page.getByLabel("Name", { exact: true }).inputValue()) === "Allow outgoing LDAP queries copy");
  await hands.press(button("Next"));
  await hands.press(page.getByRole("region", { name: "Outgoing" }).getByRole("button", { name: /^Protocols\/Ports/ }));
  await hands.erase();
  await page.keyboard.type("tcp/443");
  await hands.leave();
  await hands.press(button("Create"));
  await listed("Allow outgoing LDAP queries copy");
  await page.getByText("no rule allows any IPv6 address", { exact: false }).first().waitFor();
  equal(await machine.probe("tcp", "host", INTERNET, 443), "passes");
  await machine.traffic("ldap");
});

test("of two administrators, the second is told, and overwrites nothing unasked", async () => {
  const name = "Allow outgoing LDAP queries copy";
  const edit = `${machine.url}/#/network/rulesets/edit?namespace=${encodeURIComponent((await machine.mctl("list", "networkrulesetpolicies"))[0].namespace)}&name=${encodeURIComponent(name)}`;
  const other = await newPage(browser);
  await other.goto(await machine.link());
  await other.getByRole("heading", { name: "Platform" }).waitFor();
  for (const one of [page, other]) {
    await one.goto(edit);
    await until("the form", async () => (await one.getByLabel("Name", { exact: true }).inputValue()) === name);
  }
  await other.getByLabel("Description").fill("of the first");
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await other.getByRole("grid", { name: "Rulesets" }).waitFor();
  await other.context().close();
  await page.getByLabel("Description").fill("of the second");
  await button("Save").click();
  await page.getByText("Nothing was overwritten.", { exact: false }).waitFor();
  equal(await page.getByLabel("Description").inputValue(), "of the second", "what was typed");
  const now = async () => (await machine.mctl("list", "networkrulesetpolicies")).find((r) => r.name === name).description;
  equal(await now(), "of the first", "what is in force");
  await button("Keep mine, to save it over theirs").click();
  await button("Save").click();
  await listed(name);
  equal(await now(), "of the second");
});

test("an out-of-the-box rule is activated, and decides", async () => {
  equal(await machine.probe("tcp", CLIENT, HOST, 80), "refused");
  await goTo("Out-of-the-box rules", "Defend", "Network");
  await hands.press(button("Activate web"));
  await hands.press(page.getByRole("dialog", { name: "Activate web" }).getByRole("button", { name: "Activate", exact: true }));
  await page.getByText("web is in force as revision", { exact: false }).waitFor();
  equal(await machine.probe("tcp", CLIENT, HOST, 80), "passes");
});

test("staged, a ruleset changes the Draft's picture alone; applied, it decides", async () => {
  const since = (await machine.now()) - 1000;
  equal(await machine.probe("tcp", "host", INTERNET, 8080), "refused");
  await showSince(since);
  await drawn(SOMEWHERE, "dashed red");
  await hands.line(SOMEWHERE);
  await hands.press(page.getByRole("region", { name: "The selected line" }).getByRole("button", { name: "Create ruleset" }));
  await page.getByText("would change", { exact: false }).first().waitFor();
  await hands.press(button("Stage"));
  await page.getByText("staged", { exact: false }).first().waitFor();
  equal(await machine.probe("tcp", "host", INTERNET, 8080), "refused", "staged");
  await showSince(since);
  await drawn(SOMEWHERE, "dashed red");
  await hands.press(button("Draft"));
  await drawn(SOMEWHERE, "solid green");
  await hands.press(page.getByRole("link", { name: "Review and apply" }));
  await hands.press(button("Apply"));
  await page.getByText("Applied as revision", { exact: false }).waitFor();
  equal(await machine.probe("tcp", "host", INTERNET, 8080), "passes", "applied");
});

test("a new flow is on the map within a second of its packet", async () => {
  await page.goto(`${machine.url}/#/platform?range=live`);
  const busiest = page.locator('[data-line^="Outgoing:"]').first();
  await busiest.waitFor();
  const took = [];
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const seen = page.evaluate(
      () =>
        new Promise((resolve) => {
          const flows = () => document.querySelector(".map svg").textContent;
          const was = flows();
          const timer = setInterval(() => flows() !== was && (clearInterval(timer), resolve(Date.now())), 5);
        }),
    );
    const offset = await machine.offset();
    await machine.probe("tcp", "host", INTERNET, 8080);
    const at = await seen;
    const { flows } = await machine.api("flows?q=port:8080&limit=1");
    took.push(at + offset - Date.parse(flows[0].timestamp));
  }
  console.log(`# ${took.map(Math.round).join(", ")} ms`);
  holds(Math.min(...took) < SOON, `${took} ms`);
});

test("a lookup stands in its log without being asked for again", async () => {
  const name = `n${Date.now()}.example.net`;
  await goTo("DNS Lookup Logs", "Monitor", "Logs");
  await until("the log", async () => !(await grid("DNS lookups").textContent()).includes("Loading"));
  holds(!(await grid("DNS lookups").textContent()).includes(name), "it stands there already");
  await machine.run("dig", "+tries=1", "+time=10", name);
  await grid("DNS lookups").getByText(name).first().waitFor();
});

test("what is changed elsewhere is announced, by the same user, too; what is changed here is not", async () => {
  const made = page.getByText(/made revision \d+/);
  await page.goto(`${machine.url}/#/network/external-networks`);
  await page.reload();
  await grid("External networks").getByText("ssh", { exact: true }).waitFor();
  equal(await made.count(), 0, "before");
  await createNetwork("here", "203.0.113.0/24");
  await grid("External networks").getByText("here", { exact: true }).waitFor();
  equal(await made.count(), 0, "its own");
  await machine.run("mctl", "api", "create", "externalnetwork", "-k", "name", "names", "-k", "entries", '["www.example.net", "*.example.net"]', "--yes");
  await made.waitFor();
  await grid("External networks").getByText("names", { exact: true }).waitFor();
});

/** What the procedure has made, and what is empty without the module. */
async function filledPages() {
  const named = async (kind, name) => {
    const object = (await machine.mctl("list", kind)).find((one) => one.name === name);
    return `namespace=${encodeURIComponent(object.namespace)}&name=${encodeURIComponent(name)}`;
  };
  const { revision } = await machine.api("status");
  return {
    rules: "/platform?range=24h&line=Incoming:ExternalNetwork/ssh&tab=rules",
    draft: "/platform?range=24h&policy=draft",
    "dns-lookup-logs": "/logs/dns?range=24h",
    "learned-addresses": "/logs/dns?view=learned",
    audit: `/logs/audit?revision=${revision}`,
    enforcers: "/manage/enforcers",
    namespaces: "/manage/namespaces",
    "external-networks": "/network/external-networks",
    "edit-network": `/network/external-networks/edit?${await named("externalnetworks", "metadata")}`,
    rulesets: "/network/rulesets",
    "edit-ruleset": `/network/rulesets/edit?${await named("networkrulesetpolicies", "Allow bidirectional ICMP traffic")}`,
    "rules-out-of-the-box": "/network/catalogue",
    staged: "/staged",
    "discovery-disabled": "/discovery",
    health: "/health",
  };
}

const STAGED = {
  APIVersion: 1,
  label: "staged",
  data: {
    externalnetworks: [{ name: "backup", entries: ["198.51.100.80"] }],
    networkrulesetpolicies: [
      {
        name: "Allow outgoing backups",
        subject: [["$identity=processingunit"]],
        outgoingRules: [{ action: "Allow", object: [["externalnetwork:name=backup"]], protocolPorts: ["tcp/8080"] }],
      },
    ],
  },
};

const BY_NAME = {
  name: "Allow www.example.net",
  subject: [["$identity=processingunit"]],
  outgoingRules: [{ action: "Allow", object: [["externalnetwork:name=names"]], protocolPorts: ["tcp/443"] }],
};

test("lookups are real, and a change is staged", async () => {
  await machine.run("mctl", "api", "create", "networkrulesetpolicy", "-d", JSON.stringify(BY_NAME), "--yes");
  await machine.run("dig", "+tries=1", "+time=10", "www.example.net");
  await machine.attempt("dig", "+tries=1", "+time=10", "no-such-host.example.net");
  await until("an address is learned", async () => (await machine.api("dns/cache")).length > 0);
  const home = (await machine.api("status")).enforcer.namespace;
  await machine.run("curl", "-sSf", "--unix-socket", "/run/mseg/api.sock", "-X", "PUT", "-H", "Content-Type: application/json", "-d", JSON.stringify(STAGED), `http://mseg/v1/staged?namespace=${encodeURIComponent(home)}`);
});

for (const [view, options] of VIEWS)
  test(`${view}: axe finds nothing on pages that are filled, and all of it fits`, async () => {
    const complaints = page.complaints;
    await page.context().close();
    page = await newPage(browser, options);
    page.complaints.push(...complaints);
    await page.goto(await machine.link());
    await page.getByRole("heading", { name: "Platform" }).waitFor();
    const found = [];
    for (const [name, path] of Object.entries(await filledPages())) {
      await show(page, `${machine.url}/#${path}`);
      if (name === "enforcers") await page.locator(".expander").first().click();
      const filled = page.locator("main [role=row], main tbody tr, main .card, main form");
      await until(`${name} is filled`, async () => (await filled.count()) > 0 && (await page.getByText("…", { exact: true }).count()) === 0);
      found.push(...(await look(page, name, view)));
    }
    equal(found, []);
  });

test("Audit: the revision of before is restored, and discovery mode with it", async () => {
  await enter(Mouse);
  await goTo("Audit", "Monitor", "Logs");
  await page.goto(`${machine.url}/#/logs/audit?revision=${before}`);
  await hands.press(button("Restore"));
  await hands.press(page.getByRole("dialog").getByRole("button", { name: "Restore" }));
  await page.getByText(`The policy is that of revision ${before} again.`).waitFor();
  equal((await machine.mctl("status")).mode, "discovery", "mctl status");
  equal((await machine.mctl("list", "networkrulesetpolicies")).length, 0, "rulesets");
  equal(await machine.probe("tcp", "host", INTERNET, 8080), "passes");
});

procedure(Keys);

test("nothing complained", () => equal(page.complaints, []));

let status = 1;
try {
  status = await main(() => page);
} finally {
  await browser?.close();
  machine?.stop();
}
process.exit(status);

// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages as people have them before them: light and dark, wide and narrow. */
import { join } from "node:path";
import { axe, until } from "./browser.mjs";

export async function show(page, url) {
  await page.goto(url);
  await page.locator("main h1").waitFor();
  await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => undefined);
  await until("loaded", async () => (await page.getByText("Loading…").count()) === 0);
}

/** What axe finds, and whether all of it fits; of a @view keeps a picture where SCREENSHOTS says so. */
export async function look(page, name, view = "") {
  const found = (await axe(page)).map((violation) => `${name}: ${violation}`);
  if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push(`${name}: wider than the screen`);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll('[role="columnheader"]')].filter((head) => head.getClientRects().length && head.getBoundingClientRect().right > head.closest('[role="grid"]').getBoundingClientRect().right + 1).map((head) => head.textContent),
  );
  if (cut.length) found.push(`${name}: columns out of sight: ${cut.join(", ")}`);
  if (process.env.SCREENSHOTS && view) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${view}.png`) });
  return found;
}

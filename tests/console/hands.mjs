// SPDX-License-Identifier: GPL-2.0-or-later
/* How people get at what is on a page: with a mouse, or with keys alone. */

/* More than any page holds. */
const FAR = 400;

export class Mouse {
  name = "by mouse";

  constructor(page) {
    this.page = page;
  }

  async press(locator) {
    await locator.click();
  }

  async into(locator) {
    await locator.click();
  }

  /** A page by its entry in the menu, whose parents are expanded. */
  async go(name, ...above) {
    const menu = this.page.getByRole("navigation");
    for (const entry of above) {
      const parent = menu.getByRole("button", { name: entry, exact: true });
      if ((await parent.getAttribute("aria-expanded")) === "false") await this.press(parent);
    }
    await this.press(menu.getByRole("link", { name, exact: true }));
  }

  async line(key) {
    await this.page.locator(`[data-line="${key}"] .badge`).click();
  }

  async tab(name) {
    await this.page.getByRole("tab", { name }).click();
  }

  async erase() {
    await this.page.getByRole("dialog").getByRole("button", { name: /^Delete / }).last().click();
  }

  /** Click outside of the box to close it. */
  async leave() {
    await this.page.mouse.click(1270, 8);
  }
}

export class Keys {
  name = "by keyboard";

  constructor(page) {
    this.page = page;
  }

  /** TAB until it has the focus, as somebody would who sees where the focus is. */
  async into(locator) {
    const { keyboard } = this.page;
    await locator.waitFor();
    for (let i = 0; i < FAR; i++) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await keyboard.press("Tab");
    }
    throw new Error(`TAB does not reach ${locator}`);
  }

  async press(locator) {
    await this.into(locator);
    await this.page.keyboard.press("Enter");
  }

  async go(name, ...above) {
    const menu = this.page.getByRole("navigation");
    for (const entry of above) {
      const parent = menu.getByRole("button", { name: entry, exact: true });
      if ((await parent.getAttribute("aria-expanded")) === "false") await this.press(parent);
    }
    await this.press(menu.getByRole("link", { name, exact: true }));
  }

  async line(key) {
    await this.press(this.page.locator(`[data-line="${key}"]`));
  }

  /** The tabs are one stop of TAB; arrows go from one to the next. */
  async tab(name) {
    const { page } = this;
    const wanted = page.getByRole("tab", { name });
    await this.into(page.getByRole("tab", { selected: true }));
    for (let i = 0; i < 5 && (await wanted.getAttribute("aria-selected")) !== "true"; i++) await page.keyboard.press("ArrowRight");
  }

  async erase() {
    await this.page.keyboard.press("Backspace");
  }

  async leave() {
    await this.page.keyboard.press("Escape");
  }
}

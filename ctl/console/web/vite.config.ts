// SPDX-License-Identifier: GPL-2.0-or-later
// Files that the console's server embeds: no inline script or style, hashed names.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    sourcemap: false,
  },
});

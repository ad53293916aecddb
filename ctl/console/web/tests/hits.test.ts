// SPDX-License-Identifier: GPL-2.0-or-later
/* Of hits, what is not known is not said to be none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Hits, hitsText, lastText } from "../src/lib/hits.ts";

const of = new Map([["ssh", { flows: 3, last: new Date().toISOString() }]]);

function texts(hits: Hits | null): string[] {
  return ["ssh", "ntp"].flatMap((name) => [hitsText(hits, name), lastText(hits, name)]);
}

test("while nothing is loaded", () => assert.deepEqual(texts(null), ["…", "–", "…", "–"]));
test("of all", () => assert.deepEqual(texts({ of, complete: true }), ["3", "just now", "0", "–"]));
test("of some", () => assert.deepEqual(texts({ of, complete: false }), ["3+", "just now", "?", "?"]));

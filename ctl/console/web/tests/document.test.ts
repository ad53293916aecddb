// SPDX-License-Identifier: GPL-2.0-or-later
/* What is copied as YAML and as a command says what it shows, whatever names hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toCommand, toYaml, yamlString } from "../src/lib/document.ts";

test("strings are quoted where YAML would take them for something else", () => {
  assert.equal(yamlString("Allow SSH"), "Allow SSH");
  for (const word of ["no", "Null", "1e3", "a: b", "- x", "#", "", "a\nb", " a", "{{ x }}"]) {
    const quoted = yamlString(word);
    assert.equal(quoted[0], '"');
    assert.equal(JSON.parse(quoted), word);
  }
});

test("what turns text round or hides in it is escaped", () => {
  const name = "a\u202egnp.exe\u2066\u200b\u061c\u00ad\u007f";
  assert.match(yamlString(name), /^"[ -~]*"$/);
  assert.equal(JSON.parse(yamlString(name)), name);
});

test("no name ends the here-document of the command", () => {
  const document = { APIVersion: 1, data: { externalnetworks: [{ name: "END", description: "x\nEND\nreboot", entries: [] }] } };
  const command = toCommand(document, "/it's");
  const [first, ...lines] = command.trimEnd().split("\n");
  assert.equal(first, "mctl apply -n '/it'\\''s' -f - <<'END'");
  assert.equal(lines.at(-1), "END");
  assert.equal(lines.indexOf("END"), lines.length - 1);
  assert.equal(`${lines.slice(0, -1).join("\n")}\n`, toYaml(document));
});

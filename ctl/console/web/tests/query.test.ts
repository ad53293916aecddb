// SPDX-License-Identifier: GPL-2.0-or-later
/* The query language is the one that msegd reads: tests/vectors/query.json. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DNS_FIELDS, FLOW_FIELDS, format, parse, withValue } from "../src/lib/query.ts";

interface Vector {
  query: string;
  terms?: { field: string | null; not: boolean; values: string[] }[];
  column?: number;
}

const vectors = JSON.parse(readFileSync("../../../tests/vectors/query.json", "utf8")) as {
  queries: Vector[];
  dns: Vector[];
};

/* Only the host knows its users. */
const HOSTS_OWN = /^user:[a-z-]+$/;

for (const [fields, list] of [[FLOW_FIELDS, vectors.queries], [DNS_FIELDS, vectors.dns]] as const)
  for (const vector of list)
    test(`query: ${vector.query}`, () => {
      const { terms, error } = parse(vector.query, fields);
      if (vector.column !== undefined) {
        if (!HOSTS_OWN.test(vector.query)) assert.equal(error?.column, vector.column, error?.message);
        return;
      }
      assert.equal(error, null);
      assert.deepEqual(terms, vector.terms?.map((t) => ({ ...t, field: t.field ?? "" })));
      assert.deepEqual(parse(format(terms), fields).terms, terms, "what is written is read again");
    });

test("a value joins the term of its field", () => {
  const { terms } = parse("port:67 -port:80");
  assert.equal(format(withValue(terms, "port", "68", false)), "port:67,68 -port:80");
  assert.equal(format(withValue(terms, "peer", 'a "b"', true)), 'port:67 -port:80 -peer:"a \\"b\\""');
});

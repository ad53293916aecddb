// SPDX-License-Identifier: GPL-2.0-or-later
/* How many recorded flows would be judged otherwise, and which. */
import { count, plural } from "../lib/format";
import { serviceLabel } from "../lib/services";
import type { Edge, Preview } from "../lib/types";
import { Name, Verdict, Way } from "./basics";
import { type Column, Table } from "./table";

const COLUMNS: Column<Edge>[] = [
  { key: "direction", title: "Direction", width: 0.9, min: "5.2rem", order: (e) => e.direction, cell: (e) => <Way incoming={e.direction === "Incoming"} /> },
  { key: "address", title: "Address", width: 1.5, order: (e) => e.address, cell: (e) => <Name text={e.destinationFQDN || e.address} /> },
  { key: "service", title: "Service", width: 1.2, order: (e) => e.service, cell: (e) => serviceLabel(e.service) },
  { key: "flows", title: "Flows", width: 0.6, right: true, order: (e) => e.flows, cell: (e) => count(e.flows) },
  { key: "before", title: "Before", width: 1.5, min: "13rem", small: "3.7rem", wide: true, order: (e) => e.before ?? "", cell: (e) => e.before && <Verdict style={e.before} /> },
  { key: "after", title: "After", width: 1.5, min: "13rem", small: "3.7rem", order: (e) => e.after ?? "", cell: (e) => e.after && <Verdict style={e.after} /> },
];

export function PreviewView({ preview }: { preview: Preview }) {
  const rows = preview.edges.filter((e) => e.before !== e.after);
  return (
    <>
      <p class="preview-sum" role="status">
        <strong>{plural(preview.changed, "recorded flow")}</strong> of {count(preview.flows)} would change colour.
      </p>
      {rows.length > 0 && (
        <Table
          label="Flows that would change colour"
          rows={rows}
          columns={COLUMNS}
          rowKey={(e) => [e.direction, e.peer.name, e.address, e.service, e.action, e.reason, e.policyID, e.command, e.before, e.after].join("|")}
        />
      )}
    </>
  );
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""The flow records that `mctl flows --follow` prints, while it prints them."""

import json
import subprocess

from wait import wait_for


def peer(record):
    """Which end of the flow is not the host: the prefix of its fields."""
    return "source" if record["direction"] == "in" else "destination"


def matches(record, wanted):
    """wanted holds fields of the record; peerX stands for the peer's X."""
    for key, value in wanted.items():
        if key.startswith("peer"):
            key = peer(record) + key[len("peer"):]
        if record.get(key) != value:
            return False
    return True


class Records:
    def __init__(self, path):
        self.path = path
        self.list = []
        self.errors = f"{path}.err"
        with open(path, "wb") as out, open(self.errors, "wb") as err:
            self.process = subprocess.Popen(
                ["mctl", "flows", "--follow", "-o", "jsonl"], stdout=out, stderr=err)
        self.file = open(path, encoding="utf-8")
        self.partial = ""
        if not wait_for(self.listening):
            raise RuntimeError("mctl flows --follow does not listen")

    def listening(self):
        with open(self.errors, encoding="utf-8") as err:
            return "listening\n" in err.read()

    def read(self):
        lines = (self.partial + self.file.read()).split("\n")
        self.partial = lines.pop()
        self.list += map(json.loads, lines)

    def find(self, wanted):
        self.read()
        for record in self.list:
            if matches(record, wanted):
                return record
        return None

    def expect(self, wanted, limit=10):
        """The first record with these fields, or None if none comes in time."""
        return wait_for(lambda: self.find(wanted), limit)

    def like(self, wanted):
        """For a diagnosis: the latest records of the same service, in brief."""
        keys = "direction", "protocol", "destinationPort", "icmpType", "icmpCode"
        found = [r for r in self.list if matches(r, {k: wanted[k] for k in keys if k in wanted})]
        keys = "action", "sourceIP", "destinationIP", "reason", "ruleName", "generation", "event"
        return "\n".join(str({key: record.get(key) for key in keys}) for record in found[-3:])

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

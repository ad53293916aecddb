# SPDX-License-Identifier: GPL-2.0-or-later
"""A service with a store of which a part takes for ever to read."""

import glob
import os
import sqlite3
import subprocess

from msegd import TOP, Msegd

SYNTHESIZE = os.path.join(TOP, "build/tests/synthesize")
# What takes for ever.
SLOW = "/v1/histogram?since=30d&buckets=10&q=-port:1"


def endless(**options):
    """A service with a store in which yesterday's edges never end."""
    daemon = Msegd(start=False, **options)
    os.mkdir(daemon.state, 0o700)
    subprocess.run([SYNTHESIZE, "--flows", "3000", "--days", "3", daemon.state + "/flows"],
                   check=True)
    with sqlite3.connect(sorted(glob.glob(daemon.state + "/flows/*.db"))[0]) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(edge)")]
        db.execute("ALTER TABLE edge RENAME TO edges")
        chosen = ", ".join("n AS id" if name == "id" else f"0 AS {name}" for name in columns)
        db.execute("CREATE VIEW edge AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1"
                   f" FROM c) SELECT {chosen} FROM c")
    return daemon.start()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for a condition, never longer than a limit."""

import time


def wait_for(condition, limit=10, pause=0.05):
    """What condition() gives once it is true, or what it gave at the end."""
    deadline = time.monotonic() + limit
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return result

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 at any instant: the store opens at the last committed revision, and the
kernel enforces it.

MSEG_SEED repeats a run, MSEG_ROUNDS (8) makes it longer.
"""

import http.client
import os
import random
import threading
import time

from msegd import (Msegd, equal, fresh_kernel, kernel, load_module, main, network, ruleset,
                   subtest, true)

SEED = int(os.environ.get("MSEG_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("MSEG_ROUNDS", "8"))
chance = random.Random(SEED)


def change(daemon, number, answers):
    """A change that shows in the kernel; what was answered is remembered."""
    try:
        answer = daemon.ask("PATCH", "externalnetworks/a",
                            {"entries": [f"192.0.2.{number % 250 + 1}"],
                             "description": str(number)})
        answers.append((number, answer.status, answer.body))
    except (OSError, http.client.HTTPException):
        answers.append((number, None, None))


def enforced():
    """The description's number, as the kernel has it in its only entry."""
    _, networks = kernel()
    equal(len(networks), 1, f"networks {networks}")
    return int(networks[0]["entries"][0].split("/")[0].rsplit(".", 1)[1]) - 1


def check(daemon, number, answers):
    """After a crash in a change: before or after it, and kernel and store agree."""
    status = daemon.status()
    equal((status["enforced"], status["confirm"], status["problems"]),
          (status["revision"], None, []), "status")
    stored = int(daemon.get("externalnetworks/a").wanted(200)["description"])
    true(stored in (number, number - 1), f"{stored} is stored after change {number}")
    equal(enforced(), stored % 250, "what the kernel enforces")
    if answers[-1][1] == 200:
        equal(stored, number, "a change that was answered is lost")
    revisions = [one["revision"] for one in daemon.get("revisions?limit=1000").wanted(200).body]
    equal(revisions, list(range(status["revision"], 0, -1)), "revisions")
    return stored


@subtest(f"killed at {ROUNDS} random instants of changes (seed {SEED})")
def _():
    fresh_kernel()
    daemon = Msegd()
    daemon.post("externalnetworks", network("a", "192.0.2.1", description="0")).wanted(201)
    daemon.post("netrulesets", ruleset("r", "a")).wanted(201)
    started = time.monotonic()
    change(daemon, 1, [])
    span, number, both = 1.5 * (time.monotonic() - started), 1, set()
    for _ in range(ROUNDS):
        answers = []
        thread = threading.Thread(target=change, args=(daemon, number + 1, answers))
        thread.start()
        time.sleep(chance.uniform(0, span))
        daemon.kill()
        thread.join()
        daemon.start()
        stored = check(daemon, number + 1, answers)
        both.add(stored == number + 1)
        if stored == number:
            change(daemon, number + 1, answers)
            equal(check(daemon, number + 1, answers), number + 1)
        number += 1
    true(both == {True, False} or ROUNDS < 20, f"all were killed at the same side: {both}")


@subtest("killed while a trial runs, at every step of it")
def _():
    fresh_kernel()
    daemon = Msegd()
    daemon.post("externalnetworks", network("a", "192.0.2.1", description="0")).wanted(201)
    daemon.post("netrulesets", ruleset("r", "a")).wanted(201)
    for seconds, wait, confirm in ((60, 0.1, True), (2, 2.5, False), (3, 0.1, False)):
        daemon.ask("PATCH", f"externalnetworks/a?confirmWithin={seconds}",
                   {"entries": ["192.0.2.2"]}).wanted(200)
        daemon.kill()
        time.sleep(wait)
        daemon.start()
        if confirm:
            daemon.post("confirm").wanted(200)
            equal(enforced(), 1)
            daemon.ask("PATCH", "externalnetworks/a", {"entries": ["192.0.2.1"]}).wanted(200)
            continue
        limit = time.monotonic() + 15
        while daemon.status()["confirm"] and time.monotonic() < limit:
            time.sleep(0.1)
        equal(enforced(), 0)
        equal(daemon.get("externalnetworks/a").body["entries"][0].split("/")[0], "192.0.2.1")


if __name__ == "__main__":
    load_module()
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions about records that take long hold up nothing else, and end when nobody waits.

The store of these tests has a day that takes for ever to read.
"""

import select
import subprocess
import time

from endless import SLOW, endless
from msegd import Connection, equal, main, subtest, true

QUICK = 1.0     # seconds; the loop's, on a busy machine
ALL, A_USER = 16, 6     # questions at one time, and of one user
PATIENCE = 5    # seconds of msegd


def begin(daemon):
    connection = Connection(daemon.socket)
    connection.request("GET", SLOW)
    return connection


def slowest(daemon, seconds):
    """Of requests that are asked one after the other."""
    limit, worst = time.monotonic() + seconds, 0
    while time.monotonic() < limit:
        started = time.monotonic()
        daemon.status()
        worst = max(worst, time.monotonic() - started)
        time.sleep(0.02)
    return worst


@subtest("while records are read, other requests are answered at once")
def _():
    daemon = endless()
    started = time.monotonic()
    asked = [begin(daemon) for _ in range(2)]
    time.sleep(0.2)
    worst = slowest(daemon, PATIENCE - 2)
    true(worst < QUICK, f"{worst:.2f} s")
    answers = [connection.getresponse() for connection in asked]
    equal([answer.status for answer in answers], [503, 503])
    true(b"too much" in answers[0].read(), "why")
    took = time.monotonic() - started
    true(PATIENCE - 1 <= took < PATIENCE + 5, f"{took:.1f} s")
    equal(daemon.get("flows?limit=5").wanted(200)["flows"] != [], True)


@subtest("who asks too much at once is told to come again")
def _():
    daemon = endless(config="roles:\n  - {user: games, roles: [read]}\n")
    said = subprocess.run(
        ["setpriv", "--reuid", "games", "--regid", "nogroup", "--clear-groups", "/usr/bin/python3",
         "-c", MANY, daemon.socket, SLOW, str(A_USER + 3)], check=True, capture_output=True,
        text=True, cwd="/").stdout.split()
    equal(said, ["503", "2"] * 3)
    asked = [begin(daemon) for _ in range(ALL + 3)]
    ready = select.select([connection.sock for connection in asked], [], [], 1)[0]
    true(ready, "nobody is refused")
    time.sleep(0.5)
    ready = [connection for connection in asked
             if select.select([connection.sock], [], [], 0)[0]]
    answer = ready[-1].getresponse()
    equal((answer.status, answer.headers["Retry-After"]), (503, "2"))
    true(b"ask again" in answer.read(), "why")
    true(slowest(daemon, 1) < QUICK, "others wait")


# So many at once; of those that are answered within two seconds, the status and when to come again.
MANY = """
import http.client, select, socket, sys
asked = []
for _ in range(int(sys.argv[3])):
    c = http.client.HTTPConnection('mseg')
    c.sock = socket.socket(socket.AF_UNIX)
    c.sock.connect(sys.argv[1])
    c.request('GET', sys.argv[2])
    asked.append(c)
for c in asked:
    if select.select([c.sock], [], [], 0.7)[0]:
        r = c.getresponse()
        print(r.status, r.headers['Retry-After'])
"""


@subtest("a question that nobody waits for any more is given up")
def _():
    daemon = endless()
    for connection in [begin(daemon) for _ in range(6)]:
        time.sleep(0.05)
        connection.close()
    started = time.monotonic()
    equal(len(daemon.get("flows?limit=5").wanted(200)["flows"]), 5)
    took = time.monotonic() - started
    true(took < 2, f"{took:.2f} s")


@subtest("it ends at once, whatever is read, and tells those who wait")
def _():
    daemon = endless()
    asked = [begin(daemon) for _ in range(6)]
    time.sleep(0.3)
    started = time.monotonic()
    daemon.stop()
    took = time.monotonic() - started
    true(took < 3, f"{took:.2f} s")
    for connection in asked:
        answer = connection.getresponse()
        equal(answer.status, 503)
        true(b"not read any more" in answer.read(), "why")


if __name__ == "__main__":
    main()

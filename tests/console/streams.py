#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams of events: many of them, one from msegd for a session, lost and back, resumed."""

import resource
import selectors
import time

from service import Console, wait_for, with_keeper, with_tls
from msegd import Msegd, equal, main, subtest, true

MANY = 1000
MEMORY_MAX = 16 << 20


def connections_to(daemon):
    """How many are open at the service's end."""
    with open("/proc/net/unix") as file:
        return sum(daemon.socket in line and line.split()[5] == "03" for line in file)


def many(console, cookie, count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * MANY)), hard))
    streams = []
    while len(streams) < count:
        batch = [console.stream(cookie) for _ in range(100)]
        read_all(batch, b"\r\n\r\n")
        streams += batch
    return streams


def read_all(streams, text, seconds=60):
    """Until each of them has it."""
    chooser, limit = selectors.DefaultSelector(), time.monotonic() + seconds
    left = {stream for stream in streams if text not in stream.data}
    for stream in left:
        chooser.register(stream.socket, selectors.EVENT_READ, stream)
    while left:
        true(time.monotonic() < limit, f"{len(left)} of {len(streams)} have no {text!r}")
        for key, _ in chooser.select(1):
            stream = key.data
            stream.read(5)
            true(not stream.ended, f"a stream ended: {stream.data[-300:]!r}")
            if text in stream.data:
                chooser.unregister(stream.socket)
                left.discard(stream)


def hold_many(console, count):
    """Opens them, and returns them with the memory that the console has then."""
    cookie = console.enter()
    console.ask("GET", "/api/v1/status", cookie=cookie).wanted(200)
    before = console.resident(), console.memory()
    streams = many(console, cookie, count)
    after = console.resident(), console.memory()
    print(f"# {count} streams: resident {before[0] >> 10} kB, then {after[0] >> 10} kB; "
          f"its own {before[1] >> 10} kB, then {after[1] >> 10} kB", flush=True)
    return cookie, streams, before, after


@subtest("a thousand streams take less than 16 MB, and not one of msegd's each")
def _():
    daemon = Msegd()
    console = Console(daemon)
    cookie, streams, _, after = hold_many(console, MANY)
    true(after[1] < MEMORY_MAX, f"{after[1]} bytes are its own")
    true(connections_to(daemon) < 32, f"{connections_to(daemon)} connections to msegd")
    # What msegd says reaches all; and the console answers as ever.
    daemon.kill()
    read_all(streams, b"event: lost")
    started = time.monotonic()
    console.ask("GET", "/").wanted(200)
    true(time.monotonic() - started < 2, "it takes long")
    equal(console.ask("GET", "/api/v1/status", cookie=cookie).status, 503)
    for stream in streams:
        stream.close()


@subtest("by TLS a stream takes less than 32 kB")
def _():
    with with_tls() as console:
        _, streams, before, after = hold_many(console, MANY // 10)
        each = (after[1] - before[1]) // len(streams)
        true(each < 32 << 10, f"{each} bytes each")
        for stream in streams:
            stream.close()


@subtest("while msegd is lost the events say so, and once it is back as well")
def _():
    daemon, console = with_keeper()
    made = daemon.post("sessions", {"kind": "token"})["token"]
    cookie = console.log_in(made).wanted(200).cookie
    stream = console.stream(cookie).open()
    daemon.stop()
    stream.until(b"event: lost", 5)
    daemon.start()
    # Its session was in msegd's memory.
    stream.until(b"event: refused")
    wait_for(lambda: stream.read(1) or stream.ended, "the stream's end")
    console.ask("GET", "/api/v1/events", cookie=cookie).wanted(401)


@subtest("a program's stream goes on when msegd is back")
def _():
    daemon = Msegd()
    console = Console(daemon)
    stream = console.stream(None, token=daemon.post("sessions", {"kind": "token"})["token"]).open()
    daemon.kill()
    stream.until(b"event: lost")
    daemon.start()
    stream.until(b"event: back")


@subtest("who comes back goes on behind the event that it had last")
def _():
    daemon = Msegd()
    console = Console(daemon)
    secret = daemon.post("sessions", {"kind": "token"})["token"]
    stream = console.stream(None, token=secret).open()
    for _ in range(2):
        lost, back = (stream.data.count(word) for word in (b"event: lost", b"event: back"))
        daemon.kill()
        wait_for(lambda: stream.read(1) and stream.data.count(b"event: lost") > lost, "lost")
        daemon.start()
        wait_for(lambda: stream.read(1) and stream.data.count(b"event: back") > back, "back")
    ids = stream.ids()
    true(len(ids) >= 4 and len(set(ids)) == len(ids), ids)
    stream.close()
    for last in range(len(ids) - 1):
        again = console.stream(None, token=secret, last_id=ids[last]).open()
        again.until(ids[-1].encode())
        equal(again.ids(), ids[last + 1:], f"after {ids[last]}")
        true(b"event: gap" not in again.data, again.data)
        again.close()
    again = console.stream(None, token=secret, last_id=ids[-1]).open()
    again.read(1)
    equal(again.ids(), [])


@subtest("an ID that is not held is answered by a gap, whatever it is")
def _():
    daemon = Msegd()
    console = Console(daemon)
    secret = daemon.post("sessions", {"kind": "token"})["token"]
    stream = console.stream(None, token=secret).open()
    daemon.kill()
    stream.until(b"id: ")
    daemon.start()
    stream.until(b"event: back")
    epoch, place = stream.ids()[0].split("-")
    for wrong in ("0", "x", f"{epoch}-{int(place) + 1:020}", f"{epoch}-{int(place) - 1:020}",
                  f"{epoch}-99999999999999999999", f"{epoch}-00000000000000000001", epoch,
                  f"{int(epoch, 16) ^ 1:08x}-{place}", f"{epoch}-{place}x", "-1-1", "a" * 500):
        again = console.stream(None, token=secret, last_id=wrong).open()
        again.until(b"event: gap")
        again.close()


@subtest("a client that does not read is ended, and others do not wait for it")
def _():
    daemon = Msegd()
    console = Console(daemon)
    secret = daemon.post("sessions", {"kind": "token"})["token"]
    console.stream(None, token=secret).open()     # and is never read
    stream = console.stream(None, token=secret).open()
    daemon.kill()
    stream.until(b"event: lost", 5)


@subtest("an event says every 15 seconds that what is shown is of now")
def _():
    daemon = Msegd()
    console = Console(daemon)
    stream = console.stream(console.enter()).open()
    started = time.monotonic()
    stream.until(b"event: alive", 20)
    true(time.monotonic() - started > 10, "too often")


@subtest("streams from msegd are bounded, for each user and altogether")
def _():
    daemon = Msegd()
    console = Console(daemon)
    cookies = [console.enter() for _ in range(9)]
    streams = [console.stream(cookie).open() for cookie in cookies[:8]]
    console.ask("GET", "/api/v1/events", cookie=cookies[8]).wanted(503)
    equal(console.ask("GET", "/api/v1/status", cookie=cookies[8]).status, 200)
    for stream in streams:
        stream.close()


main()

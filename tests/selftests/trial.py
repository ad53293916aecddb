#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A policy on trial goes back by itself, and rejecting holds the module.

Topology: see lib.py.
"""

import time

import lib
from lib import mctl, rule, subtest

CONFLICT = 5


def names():
    return [r["name"] for r in lib.mctl_json("rules")]


def try_new(seconds):
    """From a policy called old to one called new, on trial."""
    lib.policy(rule("in", "tcp/22", name="old"))
    lib.policy(rule("in", "tcp/22", name="new"), options=("--confirm-within", str(seconds)))
    assert names() == ["new"]


@subtest("nobody confirms: the former policy is back in time, with mctl gone")
def expires():
    started = time.monotonic()
    try_new(6)
    before = lib.generation()
    left = lib.mctl_json("status")["confirmLeft"]
    assert 0 < left <= 6, left
    lib.wait_for(lambda: lib.generation() != before, "return", 15)
    assert time.monotonic() - started > 5.5, "too early"
    assert names() == ["old"]
    assert lib.generation() == before + 1
    status = lib.mctl_json("status")
    assert status["confirmLeft"] == 0 and status["mode"] == "enforcing", status


@subtest("a connection that the trial allowed and the old policy does not is refused after it")
def expires_for_connections():
    lib.policy()
    lib.policy(rule("in", "tcp"), options=("--confirm-within", "5"))
    before = lib.generation()
    client, server = lib.tcp_pair(4, "in")
    lib.exchange(client, server)
    lib.wait_for(lambda: lib.generation() != before, "return", 15)
    client.send(b"x")
    with lib.fails(ConnectionResetError):
        client.recv(10)


@subtest("an established connection outlives a trial that rejects, when nothing was sent")
def connection_outlives():
    lib.policy(rule("in", "tcp"))
    client, server = lib.tcp_pair(4, "in")
    lib.policy(options=("--confirm-within", "60"))
    mctl("rollback", "--yes")
    lib.exchange(client, server)


@subtest("confirmed, it stays")
def confirmed():
    try_new(6)
    mctl("confirm", str(lib.generation()), "--yes")
    before = lib.generation()
    time.sleep(6.5)
    assert names() == ["new"] and lib.generation() == before
    # Nothing awaits any more.
    mctl("confirm", "--yes", status=1)
    mctl("rollback", "--yes", status=1)


@subtest("confirming another generation is a conflict")
def wrong_generation():
    try_new(60)
    said = mctl("confirm", str(lib.generation() - 1), "--yes", status=CONFLICT).stderr
    assert "generation" in said, said
    mctl("confirm", "--yes")


@subtest("rollback goes back at once, as a new generation")
def rollback():
    try_new(60)
    before = lib.generation()
    mctl("rollback", "--yes")
    assert names() == ["old"] and lib.generation() == before + 1


@subtest("during a trial every other change is a conflict")
def busy():
    try_new(60)
    before = lib.generation()
    said = lib.policy(rule("in", "tcp/23", name="other"), status=CONFLICT).stderr
    assert "confirm" in said, said
    mctl("defaults", "--in", "allow", "--yes", status=CONFLICT)
    assert names() == ["new"] and lib.generation() == before
    mctl("confirm", "--yes")
    lib.policy(rule("in", "tcp/23", name="other"))


def rmmod():
    return lib.command("rmmod", "mseg", check=False).returncode == 0


@subtest("rejecting, or on the way back to it, the module stays until it is detached")
def holds():
    lib.policy(default="allow", out="reject")
    assert not rmmod(), "it could be removed while it rejects"
    lib.policy(default="allow", options=("--confirm-within", "60"))
    assert not rmmod(), "it could be removed during a trial"
    mctl("confirm", "--yes")
    lib.policy(rule("in", "tcp/1", action="reject"), default="allow")
    assert not rmmod(), "it could be removed while a rule rejects"
    mctl("detach", "--yes")
    assert rmmod(), "it could not be removed after detaching"
    lib.load()


@subtest("generation numbers go on after detaching")
def numbers():
    lib.policy()
    before = lib.generation()
    mctl("detach", "--yes")
    mctl("attach", "--yes")
    assert lib.generation() > before, f"{lib.generation()} after {before}"
    assert lib.mctl_json("status")["mode"] == "discovery"


if __name__ == "__main__":
    lib.main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that is full or read-only: a change is refused with the reason, and the
policy in force stays."""

import glob
import os
import subprocess
import tempfile
import time

import msegd
from msegd import (Msegd, equal, fresh_kernel, kernel, load_module, main, network, ruleset,
                   subtest, true)


def small_disk(size="2m"):
    path = tempfile.mkdtemp(prefix="msegd-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)
    msegd.cleanups.callback(subprocess.run, ["umount", "-l", path], check=True)
    return path


def fill(path):
    """Every byte."""
    with open(path + "/fill", "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass


def begin(path):
    fresh_kernel()
    daemon = Msegd(state=path + "/state")
    daemon.post("externalnetworks", network("a")).wanted(201)
    daemon.post("netrulesets", ruleset("r", "a")).wanted(201)
    return daemon


def of_policy(status):
    """Its problems but those of flow records, for which a full disk has no room either."""
    return [text for text in status["problems"] if not text.startswith("flow records ")]


def big(number):
    return network(f"big{number}", *(f"10.{i // 250}.{i % 250}.{number}" for i in range(2000)))


@subtest("a full disk")
def _():
    path = small_disk()
    daemon = begin(path)
    fill(path)
    refused = None
    for number in range(20):
        before = kernel(), daemon.status()
        answer = daemon.post("externalnetworks", big(number))
        if answer.status != 201:
            refused = answer.wanted(507)
            equal(kernel(), before[0], "the policy in force changed")
            after = daemon.status()
            equal((after["revision"], after["enforced"], of_policy(after)),
                  (before[1]["revision"], before[1]["revision"], []))
            break
    true(refused, "never refused")
    true("full" in refused["detail"] and "stays" in refused["detail"], refused.body)
    daemon.kill()
    daemon.start()
    equal(daemon.status()["revision"], after["revision"])
    os.unlink(path + "/fill")
    daemon.post("externalnetworks", network("b")).wanted(201)


@subtest("the end of a trial, on a full disk: the kernel goes back, the store follows")
def _():
    path = small_disk()
    daemon = begin(path)
    daemon.ask("PATCH", "externalnetworks/a?confirmWithin=4", {"entries": ["192.0.2.77"]}
               ).wanted(200)
    fill(path)
    # The log may have room left: until even the smallest revision has none.
    time.sleep(6)
    status = daemon.status()
    equal([net["entries"][0] for net in kernel()[1]], ["192.0.2.0/24"], "the kernel")
    os.unlink(path + "/fill")
    limit = time.monotonic() + 20
    while time.monotonic() < limit and (status["problems"] or status["confirm"]):
        time.sleep(0.3)
        status = daemon.status()
    equal((status["problems"], status["confirm"]), ([], None))
    equal(daemon.get("externalnetworks/a").body["entries"], ["192.0.2.0/24"])


@subtest("a disk that became read-only: a start enforces what it holds, and changes nothing")
def _():
    path = small_disk()
    daemon = begin(path)
    # Killed, so that there is a log to play back.
    daemon.kill()
    subprocess.run(["mount", "-o", "remount,ro", path], check=True)
    fresh_kernel()
    daemon.start()
    equal(len(kernel()[0]), 1, "rules in force")
    equal(daemon.status()["enforced"], 3)
    refused = daemon.post("externalnetworks", network("b")).wanted(507)
    true("read-only" in refused["detail"], refused.body)
    equal(len(kernel()[0]), 1, "rules in force")
    daemon.stop()
    subprocess.run(["mount", "-o", "remount,rw", path], check=True)
    daemon.start()
    equal(daemon.status()["enforced"], 3)
    daemon.post("externalnetworks", network("b")).wanted(201)


@subtest("on a full disk old days of records go all the same, and make room")
def _():
    path = small_disk("4m")
    daemon = begin(path)
    daemon.stop()
    old = path + "/state/flows/2020-01-01.db"
    with open(old, "wb") as file:
        file.write(bytes(1 << 20))
    fill(path)
    true(not os.statvfs(path).f_bfree, "there is room")
    daemon.start()
    limit = time.monotonic() + 20
    while os.path.exists(old) and time.monotonic() < limit:
        time.sleep(0.1)
    true(not os.path.exists(old), "it is there for ever")
    daemon.post("externalnetworks", network("b")).wanted(201)
    equal(daemon.status()["problems"], [])


@subtest("a full disk is called one, whatever SQLite makes of it")
def _():
    path = small_disk()
    daemon = begin(path)
    said = set()
    for pages in range(0, 24, 2):
        daemon.stop()
        for file in glob.glob(path + "/state/flows/*"):
            os.unlink(file)
        fill(path)
        os.truncate(path + "/fill", os.path.getsize(path + "/fill") - pages * 4096)
        daemon.start()
        time.sleep(0.5)
        said |= {text for text in daemon.status()["problems"] if "records" in text}
        os.unlink(path + "/fill")
    equal(said, {"flow records cannot be stored: No space left on device"})


@subtest("old revisions stay whole where a full disk leaves no room to forget them, and go once there is")
def _():
    path = small_disk()
    fresh_kernel()
    daemon = Msegd(state=path + "/state", config="{history: {revisions: 3}}")
    for number in range(8):
        daemon.post("externalnetworks", network(f"n{number}")).wanted(201)
    daemon.stop()
    fill(path)
    daemon.start()
    numbers = [revision["revision"] for revision in daemon.get("revisions").wanted(200).body]
    for number in numbers:
        daemon.get(f"revisions/{number}").wanted(200)
    os.unlink(path + "/fill")
    limit = time.monotonic() + 30
    while len(numbers) > 3 and time.monotonic() < limit:
        time.sleep(0.3)
        numbers = [revision["revision"] for revision in daemon.get("revisions").wanted(200).body]
    equal(numbers, [9, 8, 7])
    daemon.post("rollback?to=7").wanted(200)


if __name__ == "__main__":
    load_module()
    main()

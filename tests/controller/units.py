#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""msegd as a unit of systemd: the service manager of this machine, as process 1 of a
namespace of its own, runs what `make install` installs. For tests/vm/run: it writes
into /usr/local and /var."""

import os
import re
import signal
import subprocess
import time

import msegd
from msegd import TOP, equal, fresh_kernel, kernel, load_module, main, network, skip_all, subtest, true

PATIENCE = 120      # seconds, on a slow virtual machine
EXPOSURE = 25       # tenths, as systemd-analyze counts: it is root, and in the host's network
SOCKET = "/run/mseg/api.sock"
MANAGER = """
mkdir -p /sys/fs/cgroup/units
echo $$ >/sys/fs/cgroup/units/cgroup.procs
exec unshare --mount --pid --cgroup --fork sh -ec '
	mount -t proc proc /proc
	umount /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t tmpfs tmpfs /run
	exec env container=test /lib/systemd/systemd --log-target=console --log-level=warning --unit=units.target
'
"""
# Nothing else of this machine is wanted.
TARGET = "[Unit]\nDefaultDependencies=no\nRequires=msegd.socket\n"
DROP_IN = "[Service]\nWatchdogSec=10\nRestartSec=100ms\n"

manager = None


class Service(msegd.Msegd):
    """A client of the service that systemd runs."""

    def __init__(self):     # pylint: disable=super-init-not-called
        self.socket = f"/proc/{inner()}/root{SOCKET}"


def inner():
    """The service manager's process, as it is called out here; None where it is not there yet."""
    with open(f"/proc/{manager.pid}/task/{manager.pid}/children") as file:
        children = file.read().split()
    return int(children[0]) if children else None


def inside(*command):
    return subprocess.run(["nsenter", "--target", str(inner()), "--mount", "--pid", "--cgroup", *command],
                          text=True, capture_output=True, timeout=PATIENCE)


def shown(what, unit="msegd.service"):
    return inside("systemctl", "show", "--value", "-p", what, unit).stdout.strip()


def await_that(holds, what):
    limit = time.monotonic() + PATIENCE
    while not holds():
        true(time.monotonic() < limit, f"{what}: {inside('systemctl', 'status', 'msegd.service').stdout}")
        time.sleep(0.2)


def install():
    subprocess.run(["make", "-s", "-C", TOP, "-o", "programs", "install"], check=True)
    for path, text in (("units.target", TARGET), ("msegd.service.d/test.conf", DROP_IN)):
        path = os.path.join("/etc/systemd/system", path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)


def start_manager():
    global manager
    manager = subprocess.Popen(["sh", "-ec", MANAGER], stdin=subprocess.DEVNULL, start_new_session=True)
    limit = time.monotonic() + PATIENCE
    while not inner() or inside("systemctl", "is-active", "msegd.socket").stdout != "active\n":
        true(time.monotonic() < limit, "systemd does not start, or has no socket")
        time.sleep(0.5)


def end_manager():
    """All that it runs goes with process 1; until then they hold the pipe that is read here."""
    first = inner()
    if first:
        os.kill(first, signal.SIGKILL)
    manager.wait(PATIENCE)


def main_process():
    """Of the service, and what /proc says of it."""
    pid = int(shown("MainPID"))
    text = inside("cat", f"/proc/{pid}/status").stdout
    return pid, dict(re.findall(r"(?m)^(\w+):\t(.*)$", text))


@subtest("systemd-analyze finds no mistake in the units, and little that they leave open")
def _():
    done = inside("systemd-analyze", "verify", "--recursive-errors=no", "msegd.service", "msegd.socket")
    equal((done.returncode, done.stderr), (0, ""))
    done = inside("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}",
                  "/usr/local/lib/systemd/system/msegd.service")
    equal(done.returncode, 0, done.stdout)


@subtest("the first who asks starts it; it is active once it answers")
def _():
    equal(shown("ActiveState"), "inactive")
    equal(Service().status()["module"]["loaded"], True)
    equal((shown("ActiveState"), shown("SubState"), shown("Type")), ("active", "running", "notify"))
    equal(inside("stat", "-c", "%a %U", "/var/lib/mseg", SOCKET).stdout, "700 root\n666 root\n")


@subtest("it may administer networks and nothing else, and that is enough to enforce")
def _():
    status = main_process()[1]
    net_admin = 1 << 12
    for field in ("CapEff", "CapPrm", "CapBnd"):
        equal(int(status[field], 16), net_admin, field)
    equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
    Service().post("externalnetworks", network("a")).wanted(201)
    Service().post("netrulesets", msegd.ruleset("r", "a")).wanted(201)
    equal((len(kernel()[0]), len(kernel()[1])), (1, 1))
    equal(Service().status()["problems"], [])


@subtest("one that hangs is killed and started again; what the kernel enforces stays")
def _():
    before = kernel()
    pid = main_process()[0]
    inside("kill", "-STOP", str(pid))
    await_that(lambda: shown("NRestarts") == "1" and shown("ActiveState") == "active", "not restarted")
    true(main_process()[0] != pid, "the same process")
    equal(kernel(), before)
    equal(Service().status()["enforced"], 3)


@subtest("killed, it comes back; stopped, it ends well, and the policy stays in force")
def _():
    before = kernel()
    inside("kill", "-KILL", str(main_process()[0]))
    await_that(lambda: shown("NRestarts") == "2" and shown("ActiveState") == "active", "not restarted")
    equal(inside("systemctl", "reload", "msegd.service").returncode, 0)
    equal(Service().status()["enforced"], 3)
    equal(inside("systemctl", "stop", "msegd.socket", "msegd.service").returncode, 0)
    equal((shown("Result"), shown("ActiveState")), ("success", "inactive"))
    equal(kernel(), before)


@subtest("started with the host, it has its policy in force before it is called active")
def _():
    before = kernel()
    fresh_kernel()
    equal(inside("systemctl", "start", "msegd.service").returncode, 0)
    equal((shown("ActiveState"), shown("ActiveState", "msegd.socket")), ("active", "active"))
    equal([len(part) for part in kernel()], [len(part) for part in before])


if __name__ == "__main__":
    if not os.path.exists("/lib/systemd/systemd"):
        skip_all("no systemd is installed")
    load_module()
    fresh_kernel()
    install()
    try:
        start_manager()
        main()
    finally:
        end_manager()

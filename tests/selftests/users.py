# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is not the host's root: what a Child becomes."""

import os

import lib

NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def unshare(flags):
    if lib.libc.unshare(flags):
        raise OSError(lib.ctypes.get_errno(), "unshare")


def become_root_of(flags):
    """Root of a new user namespace."""
    become_nobody()
    unshare(lib.CLONE_NEWUSER)
    # Without this the kernel keeps /proc/self root's, after setresuid().
    lib.libc.prctl(4, 1, 0, 0, 0)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {NOBODY} 1"),
                       ("gid_map", f"0 {NOBODY} 1")):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    os.setresuid(0, 0, 0)
    # With the map there already, /proc/net is this root's.
    if flags:
        unshare(flags)


WHO = {
    "nobody": become_nobody,
    "root of a user namespace": lambda: become_root_of(0),
    "root of its own user and network namespace": lambda: become_root_of(lib.CLONE_NEWNET),
}

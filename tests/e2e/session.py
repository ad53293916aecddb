# SPDX-License-Identifier: GPL-2.0-or-later
"""A live SSH session from the client to the host: commands are typed into it."""

import os
import re
import select
import subprocess
import time

SSH = ["ip", "netns", "exec", "client", "ssh", "-tt", "-F", "/run/e2e/ssh_config", "host"]


class Session:
    def __init__(self):
        self.process = subprocess.Popen(
            SSH, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.count = 0
        # Logging in takes its time on a busy machine.
        self.shell = self.run("echo $$", 60)[1]

    def run(self, command, limit=15):
        """Type a command. Returns its exit status (None: no answer) and output."""
        self.count += 1
        # What is typed comes back as an echo, which is unlike the output.
        typed = (f"printf '<%s %d>' begin {self.count}; {command}; "
                 f"printf '<%s %d %d>' end {self.count} $?\n")
        try:
            self.process.stdin.write(typed.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return None, "the session is over"
        return self.answer(limit)

    def answer(self, limit):
        wanted = re.compile(f"<begin {self.count}>(.*)<end {self.count} (\\d+)>", re.DOTALL)
        output = ""
        deadline = time.monotonic() + limit
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.process.stdout], [], [], left)[0]:
                break
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                break
            output += data.decode(errors="replace").replace("\r", "")
            if found := wanted.search(output):
                return int(found[2]), found[1].strip()
        return None, output

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

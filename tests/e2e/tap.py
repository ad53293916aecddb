# SPDX-License-Identifier: GPL-2.0-or-later
"""Results in TAP, the Test Anything Protocol."""


class Tap:
    def __init__(self):
        self.number = 0
        self.failures = 0
        print("TAP version 13", flush=True)

    def check(self, passed, name, detail=""):
        """One result; detail is printed with a failure."""
        self.number += 1
        if not passed:
            self.failures += 1
        print(f"{'ok' if passed else 'not ok'} {self.number} - {name}", flush=True)
        if not passed and detail:
            self.note(detail)
        return passed

    def equal(self, got, wanted, name):
        return self.check(got == wanted, name, f"got {got!r}, wanted {wanted!r}")

    @staticmethod
    def note(text):
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def finish(self):
        """The plan, which a run that broke off lacks. Returns the exit status."""
        print(f"1..{self.number}", flush=True)
        return 1 if self.failures else 0

# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The shell of `make run`, on the host of the procedure.

PS1='host# '
HISTFILE=
cat <<'HELP'

You are root on the host of the procedure (192.0.2.10), in a virtual machine.
mseg runs in discovery mode: everything is allowed, and every flow is recorded.

  mctl status                                what is in force
  mctl connections                           what the module remembers
  mctl load -f tests/e2e/procedure.json      allow what the procedure names
  mctl defaults --in reject --out reject     disable discovery mode
  tests/e2e/host traffic                     is all of it still allowed?
  tests/e2e/host traffic www                 this is not
  tests/e2e/host ssh                         log in as the client does
  tests/e2e/console                          the same and more in your browser
  mctl help                                  and more

HELP
if [ -n "${TMUX-}" ]; then
	echo "Ctrl-B and an arrow key change panes. exit ends all of it."
else
	echo "kill %1 ends the flows shown here, exit all of it."
fi
if [ -n "${MSEG_SHOW_FLOWS-}" ]; then
	mctl flows --follow &
fi

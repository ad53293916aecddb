# SPDX-License-Identifier: GPL-2.0-or-later
#
# fish completion of mctl, which itself says what a word can be.

function __mctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    $words[1] _complete $words[2..-1] $word 2>/dev/null
end

complete -c mctl -n 'count (__mctl_complete) >/dev/null' -f
complete -c mctl -a '(__mctl_complete)'

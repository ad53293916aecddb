# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tests/vm/run and tests/uml/run have in common: what the machine is told,
# and what is made of what it says. They source this, and set
#
#   dir      the directory of this run
#   mark     what the console says when COMMAND starts
#   TROUBLE  what a kernel in trouble prints; the first line of each report

# shellcheck disable=SC2034,SC2154 # variables of those who source this

readonly BOOT_LIMIT=120
# Bits of /proc/sys/kernel/tainted: M, B, D, W, L.
readonly TAINT_TROUBLE=$((1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

note() { echo "${0#"$project/"}: $*" >&2; }
die() { note "$@"; exit 125; }

# quote WORD...: each as the shell reads it back, byte for byte.
quote() {
	local word quote="'" escaped="'\\''"
	for word; do
		printf "'%s' " "${word//$quote/"$escaped"}"
	done
}

# assign NAME VALUE: an assignment that the shell reads back.
assign() { printf "%s=%s\n" "$1" "$(quote "$2")"; }

# take_modules DIRECTORY: the modules of this run, whatever is built meanwhile.
take_modules() {
	local ko
	for ko in "$1"/mseg*.ko; do
		strip -g -o "$dir/vm/${ko##*/}" "$ko"
	done
	module=/run/vm/mseg.ko
}

# COMMAND and its environment, as the machine's first program sources it.
describe_command() {
	local name
	for name in "${!MSEG_@}"; do
		[ "$name" = MSEG_KO ] || assign "export $name" "${!name}"
	done
	[ -z "$module" ] || assign "export MSEG_KO" "$module"
	echo "set -- $(quote "$@")"
}

# What the kernel is known to complain of by itself, as "report @ place":
# nf_tables walks its lists under its own lock with the macro for readers, and
# a namespace whose routing rules cannot be allocated is cleaned up with no lock.
readonly KNOWN='suspicious RCU usage @ net/(netfilter/(nf_tables_api|nft_set_bitmap)|ipv4/fib_frontend)[.]c:'

# The first complaint of the kernel since COMMAND started.
complaint() {
	# With no mark, the console was lost early on: then all of it counts.
	# Lockdep says where it is three lines below what it is.
	awk -v mark="$mark" -v known="$KNOWN" '{ sub("\r$", ""); line[NR] = $0 }
		index($0, mark) { start = NR }
		END { for (i = start + 1; i <= NR; i++)
			if (line[i] " @ " line[i + 3] !~ known)
				print line[i] }' \
		"$dir/console.log" | { grep -aE "$TROUBLE" || :; } | head -n 1
}

# trouble RESULT: what the kernel complained of, on the console or by its
# taints before and after COMMAND, which RESULT holds if the machine told them.
trouble() {
	local before after found
	found=$(complaint)
	read -r _ _ before after _ <<<"$1"
	if [ -z "$found" ] && [ -n "$after" ] && (((after & ~before) & TAINT_TROUBLE)); then
		found="tainted: $after"
	fi
	echo "$found"
}

# leave RESULT: end as COMMAND did.
leave() {
	local status
	read -r _ status _ <<<"$1"
	case $1 in
	exit*) exit "$status" ;;
	timeout) note "timed out after $timeout s"; exit 124 ;;
	closed) exit 141 ;;
	gone) die "the machine stopped by itself" ;;
	esac
}

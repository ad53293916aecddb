# SPDX-License-Identifier: GPL-2.0-or-later
#
# bash completion of mctl, which itself says what a word can be.

_mctl() {
	local line word prefix words=("${COMP_WORDS[@]:1:COMP_CWORD}") IFS=$'\n'

	# The word so far, which readline parts at : and = too, and without its quotes.
	word=${COMP_LINE:0:COMP_POINT}
	COMPREPLY=()
	if [[ ${COMP_WORDBREAKS} == *:* || ${COMP_WORDBREAKS} == *=* ]] &&
		declare -F _get_comp_words_by_ref >/dev/null; then
		local cur cword
		_get_comp_words_by_ref -n := -c cur -w words -i cword
		words=("${words[@]:1:cword}")
	fi
	word=${words[-1]-}
	word=${word#[\"\']}
	words[${#words[@]}-1]=${word//\\/}
	while read -r line; do
		prefix=${line%%$'\t'*}
		COMPREPLY+=("$(printf %q "$prefix")")
	done < <("${COMP_WORDS[0]}" _complete "${words[@]}" 2>/dev/null)
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$word"
	fi
}

# Files, where mctl has nothing to offer.
complete -o bashdefault -o default -F _mctl mctl

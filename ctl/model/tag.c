// SPDX-License-Identifier: GPL-2.0-or-later
/* Tags, key=value, as text. */
#include "tag.h"
#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int tag_check(const char *text, size_t len, char *why)
{
	const char *sign = memchr(text, '=', len);

	if (len > TAG_MAX_LEN)
		snprintf(why, TEXT_WHY_LEN, "a tag has %d bytes at most", TAG_MAX_LEN);
	else if (!text_is_plain(text, len))
		snprintf(why, TEXT_WHY_LEN, "the tag %s holds a control character",
			 text_show(text, len).s);
	else if (!sign || sign == text || sign + 1 == text + len)
		snprintf(why, TEXT_WHY_LEN, "%s is no tag: write it as key=value",
			 text_show(text, len).s);
	else if (text[0] == ' ' || text[len - 1] == ' ' || sign[-1] == ' ' || sign[1] == ' ')
		snprintf(why, TEXT_WHY_LEN, "the tag %s has blanks around its key or its value",
			 text_show(text, len).s);
	else
		return 0;
	return -EINVAL;
}

int tag_check_own(const char *text, char *why)
{
	if (text[0] != '$' && text[0] != '@')
		return 0;
	snprintf(why, TEXT_WHY_LEN,
		 "%s begins with %c: such tags are the object's own and cannot be given",
		 text_show(text, strlen(text)).s, text[0]);
	return -EINVAL;
}

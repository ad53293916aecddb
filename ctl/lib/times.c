// SPDX-License-Identifier: GPL-2.0-or-later
/* Times as people write them. */
#include "times.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

unsigned long long time_seconds(const char *text)
{
	static const char units[] = "smhdw";
	static const unsigned int factors[] = { 1, 60, 3600, 86400, 604800 };
	unsigned long long number;
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || number > UINT32_MAX || (*end && end[1]))
		return 0;
	unit = strchr(units, *end ? *end : 's');
	return unit ? number * factors[unit - units] : 0;
}

int64_t time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* .123456789; what is finer than a microsecond is left out. */
static const char *read_fraction(const char *text, int64_t *time)
{
	int64_t unit = 100000;

	if (*text != '.' || !isdigit((unsigned char)text[1]))
		return text;
	for (text++; isdigit((unsigned char)*text); text++, unit /= 10)
		*time += (*text - '0') * unit;
	return text;
}

/* Z, nothing, or +02:00. */
static bool read_zone(const char *text, int64_t *time)
{
	int64_t minutes;

	if (!*text || !strcmp(text, "Z") || !strcmp(text, "z"))
		return true;
	if ((*text != '+' && *text != '-') || strlen(text) != 6 || text[3] != ':' ||
	    strspn(text + 1, "0123456789") != 2 || strspn(text + 4, "0123456789") != 2)
		return false;
	minutes = atoi(text + 1) * 60 + atoi(text + 4);
	*time -= (*text == '+' ? minutes : -minutes) * 60000000;
	return true;
}

bool time_parse(const char *text, int64_t *time)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					     "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	unsigned long long seconds = time_seconds(text);
	struct tm parts;
	const char *end;
	size_t i;

	if (seconds) {
		*time = time_now() - (int64_t)seconds * 1000000;
		return true;
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&parts, 0, sizeof(parts));
		end = strptime(text, forms[i], &parts);
		if (!end)
			continue;
		*time = timegm(&parts) * 1000000LL;
		end = read_fraction(end, time);
		if (read_zone(end, time))
			return true;
	}
	return false;
}

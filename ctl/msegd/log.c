// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

static void say(const char *priority, const char *format, va_list args)
{
	fprintf(stderr, "%smsegd: ", getenv("JOURNAL_STREAM") ? priority : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(SD_ERR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(SD_WARNING, format, args);
	va_end(args);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Errors and warnings about a place in a file. */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>

static void print(struct diag *diag, struct place place, const char *kind, unsigned int count,
		  const char *format, va_list args)
{
	if (count > DIAG_SHOWN_MAX + 1)
		return;
	if (count == DIAG_SHOWN_MAX + 1) {
		fprintf(diag->out, "%s: further %ss are not shown\n", diag->file, kind);
		return;
	}
	if (place.line)
		fprintf(diag->out, "%s:%u:%u: %s: ", diag->file, place.line, place.column, kind);
	else
		fprintf(diag->out, "%s: %s: ", diag->file, kind);
	vfprintf(diag->out, format, args);
	fputc('\n', diag->out);
}

int diag_error(struct diag *diag, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(diag, place, "error", ++diag->errors, format, args);
	va_end(args);
	return -EINVAL;
}

void diag_warning(struct diag *diag, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(diag, place, "warning", ++diag->warnings, format, args);
	va_end(args);
}

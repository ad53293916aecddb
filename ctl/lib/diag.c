// SPDX-License-Identifier: GPL-2.0-or-later
/* Errors and warnings about a place in a file. */
#include "diag.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>

/* Bytes of a message; values in it are cut, so that all fit. */
#define MESSAGE_LEN 1024

static const char *kind_of(const struct finding *finding)
{
	return finding->is_error ? "error" : "warning";
}

static void print(struct diag *diag, const struct finding *finding)
{
	const char *hint = finding->hint;

	if (finding->place.line)
		fprintf(diag->out, "%s:%u:%u: ", finding->file, finding->place.line,
			finding->place.column);
	else
		fprintf(diag->out, "%s: ", finding->file);
	fprintf(diag->out, "%s: %s%s%s\n", kind_of(finding), finding->message, hint ? ": " : "",
		hint ? hint : "");
}

static void tell(struct diag *diag, const struct finding *finding)
{
	if (diag->take)
		diag->take(finding, diag->arg);
	else
		print(diag, finding);
}

static void tell_of_more(struct diag *diag, bool is_error)
{
	const struct finding finding = {
		.file = diag->file,
		.is_error = is_error,
		.message = is_error ? "further errors are not shown" :
				      "further warnings are not shown",
	};

	if (diag->take)
		diag->take(&finding, diag->arg);
	else
		fprintf(diag->out, "%s: %s\n", diag->file, finding.message);
}

void diag_report(struct diag *diag, const struct finding *finding)
{
	unsigned int count = finding->is_error ? ++diag->errors : ++diag->warnings;
	struct finding told = *finding;

	if (count == DIAG_SHOWN_MAX + 1)
		tell_of_more(diag, finding->is_error);
	if (count > DIAG_SHOWN_MAX)
		return;
	told.file = diag->file;
	if (!told.object)
		told.object = diag->object;
	if (!told.field)
		told.field = diag->field;
	tell(diag, &told);
}

void diag_vreport(struct diag *diag, struct finding *finding, const char *format, va_list args)
{
	char message[MESSAGE_LEN];

	vsnprintf(message, sizeof(message), format, args);
	text_clean(message); /* what it quotes may be anything */
	finding->message = message;
	diag_report(diag, finding);
}

int diag_error(struct diag *diag, struct place place, const char *format, ...)
{
	struct finding finding = { .place = place, .is_error = true };
	va_list args;

	va_start(args, format);
	diag_vreport(diag, &finding, format, args);
	va_end(args);
	return -EINVAL;
}

void diag_warning(struct diag *diag, struct place place, const char *format, ...)
{
	struct finding finding = { .place = place };
	va_list args;

	va_start(args, format);
	diag_vreport(diag, &finding, format, args);
	va_end(args);
}

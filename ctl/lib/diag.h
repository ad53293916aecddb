/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors and warnings about a place in a file. They are printed in the form that
 * compilers use and editors understand, FILE:LINE:COLUMN: error: message, or
 * handed to who wants their parts.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Errors, and warnings, that are told of one file; all are counted. */
#define DIAG_SHOWN_MAX 50

/**
 * struct place - where something stands in a file
 * @line: from 1; 0 where the whole file is meant
 * @column: in characters, from 1
 */
struct place {
	uint32_t line;
	uint32_t column;
};

/**
 * struct finding - an error or a warning in its parts
 * @file: as struct diag has it
 * @place: in the file; its line is 0 where it has none
 * @is_error: whether it makes the file unacceptable
 * @object: what it is about, such as "externalnetwork ssh"; may be NULL
 * @field: of the object; may be NULL
 * @value: as it was written; may be NULL
 * @message: a sentence without a full stop
 * @hint: what would be right; may be NULL
 */
struct finding {
	const char *file;
	struct place place;
	bool is_error;
	const char *object;
	const char *field;
	const char *value;
	const char *message;
	const char *hint;
};

/**
 * struct diag - what was found in one file
 * @out: where messages go, unless @take is there
 * @file: the file's name as people know it
 * @errors: how many were found
 * @warnings: likewise
 * @take: called with each finding, whose texts are valid during the call; NULL prints
 * @arg: handed to @take
 * @object: what is looked at, for findings that do not say; may be NULL
 * @field: likewise
 */
struct diag {
	FILE *out;
	const char *file;
	unsigned int errors;
	unsigned int warnings;
	void (*take)(const struct finding *finding, void *arg);
	void *arg;
	const char *object;
	const char *field;
};

/**
 * diag_report() - report a finding in its parts
 * @diag: where to
 * @finding: its file is @diag's; an object or a field that is NULL likewise
 */
void diag_report(struct diag *diag, const struct finding *finding);

/**
 * diag_vreport() - report a finding with a message that is put together
 * @diag: where to
 * @finding: as diag_report() takes it; its message is made here
 * @format: printf's
 * @args: for @format
 */
void diag_vreport(struct diag *diag, struct finding *finding, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/**
 * diag_error() - report what makes the file unacceptable
 * @diag: where to
 * @place: of the offending value
 * @format: a sentence without a full stop; printf's
 *
 * Return: -EINVAL, for its caller to return.
 */
int diag_error(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * diag_warning() - report what is taken, but not as it was written
 * @diag: where to
 * @place: of the value
 * @format: a sentence without a full stop; printf's
 */
void diag_warning(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * diag_is_shown() - whether another error is told
 * @diag: where to
 *
 * Return: false where there were so many that no advice need be sought.
 */
static inline bool diag_is_shown(const struct diag *diag)
{
	return diag->errors < DIAG_SHOWN_MAX;
}

#endif /* DIAG_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors and warnings about a place in a file, in the form that compilers use
 * and editors understand: FILE:LINE:COLUMN: error: message.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdint.h>
#include <stdio.h>

/** Errors, and warnings, that are printed of one file; all are counted. */
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
 * struct diag - what was found in one file
 * @out: where messages go
 * @file: the file's name as people know it
 * @errors: how many were found
 * @warnings: likewise
 */
struct diag {
	FILE *out;
	const char *file;
	unsigned int errors;
	unsigned int warnings;
};

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

#endif /* DIAG_H */

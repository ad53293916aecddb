/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which records are exported. */
#ifndef EXPORT_FORMAT_H
#define EXPORT_FORMAT_H

#include "channel.h"
#include "records/record.h"

/**
 * struct format - a form
 * @open: begins; NULL without memory
 * @close: ends; takes NULL
 * @begin: a channel was opened, or its receiver must hear again how to read; may be NULL
 * @send: sends records; @done is how many of them are sent, after an error too
 */
struct format {
	void *(*open)(void);
	void (*close)(void *state);
	int (*begin)(void *state, struct channel *channel);
	int (*send)(void *state, struct channel *channel, const struct record *records,
		    unsigned int n, unsigned int *done);
};

extern const struct format format_json;
extern const struct format format_syslog;
extern const struct format format_ipfix;

#endif /* EXPORT_FORMAT_H */

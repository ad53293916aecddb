/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A query's parameters by their types; what is wrong with one is answered. */
#ifndef PARAMETERS_H
#define PARAMETERS_H

#include <stdbool.h>

#include "model/filter.h"
#include "records/query.h"
#include "request.h"

/**
 * parameter_word() - a parameter that is one of several words
 * @request: answered where it is none of them
 * @name: of the parameter
 * @words: NULL behind the last
 * @index: of the word; stays where the parameter is absent
 *
 * Return: whether all was right.
 */
bool parameter_word(struct request *request, const char *name, const char *const *words,
		    unsigned int *index);

/**
 * parameter_number() - a parameter that is a number
 * @request: as parameter_word(); likewise the other functions here
 * @name: of the parameter
 * @min: the least it may be
 * @max: the most
 * @number: stays where the parameter is absent
 */
bool parameter_number(struct request *request, const char *name, unsigned long long min,
		      unsigned long long max, unsigned long long *number);

/**
 * parameter_bool() - a parameter that is true or false; its name alone means true
 * @request: as parameter_word()
 * @name: of the parameter
 * @value: stays where the parameter is absent
 */
bool parameter_bool(struct request *request, const char *name, bool *value);

/**
 * parameter_namespace() - the parameter "namespace"
 * @request: as parameter_word()
 * @namespace: absolute; "/" where the parameter is absent
 */
bool parameter_namespace(struct request *request, const char **namespace);

/**
 * parameter_filter() - the parameter "filter"
 * @request: as parameter_word()
 * @filter: NULL where the parameter is absent; filter_free() it
 */
bool parameter_filter(struct request *request, struct filter **filter);

/**
 * parameter_query() - the parameter "q", of flows
 * @request: as parameter_word()
 * @query: one that chooses everything where the parameter is absent; query_free() it
 */
bool parameter_query(struct request *request, struct query **query);

/**
 * parameter_time() - a parameter that is a time
 * @request: as parameter_word()
 * @name: of the parameter
 * @time: microseconds since 1970; stays where the parameter is absent
 */
bool parameter_time(struct request *request, const char *name, int64_t *time);

#endif /* PARAMETERS_H */

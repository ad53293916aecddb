/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making revisions: changes of the store and the kernel that happen both, or
 * neither.
 *
 * The order, and what a crash leaves behind each step:
 *
 *	1. the revision is written, but not committed: nothing
 *	2. the kernel takes the policy on trial: nothing in the store, and the kernel
 *	   goes back by itself, or at the next start
 *	3. the revision is committed: the store has it; the next start confirms it, or
 *	   loads it where the kernel went back
 *	4. the trial is confirmed, unless the administrator is to do that
 *
 * Where 3 fails, the kernel is sent back at once. A full disk shows in 1.
 */
#ifndef REVISE_H
#define REVISE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "draft.h"
#include "request.h"
#include "service.h"

/**
 * struct revise_how - how a revision comes about
 * @existing: enum mseg_existing
 * @confirm_within: seconds; 0 where no confirmation is needed
 * @check: only say what would come of it
 * @reason: the author's, or ""
 * @warnings: a list of those that reading the request gave, put into the answer
 *	and freed; may be NULL
 * @action: what was asked for, for the list of revisions
 */
struct revise_how {
	uint8_t existing;
	uint32_t confirm_within;
	bool check;
	const char *reason;
	struct json_object *warnings;
	char action[256];
};

/**
 * revise_read_how() - read how from a request's query
 * @request: answered where something is wrong
 * @how: the result; its action is for the caller to fill in
 *
 * Return: whether all was right.
 */
bool revise_read_how(struct request *request, struct revise_how *how);

/**
 * struct revise_answer - what is answered when all went well
 * @status: HTTP's
 * @key: of @value in the answer; NULL for none
 * @value: freed
 */
struct revise_answer {
	unsigned int status;
	const char *key;
	struct json_object *value;
};

/**
 * revise() - make a revision, and answer its request
 * @service: the service
 * @request: answered in any case
 * @next: what the revision is to hold; taken over
 * @how: how
 * @answer: what is answered, beside what every change answers
 *
 * What it changes is authorised here.
 */
void revise(struct service *service, struct request *request, struct draft *next,
	    struct revise_how *how, const struct revise_answer *answer);

/**
 * revise_of() - the revision that changed an object last, which is its ETag
 * @service: the service
 * @object: of what there is now
 */
uint64_t revise_of(const struct service *service, const struct model_object *object);

/**
 * revise_may() - whether a caller may make changes; answered with 403 if not
 * @service: the service
 * @request: the caller's
 * @changes: all of them
 */
bool revise_may(struct service *service, struct request *request, const struct changes *changes);

/**
 * revise_administers() - whether a caller has the role admin where the host is
 * @service: the service
 * @request: whose caller it is about
 */
bool revise_administers(const struct service *service, const struct request *request);

/**
 * revise_may_go() - whether a caller may change all that differs between two
 *	revisions; answered if not
 * @service: the service
 * @request: the caller's
 * @from: a revision
 * @to: another one
 */
bool revise_may_go(struct service *service, struct request *request, uint64_t from, uint64_t to);

#endif /* REVISE_H */

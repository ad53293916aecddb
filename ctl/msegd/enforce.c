// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's side. */
#include "enforce.h"

#include <errno.h>
#include <linux/mseg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/txn.h"
#include "same.h"

/* Microseconds between looks whether the module is there, still or at last. */
#define LOOK_EVERY 2000000ULL

struct enforce {
	sd_event *event;
	sd_event_source *looker;
	sd_event_source *heard;
	void (*changed)(void *arg);
	void *arg;
	/* NULL without the module. */
	struct client *client;
	struct client *listener;
	unsigned int instance;
};

/* --- coming and going ----------------------------------------------------- */

static int skip(int command, struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	(void)command;
	(void)attrs;
	(void)message;
	(void)arg;
	return 0;
}

/* What exactly happened is asked for; that something did is enough here. */
static int on_heard(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct enforce *enforce = arg;
	int err;

	(void)source;
	(void)fd;
	(void)events;
	do {
		err = client_receive(enforce->listener, skip, NULL);
	} while (!err || err == -ENOBUFS);
	enforce->changed(enforce->arg);
	return 0;
}

static void forget(struct enforce *enforce)
{
	sd_event_source_disable_unref(enforce->heard);
	enforce->heard = NULL;
	client_close(enforce->listener);
	client_close(enforce->client);
	enforce->listener = enforce->client = NULL;
}

static int find(struct enforce *enforce)
{
	int err = client_open(&enforce->client);

	if (!err)
		err = client_open(&enforce->listener);
	if (!err)
		err = client_subscribe(enforce->listener, MSEG_MCGRP_POLICY);
	if (!err)
		err = sd_event_add_io(enforce->event, &enforce->heard, client_fd(enforce->listener),
				      EPOLLIN, on_heard, enforce);
	if (err < 0) {
		forget(enforce);
		return err;
	}
	enforce->instance++;
	return 0;
}

/* The family is another one after the module was loaded anew. */
static int check(struct enforce *enforce, int err)
{
	if (err == -ENOENT || err == -EOPNOTSUPP)
		forget(enforce);
	return err == -EOPNOTSUPP ? -ENOENT : err;
}

static int on_look(sd_event_source *source, uint64_t time, void *arg)
{
	struct enforce *enforce = arg;
	bool there = enforce->client;
	struct kernel_status status;

	if (there)
		enforce_status(enforce, &status);
	else
		find(enforce);
	if (there != !!enforce->client)
		enforce->changed(enforce->arg);
	sd_event_source_set_time(source, time + LOOK_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int enforce_open(sd_event *event, void (*changed)(void *arg), void *arg, struct enforce **result)
{
	struct enforce *enforce = calloc(1, sizeof(*enforce));
	int err;

	if (!enforce)
		return -ENOMEM;
	enforce->event = sd_event_ref(event);
	enforce->changed = changed;
	enforce->arg = arg;
	find(enforce);
	err = sd_event_add_time_relative(event, &enforce->looker, CLOCK_MONOTONIC, LOOK_EVERY,
					 LOOK_EVERY / 4, on_look, enforce);
	if (err < 0)
		enforce_close(enforce);
	else
		*result = enforce;
	return err < 0 ? err : 0;
}

void enforce_close(struct enforce *enforce)
{
	if (!enforce)
		return;
	forget(enforce);
	sd_event_source_disable_unref(enforce->looker);
	sd_event_unref(enforce->event);
	free(enforce);
}

/* --- asking --------------------------------------------------------------- */

int enforce_status(struct enforce *enforce, struct kernel_status *status)
{
	memset(status, 0, sizeof(*status));
	if (!enforce->client)
		return -ENOENT;
	return check(enforce, kernel_status(enforce->client, status));
}

unsigned int enforce_instance(const struct enforce *enforce)
{
	return enforce->client ? enforce->instance : 0;
}

struct client *enforce_client(struct enforce *enforce)
{
	return enforce->client;
}

int enforce_is(struct enforce *enforce, const struct mseg_policy *policy)
{
	struct kernel_policy read = { 0 };
	int result;

	if (!enforce->client)
		return -ENOENT;
	result = check(enforce, kernel_policy(enforce->client, KERNEL_ENTRIES, &read));
	if (!result)
		result = same_policy(read.policy, policy);
	kernel_policy_free(&read);
	return result;
}

/* --- changing ------------------------------------------------------------- */

int enforce_load(struct enforce *enforce, const struct mseg_policy *policy,
		 const struct enforce_options *options, uint32_t *generation)
{
	static const bool given[2] = { true, true };
	struct txn_options how = {
		.existing = options->existing,
		.confirm_within = options->confirm_within,
		.silent = { policy->silent[0], policy->silent[1] },
	};
	struct txn_fault fault;

	if (!enforce->client)
		return -ENOENT;
	return check(enforce, txn_load(enforce->client, policy, given, &how, generation, &fault));
}

int enforce_confirm(struct enforce *enforce, uint32_t generation)
{
	if (!enforce->client)
		return -ENOENT;
	return check(enforce, txn_confirm(enforce->client, generation));
}

int enforce_revert(struct enforce *enforce)
{
	if (!enforce->client)
		return -ENOENT;
	return check(enforce, client_do(enforce->client, MSEG_C_POLICY_REVERT, 0, NULL, NULL));
}

const char *enforce_why(const struct enforce *enforce, int err)
{
	if (!enforce->client || err == -ENOENT)
		return "the module is not loaded";
	if (client_refusal(enforce->client)->text[0])
		return client_refusal(enforce->client)->text;
	return strerror(-err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side: putting a policy in force, and hearing when another one
 * comes into force. The module may come and go; it is never loaded from here.
 */
#ifndef ENFORCE_H
#define ENFORCE_H

#include <mseg/core.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/kernel.h"

struct enforce;

/**
 * struct enforce_options - how a policy comes into force
 * @existing: enum mseg_existing
 * @confirm_within: seconds; never 0
 */
struct enforce_options {
	uint8_t existing;
	uint32_t confirm_within;
};

/**
 * enforce_open() - look for the module
 * @event: the loop
 * @changed: called when a policy came into force, or the module came or went,
 *	which may have been the caller's own doing
 * @arg: handed to @changed
 * @enforce: the result
 *
 * Return: 0, with or without the module, or an error.
 */
int enforce_open(sd_event *event, void (*changed)(void *arg), void *arg, struct enforce **enforce);

/**
 * enforce_close() - stop listening; what is in force stays so
 * @enforce: may be NULL
 */
void enforce_close(struct enforce *enforce);

/**
 * enforce_status() - what the module says
 * @enforce: the kernel's side
 * @status: the result
 *
 * Return: 0, -ENOENT where it is not loaded, or another error.
 */
int enforce_status(struct enforce *enforce, struct kernel_status *status);

/**
 * enforce_instance() - tells one loading of the module from another
 * @enforce: the kernel's side
 *
 * Return: a number that is another one whenever the module was found anew, or 0.
 */
unsigned int enforce_instance(const struct enforce *enforce);

/**
 * enforce_load() - put a policy in force, on trial
 * @enforce: the kernel's side
 * @policy: the policy
 * @options: how
 * @generation: its own
 *
 * Return: 0 or what the module refused with; what was in force stays then.
 */
int enforce_load(struct enforce *enforce, const struct mseg_policy *policy,
		 const struct enforce_options *options, uint32_t *generation);

/**
 * enforce_confirm() - keep a policy that is on trial
 * @enforce: the kernel's side
 * @generation: its own
 *
 * Return: 0, -ESRCH where none is on trial, -ESTALE where another is, or another error.
 */
int enforce_confirm(struct enforce *enforce, uint32_t generation);

/**
 * enforce_revert() - go back from the policy that is on trial
 * @enforce: the kernel's side
 *
 * Return: 0, -ESRCH where none is, or another error.
 */
int enforce_revert(struct enforce *enforce);

/**
 * enforce_is() - whether the kernel enforces a policy
 * @enforce: the kernel's side
 * @policy: the policy
 *
 * Return: 1 or 0, or an error.
 */
int enforce_is(struct enforce *enforce, const struct mseg_policy *policy);

/**
 * enforce_why() - what the module said of the last error, or what that means
 * @enforce: the kernel's side
 * @err: the error
 */
const char *enforce_why(const struct enforce *enforce, int err);

/**
 * enforce_client() - for reading what else the module knows
 * @enforce: the kernel's side
 *
 * Return: a connection or NULL.
 */
struct client *enforce_client(struct enforce *enforce);

#endif /* ENFORCE_H */

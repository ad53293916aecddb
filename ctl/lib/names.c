// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of rules and networks by generation. */
#include "names.h"
#include "kernel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct names {
	struct client *client;
	/* Without entries, kept for their names. */
	struct kernel_policy generations[NAMES_GENERATIONS];
	unsigned int next;
	/* Asked for and too late: not to be asked for again. */
	uint32_t newest;
};

struct names *names_new(struct client *client)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		names->client = client;
	return names;
}

void names_free(struct names *names)
{
	unsigned int i;

	if (!names)
		return;
	for (i = 0; i < NAMES_GENERATIONS; i++)
		kernel_policy_free(&names->generations[i]);
	client_close(names->client);
	free(names);
}

static bool is_newer(uint32_t generation, uint32_t than)
{
	return (int32_t)(generation - than) > 0;
}

static const struct mseg_policy *find(const struct names *names, uint32_t number)
{
	unsigned int i;

	for (i = 0; names && i < NAMES_GENERATIONS; i++)
		if (names->generations[i].policy && names->generations[i].generation == number)
			return names->generations[i].policy;
	return NULL;
}

static int learn(struct names *names, unsigned int part)
{
	struct kernel_policy policy;
	int err = kernel_policy(names->client, part, &policy);

	if (err || find(names, policy.generation)) {
		kernel_policy_free(&policy);
		return err;
	}
	if (is_newer(policy.generation, names->newest))
		names->newest = policy.generation;
	kernel_policy_free(&names->generations[names->next]);
	names->generations[names->next] = policy;
	names->next = (names->next + 1) % NAMES_GENERATIONS;
	return 0;
}

int names_refresh(struct names *names)
{
	int err = learn(names, KERNEL_NAMES);

	/* Mostly there is no candidate. */
	if (!err)
		err = learn(names, KERNEL_CANDIDATE);
	return err == -ENOENT ? 0 : err;
}

void names_want(struct names *names, uint32_t generation)
{
	/* An older one than the newest is gone for ever. */
	if (is_newer(generation, names->newest))
		names_refresh(names);
}

const char *names_rule(const struct names *names, uint32_t generation, uint32_t rule)
{
	const struct mseg_policy *policy = find(names, generation);

	return policy && rule < policy->n_rules ? policy->rules[rule].name : NULL;
}

const char *names_network(const struct names *names, uint32_t generation, uint32_t network)
{
	const struct mseg_policy *policy = find(names, generation);

	return policy && network < policy->n_networks ? policy->networks[network].name : NULL;
}

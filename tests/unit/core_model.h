/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random policies and keys, as plain arrays: what the core is given to build,
 * and what the reference (core_reference.h) judges by.
 *
 * They are made from a stream of choices, which a generator of random numbers
 * or a fuzzer's bytes provide, and aim at the places where classifiers break:
 * prefixes that nest, touch or end the address space, exclusions within
 * exclusions, keys at the edges of prefixes and ranges.
 */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mseg/core.h>

#define MODEL_NETWORKS 6
#define MODEL_ENTRIES 20
#define MODEL_RULES 10
#define MODEL_SERVICES 8
#define MODEL_DELTAS 4

struct model_network {
	struct mseg_prefix entries[MODEL_ENTRIES];
	unsigned int n;
};

struct model_rule {
	__u32 networks[MODEL_NETWORKS];
	unsigned int n_networks;
	struct mseg_service services[MODEL_SERVICES];
	unsigned int n_services;
	__u8 direction;
	__u8 action;
	__u8 observed;
};

struct model {
	struct model_network networks[MODEL_NETWORKS];
	unsigned int n_networks;
	struct model_rule rules[MODEL_RULES];
	unsigned int n_rules;
	__u8 defaults[2];
};

/**
 * struct choices - a stream of choices
 * @state: of the generator of random numbers
 * @bytes: taken instead of random numbers, unless NULL
 * @left: how many bytes; behind them every choice is the first
 */
struct choices {
	uint64_t state;
	const uint8_t *bytes;
	size_t left;
};

/** choose() - one of @n. Return: 0 to @n - 1. */
unsigned int choose(struct choices *choices, unsigned int n);

/** model_fill() - make a policy; it may be one that must be refused. */
void model_fill(struct model *model, struct choices *choices);

/** model_key() - make a key, most often one at an edge of the policy. */
void model_key(const struct model *model, struct mseg_key *key, struct choices *choices);

/**
 * model_build() - build and compile a policy through the core
 * @model: the policy
 * @policy: set on success, NULL on error
 * @refusal: filled on error
 *
 * Return: 0 or what the core returned.
 */
int model_build(const struct model *model, struct mseg_policy **policy,
		struct mseg_refusal *refusal);

/**
 * model_change() - make a change of a network, each entry at most once
 * @model: the policy
 * @network: set to the network's index
 * @deltas: filled, MODEL_DELTAS at most
 * @choices: what to make
 *
 * Return: how many deltas.
 */
unsigned int model_change(const struct model *model, __u32 *network, struct mseg_delta *deltas,
			  struct choices *choices);

/**
 * model_apply() - make that change
 * @model: changed
 * @network: index
 * @deltas: each entry at most once
 * @n: how many
 *
 * Return: false where an entry is there that is to be added, or is not there that is to
 * be removed.
 */
bool model_apply(struct model *model, __u32 network, const struct mseg_delta *deltas,
		 unsigned int n);

/** model_repeats() - whether a network lists a prefix twice. */
bool model_repeats(const struct model_network *network);

/** model_print() - show a policy on stderr, for people. */
void model_print(const struct model *model);

/** model_print_key() - show a key on stderr. */
void model_print_key(const struct mseg_key *key);

#endif /* CORE_MODEL_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of rules and networks by generation: a flow record holds indices, which
 * mean something in the generation that judged the flow alone.
 */
#ifndef NAMES_H
#define NAMES_H

#include "client.h"

#include <stdint.h>

/** Generations that are remembered; the oldest gives way. */
#define NAMES_GENERATIONS 16

struct names;

/**
 * names_new() - begin to remember names
 * @client: a connection of its own, closed with it
 *
 * Return: what is remembered, or NULL without memory.
 */
struct names *names_new(struct client *client);

/**
 * names_free() - forget
 * @names: may be NULL
 */
void names_free(struct names *names);

/**
 * names_refresh() - learn the names of the policy in force, and of the candidate
 * @names: where to
 *
 * Return: 0 or an error of kernel_policy().
 */
int names_refresh(struct names *names);

/**
 * names_want() - learn a generation's names, if they can still be had
 * @names: where to
 * @generation: that a record names
 */
void names_want(struct names *names, uint32_t generation);

/**
 * names_rule() - a rule's name
 * @names: what is remembered; NULL for nothing
 * @generation: that the index belongs to
 * @rule: index
 *
 * Return: the name, or NULL where the generation was never seen. Valid until
 * names are learnt again.
 */
const char *names_rule(const struct names *names, uint32_t generation, uint32_t rule);

/** names_network() - likewise for a network */
const char *names_network(const struct names *names, uint32_t generation, uint32_t network);

#endif /* NAMES_H */

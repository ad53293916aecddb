/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flat policy, the form in which a policy without a controller is written:
 *
 *	{"defaults": {"in": "allow", "out": "reject"},
 *	 "networks": [{"name": "ssh", "entries": ["10.0.0.0/8", "!10.9.0.0/16"]},
 *		      {"name": "store", "entries": ["api.snapcraft.io", "*.snapcraftcontent.com"]}],
 *	 "rules": [{"name": "Allow SSH", "direction": "in", "networks": ["ssh"],
 *		    "services": ["tcp/22"], "action": "allow", "cookie": 7}]}
 *
 * in JSON or YAML. Every part may be left out: without networks or rules there
 * are none, a default that is not given stays as it is in force. A rule's name
 * and cookie may be left out too; the cookie is then its number, from 1. A rule that has
 * "observationEnabled": true decides nothing.
 */
#ifndef FLAT_H
#define FLAT_H

#include <mseg/core.h>

#include "diag.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * struct flat_network - where a network stands in its file
 * @place: of the object
 * @entries: those that are addresses, by index in the policy
 */
struct flat_network {
	struct place place;
	struct place *entries;
};

/**
 * struct flat - a policy and where its parts stand
 * @policy: compiled; its defaults are allow where they are not given
 * @given: whether the default of a direction was given
 * @defaults: where they are
 * @networks: by index
 * @rules: by index
 * @n_networks: how many @networks there are
 */
struct flat {
	struct mseg_policy *policy;
	bool given[2];
	struct place defaults;
	struct flat_network *networks;
	struct place *rules;
	unsigned int n_networks;
};

/**
 * flat_read() - read, check and compile a flat policy
 * @data: the file's bytes
 * @len: how many
 * @flat: the result; to be freed even after an error
 * @diag: told of all that is wrong, and of what was not taken as written
 *
 * Return: 0, or -EINVAL or -ENOMEM, with errors in @diag.
 */
int flat_read(const char *data, size_t len, struct flat *flat, struct diag *diag);

/**
 * flat_free() - free what a flat policy holds
 * @flat: as flat_read() left it
 */
void flat_free(struct flat *flat);

#endif /* FLAT_H */

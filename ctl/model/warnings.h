/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is valid, and does what nobody meant: each warning with the object, the field,
 * the value and what would be right.
 */
#ifndef MODEL_WARNINGS_H
#define MODEL_WARNINGS_H

#include "compile.h"
#include "model.h"
#include "lib/diag.h"

/**
 * warnings_find() - warn of objects, whichever host they apply to
 * @model: all objects
 * @only: the one object to look at, or NULL for all
 * @diag: told of networks with 0.0.0.0/0 and without ::/0, of equal networks, of rulesets that apply to no host or have no
 *	rules, of selectors that choose nothing, with what was meant, and of rules that
 *	can never match. Disabled rulesets are left alone
 *
 * Networks that hold everybody, 0.0.0.0/0 or ::/0 or both and nothing else, are not
 * reported as equal: the documented procedure makes one for each service.
 *
 * Return: 0 or -ENOMEM.
 */
int warnings_find(const struct model *model, const struct model_object *only, struct diag *diag);

/**
 * warnings_find_compiled() - warn of what rules do to each other on a host
 * @resolution: what applies to the host
 * @compiled: the policy made of it
 * @diag: told of rules that allow what another one rejects, and of defaults that
 *	reject where no rule allows anything, or no IPv6 address
 */
void warnings_find_compiled(const struct resolution *resolution, const struct compiled *compiled,
			    struct diag *diag);

#endif /* MODEL_WARNINGS_H */

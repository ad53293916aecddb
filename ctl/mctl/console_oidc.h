/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mctl console oidc-keys. */
#ifndef CONSOLE_OIDC_H
#define CONSOLE_OIDC_H

#include "mctl.h"

/** What fetches the keys of the provider of OpenID Connect, which msegd does not by itself. */
extern const struct command oidc_keys_command;

#endif /* CONSOLE_OIDC_H */

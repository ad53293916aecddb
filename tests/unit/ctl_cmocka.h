/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka needs these before it. */
#ifndef CTL_CMOCKA_H
#define CTL_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif /* CTL_CMOCKA_H */

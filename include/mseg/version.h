/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that the version is written down. */
#ifndef MSEG_VERSION_H
#define MSEG_VERSION_H

#define MSEG_VERSION "0.1.0"

#endif /* MSEG_VERSION_H */

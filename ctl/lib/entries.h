/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network's entries must be to each other (POLICY.md, "Parts"): an
 * exclusion lies strictly inside an entry, and no prefix is both.
 */
#ifndef ENTRIES_H
#define ENTRIES_H

#include <mseg/core.h>

#include <stdint.h>

/** enum entry_fault - what is wrong with an entry */
enum entry_fault {
	ENTRY_FINE,
	/** the same as an earlier one, harmless */
	ENTRY_REPEATED,
	/** the same prefix as another one, with and without "!" */
	ENTRY_CONTRADICTED,
	/** an exclusion that no entry of the network holds */
	ENTRY_OUTSIDE,
};

/**
 * entries_check() - judge every entry of a network
 * @entries: the entries
 * @n: how many
 * @faults: by entry; of two that contradict each other the later has the fault
 *
 * Return: 0 or -ENOMEM.
 */
int entries_check(const struct mseg_prefix *entries, uint32_t n, enum entry_fault *faults);

#endif /* ENTRIES_H */

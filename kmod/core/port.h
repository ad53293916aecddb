/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one file of the core that knows which side it is compiled for: memory,
 * sorting, numbers that nobody guesses, and giving the processor away in long loops.
 */
#ifndef MSEG_PORT_H
#define MSEG_PORT_H

#ifdef __KERNEL__

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/types.h>

static inline void *mseg_alloc(size_t n, size_t size)
{
	return kvcalloc(n, size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

static inline void mseg_free(const void *memory)
{
	kvfree(memory);
}

static inline void mseg_sort(void *base, size_t n, size_t size,
			     int (*compare)(const void *a, const void *b))
{
	sort(base, n, size, compare, NULL);
}

static inline void mseg_breathe(void)
{
	cond_resched();
}

static inline u64 mseg_seed(void)
{
	return get_random_u64();
}

#else /* user space */

#include <endian.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __s16 s16;
typedef __u32 u32;
typedef __u64 u64;

#define be64_to_cpu(value) be64toh(value)
#define noinline /* only the module counts instructions */

/* Of a structure with an array at its end, whose length is bounded. */
#define struct_size(pointer, member, n) offsetof(typeof(*(pointer)), member[n])

static inline void *mseg_alloc(size_t n, size_t size)
{
	return calloc(n, size);
}

static inline void mseg_free(const void *memory)
{
	free((void *)memory);
}

static inline void mseg_sort(void *base, size_t n, size_t size,
			     int (*compare)(const void *a, const void *b))
{
	qsort(base, n, size, compare);
}

static inline void mseg_breathe(void)
{
}

static inline u64 mseg_seed(void)
{
	u64 seed = 0;

	/* Without one it works as well, for who fears no crafted lists. */
	(void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	return seed;
}

#endif

/** mseg_load64() - of 8 bytes in network order, wherever they are. */
static inline u64 mseg_load64(const u8 *from)
{
	__be64 value;

	memcpy(&value, from, sizeof(value));
	return be64_to_cpu(value);
}

#endif /* MSEG_PORT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front of a connection cache: where the short way looks first. It is a table of
 * sets of a few pointers, by a cheap mixture of addresses and ports. Some bits of the
 * mixture are kept in those that a pointer's alignment leaves free, so that others'
 * entries, which are cold memory, are seldom read to be told apart.
 *
 * The mixture is no secret: whoever makes connections collide there makes them be
 * looked up by the keyed hash, and no more.
 */
#ifndef MSEG_FRONT_H
#define MSEG_FRONT_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/types.h>

struct mseg_conn;

/* Connections of a set. */
#define MSEG_FRONT_WAYS 4

/* An entry is aligned to that, and its pointer has a tag in what is below. */
#define MSEG_FRONT_ALIGN 64
#define MSEG_FRONT_TAG_BITS 6
#define MSEG_FRONT_TAG GENMASK(MSEG_FRONT_TAG_BITS - 1, 0)

/**
 * struct mseg_front_set - connections whose mixtures begin with the same bits
 * @ways: addresses of entries, each with its mixture's next bits; 0 where there is none
 */
struct mseg_front_set {
	unsigned long ways[MSEG_FRONT_WAYS];
};

/**
 * struct mseg_front - the table
 * @sets: by the first bits of a mixture
 * @shift: what is left of a mixture is the number of a set, and a tag
 */
struct mseg_front {
	struct mseg_front_set *sets;
	u32 shift;
};

/**
 * mseg_front_mix_ipv4() - where a connection may be
 * @local: address
 * @remote: address
 * @ports: see mseg_conn_ports()
 * @protocol: of IP
 *
 * Return: a mixture, of which the first bits are the best.
 */
static inline u64 mseg_front_mix_ipv4(__be32 local, __be32 remote, u32 ports, u8 protocol)
{
	u64 addresses = (__force u32)(local ^ remote);

	return ((addresses << 32 | ports) + protocol) * GOLDEN_RATIO_64;
}

/**
 * mseg_front_mix_ipv6() - where a connection may be
 * @local: address
 * @remote: address
 * @ports: see mseg_conn_ports()
 * @protocol: of IP
 *
 * Return: a mixture, of which the first bits are the best.
 */
static inline u64 mseg_front_mix_ipv6(const struct in6_addr *local, const struct in6_addr *remote,
				      u32 ports, u8 protocol)
{
	const u64 *a = (const u64 *)local, *b = (const u64 *)remote;

	return ((a[0] ^ a[1] ^ b[0] ^ b[1] ^ (u64)ports << 16) + protocol) * GOLDEN_RATIO_64;
}

/**
 * mseg_front_look() - the connection that is in one way of a set
 * @front: the table
 * @mix: of addresses and ports
 * @way: below MSEG_FRONT_WAYS
 *
 * Under RCU.
 *
 * Return: an entry, seldom of another connection, valid until rcu_read_unlock(); or
 * NULL, and another way may have it.
 */
static __always_inline struct mseg_conn *mseg_front_look(const struct mseg_front *front, u64 mix,
							 unsigned int way)
{
	unsigned long place = mix >> front->shift;
	const struct mseg_front_set *set = &front->sets[place >> MSEG_FRONT_TAG_BITS];
	/* What is read next depends on it, as with rcu_dereference(). */
	unsigned long entry = READ_ONCE(set->ways[way]) ^ (place & MSEG_FRONT_TAG);

	return entry & MSEG_FRONT_TAG ? NULL : (struct mseg_conn *)entry;
}

/**
 * mseg_front_init() - an empty table
 * @front: the result
 * @connections: that may have a place; a power of two, MSEG_FRONT_WAYS at least
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int mseg_front_init(struct mseg_front *front, u32 connections);

/**
 * mseg_front_free() - free a table
 * @front: nobody reads it any more; initialized, or zeroed
 *
 * May sleep.
 */
void mseg_front_free(struct mseg_front *front);

/**
 * mseg_front_has() - whether a connection has a place
 * @front: the table
 * @conn: valid
 *
 * Any context.
 *
 * Return: true when it has; it may lose it at any time.
 */
bool mseg_front_has(const struct mseg_front *front, const struct mseg_conn *conn);

/**
 * mseg_front_enter() - give a connection a place
 * @front: the table
 * @conn: complete; it keeps a place that it has, and else takes one that is free, or that
 *	of who was not seen for longest
 *
 * Under RCU and a lock of @conn's, which mseg_front_leave() holds too.
 */
void mseg_front_enter(struct mseg_front *front, struct mseg_conn *conn);

/**
 * mseg_front_leave() - take a connection's place away, where it has one
 * @front: the table
 * @conn: that is freed after a grace period
 *
 * Under the lock of mseg_front_enter().
 */
void mseg_front_leave(struct mseg_front *front, const struct mseg_conn *conn);

#endif /* MSEG_FRONT_H */

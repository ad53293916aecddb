// SPDX-License-Identifier: GPL-2.0
/*
 * A set belongs to no bucket, so that several processors may change it at a time, each
 * for another connection. One may write over what another has just written: then that
 * connection has no place, as if it had come first. Nobody but who holds its lock puts
 * an entry into a way, so that it has one at most, and none once it has left.
 */
#include "front.h"

#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "conn.h"

static_assert(MSEG_FRONT_ALIGN == BIT(MSEG_FRONT_TAG_BITS));

int mseg_front_init(struct mseg_front *front, u32 connections)
{
	u32 sets = connections / MSEG_FRONT_WAYS;

	front->sets = kvcalloc(sets, sizeof(*front->sets), GFP_KERNEL);
	front->shift = 64 - ilog2(sets) - MSEG_FRONT_TAG_BITS;
	return front->sets ? 0 : -ENOMEM;
}

void mseg_front_free(struct mseg_front *front)
{
	kvfree(front->sets);
}

static u64 mix_of(const struct mseg_conn_key *key)
{
	u32 ports = mseg_conn_ports(key);

	return key->family == MSEG_FAMILY_IPV4 ?
		       mseg_front_mix_ipv4(key->local.s6_addr32[0], key->remote.s6_addr32[0], ports,
					   key->protocol) :
		       mseg_front_mix_ipv6(&key->local, &key->remote, ports, key->protocol);
}

/* The ways that a connection may be in, and what stands there for it. */
static unsigned long *ways_of(const struct mseg_front *front, const struct mseg_conn *conn,
			      unsigned long *entry)
{
	unsigned long place = mix_of(&conn->key) >> front->shift;

	*entry = (unsigned long)conn | (place & MSEG_FRONT_TAG);
	return front->sets[place >> MSEG_FRONT_TAG_BITS].ways;
}

bool mseg_front_has(const struct mseg_front *front, const struct mseg_conn *conn)
{
	const unsigned long *ways;
	unsigned long entry;
	unsigned int way;

	ways = ways_of(front, conn, &entry);
	for (way = 0; way < MSEG_FRONT_WAYS; way++)
		if (READ_ONCE(ways[way]) == entry)
			return true;
	return false;
}

/* Under RCU, by which all that are there can be asked. */
static unsigned int free_or_idle(const unsigned long *ways)
{
	unsigned long last_seen, longest = 0;
	unsigned int way, idle = 0;

	for (way = 0; way < MSEG_FRONT_WAYS; way++) {
		const struct mseg_conn *conn =
			(const struct mseg_conn *)(READ_ONCE(ways[way]) & ~MSEG_FRONT_TAG);

		if (!conn)
			return way;
		last_seen = READ_ONCE(conn->last_seen);
		if (!way || time_before(last_seen, longest)) {
			longest = last_seen;
			idle = way;
		}
	}
	return idle;
}

void mseg_front_enter(struct mseg_front *front, struct mseg_conn *conn)
{
	unsigned long entry, *ways;

	if (mseg_front_has(front, conn))
		return;
	ways = ways_of(front, conn, &entry);
	/* Pairs with mseg_front_look(). */
	smp_store_release(&ways[free_or_idle(ways)], entry);
}

void mseg_front_leave(struct mseg_front *front, const struct mseg_conn *conn)
{
	unsigned long entry, *ways;
	unsigned int way;

	ways = ways_of(front, conn, &entry);
	for (way = 0; way < MSEG_FRONT_WAYS; way++)
		if (READ_ONCE(ways[way]) == entry)
			cmpxchg(&ways[way], entry, 0);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What connections carry, counted by each processor for itself, so that the short
 * way writes no memory that other processors use. A processor counts a few
 * connections at a time. Who comes several times in a row, and finds his place taken,
 * takes it, and what was counted there is added to the connection that had it.
 *
 * There are two tables a processor, since a softirq may come in the middle of what a
 * process counts. Their processor counts in them without their lock, which is taken
 * to change whom a place counts, and by other processors to read it.
 */
#ifndef MSEG_TALLY_H
#define MSEG_TALLY_H

#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>

#include "conn.h"

/* Places of a table, as a power of two. */
#define MSEG_TALLY_BITS 6
#define MSEG_TALLY_PLACES BIT(MSEG_TALLY_BITS)

/* Packets in a row, of a connection without a place, that give it one. */
#define MSEG_TALLY_PATIENCE 4

/**
 * struct mseg_tally - what was counted of one connection and not added to it yet
 * @conn: the connection, or NULL
 * @next: who found the place taken last, to be compared and never followed
 * @came: how often in a row
 * @packets: by direction, in then out
 * @bytes: the same
 */
struct mseg_tally {
	struct mseg_conn *conn;
	const struct mseg_conn *next;
	unsigned int came;
	u64 packets[2];
	u64 bytes[2];
} ____cacheline_aligned;

/**
 * struct mseg_tallies - a table of a processor, for processes or for softirqs
 * @lock: guards whom a place counts; raw, and held without interrupts, so that whoever
 *	holds it goes on, and for a few instructions
 * @places: by mseg_tally_place()
 */
struct mseg_tallies {
	raw_spinlock_t lock; /* see above */
	struct mseg_tally places[MSEG_TALLY_PLACES];
};

/**
 * struct mseg_carried - what a connection carried in all
 * @packets: by direction, in then out
 * @bytes: the same
 */
struct mseg_carried {
	u64 packets[2];
	u64 bytes[2];
};

/* Two a processor: of its processes, of its softirqs. */
extern struct mseg_tallies __percpu *mseg_tallies;

/** mseg_tally_init() - once, at module load. Return: 0 or -ENOMEM. */
int mseg_tally_init(void);

/** mseg_tally_exit() - once, when no connection is left. */
void mseg_tally_exit(void);

/*
 * The place of a connection in a table. Whoever makes connections collide there makes
 * most of their packets be counted as if there were no table.
 */
static __always_inline struct mseg_tally *mseg_tally_place(struct mseg_tallies *tallies,
							   const struct mseg_conn *conn)
{
	const struct mseg_conn_key *key = &conn->key;
	/* Of services between equal ports the peers differ. */
	__be32 peer = key->remote.s6_addr32[0] ^ key->remote.s6_addr32[3];

	return &tallies->places[hash_32(mseg_conn_ports(key) ^ (__force u32)peer, MSEG_TALLY_BITS)];
}

/* The table that nobody else counts in while this task is not preempted. */
static __always_inline struct mseg_tallies *mseg_tallies_here(void)
{
	return this_cpu_ptr(mseg_tallies) + !!in_softirq();
}

/**
 * mseg_tally_miss() - count a packet of whom this processor does not count yet
 * @conn: found under the same RCU
 * @out: from this host
 * @bytes: of IP
 * @packets: that it is on the wire
 *
 * Under RCU, in softirq or process context.
 */
void mseg_tally_miss(struct mseg_conn *conn, bool out, u32 bytes, u32 packets);

/**
 * mseg_tally_count() - count what a packet brought
 * @conn: found under the same RCU
 * @out: from this host
 * @bytes: of IP
 * @packets: that it is on the wire
 *
 * Under RCU, in softirq or process context. Takes no lock but where it takes a place.
 */
static __always_inline void mseg_tally_count(struct mseg_conn *conn, bool out, u32 bytes,
					     u32 packets)
{
	struct mseg_tally *tally;
	bool counted;

	preempt_disable();
	tally = mseg_tally_place(mseg_tallies_here(), conn);
	counted = READ_ONCE(tally->conn) == conn;
	if (likely(counted)) {
		tally->next = NULL;
		WRITE_ONCE(tally->packets[out], tally->packets[out] + packets);
		WRITE_ONCE(tally->bytes[out], tally->bytes[out] + bytes);
	}
	preempt_enable();
	if (unlikely(!counted))
		mseg_tally_miss(conn, out, bytes, packets);
}

/* What the entry itself knows of. */
static inline void mseg_tally_read(const struct mseg_conn *conn, struct mseg_carried *carried)
{
	int out;

	for (out = 0; out < 2; out++) {
		carried->packets[out] = atomic64_read(&conn->packets[out]);
		carried->bytes[out] = atomic64_read(&conn->bytes[out]);
	}
}

/* Of a connection that processors count, or did. */
void mseg_tally_sum_all(const struct mseg_conn *conn, struct mseg_carried *carried);

/**
 * mseg_tally_sum() - what a connection carried in all
 * @conn: valid
 * @carried: the result: exact of what was counted before, unless places change hands
 *	so fast that it could not be made in a few tries
 *
 * Any context but hard interrupts.
 */
static inline void mseg_tally_sum(const struct mseg_conn *conn, struct mseg_carried *carried)
{
	if (READ_ONCE(conn->tallied))
		mseg_tally_sum_all(conn, carried);
	else
		mseg_tally_read(conn, carried);
}

/**
 * mseg_tally_forget() - let no place count a connection any more
 * @conn: that nobody can find, and is freed next
 *
 * Any context but hard interrupts.
 */
void mseg_tally_forget(const struct mseg_conn *conn);

#endif /* MSEG_TALLY_H */

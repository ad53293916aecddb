// SPDX-License-Identifier: GPL-2.0
/*
 * A place is changed by its processor, under the table's lock, and emptied by who
 * frees the entry, under the same: so that nothing is added to an entry that is free.
 * An entry knows some bits of the processors that ever counted it, since there may be
 * many that did not.
 */
#include "tally.h"

#include <linux/bits.h>
#include <linux/smp.h>

/* Times that a sum is made, as long as something moves meanwhile. */
#define TRIES 5

struct mseg_tallies __percpu *mseg_tallies __read_mostly;

/* Whose table is meant. */
enum context {
	PROCESS,
	SOFTIRQ,
	N_CONTEXTS,
};

static_assert(N_CONTEXTS * sizeof(struct mseg_tallies) <= PCPU_MIN_UNIT_SIZE);

int mseg_tally_init(void)
{
	int cpu, context;

	mseg_tallies = __alloc_percpu(N_CONTEXTS * sizeof(struct mseg_tallies),
				      __alignof__(struct mseg_tallies));
	if (!mseg_tallies)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		for (context = PROCESS; context < N_CONTEXTS; context++)
			raw_spin_lock_init(&per_cpu_ptr(mseg_tallies, cpu)[context].lock);
	return 0;
}

void mseg_tally_exit(void)
{
	free_percpu(mseg_tallies);
}

/* One of the eight bits that stand for all processors. */
static u8 bit_of(unsigned int cpu)
{
	return BIT(cpu % 8);
}

/* Before a place counts it, so that who frees it knows where to look. */
static void mark(struct mseg_conn *conn)
{
	u8 bit = bit_of(raw_smp_processor_id());

	if (READ_ONCE(conn->tallied) & bit)
		return;
	spin_lock_bh(&conn->lock);
	WRITE_ONCE(conn->tallied, conn->tallied | bit);
	spin_unlock_bh(&conn->lock);
}

static void add_to_conn(const struct mseg_tally *tally)
{
	mseg_conn_carry(tally->conn, false, tally->bytes[0], tally->packets[0]);
	mseg_conn_carry(tally->conn, true, tally->bytes[1], tally->packets[1]);
}

/* The table's lock is held, by its processor. */
static void move_in(struct mseg_tally *tally, struct mseg_conn *conn)
{
	if (tally->conn)
		add_to_conn(tally);
	memset(tally->packets, 0, sizeof(tally->packets));
	memset(tally->bytes, 0, sizeof(tally->bytes));
	/* Pairs with visit_table(). */
	smp_store_release(&tally->conn, conn);
}

static void take_place(struct mseg_conn *conn)
{
	struct mseg_tallies *tallies;
	unsigned long flags;

	local_irq_save(flags);
	tallies = mseg_tallies_here();
	/* Else the task came to another processor meanwhile. */
	if (READ_ONCE(conn->tallied) & bit_of(smp_processor_id())) {
		raw_spin_lock(&tallies->lock);
		move_in(mseg_tally_place(tallies, conn), conn);
		raw_spin_unlock(&tallies->lock);
	}
	local_irq_restore(flags);
}

/* Whether it came so often that it may stay, and nobody else meanwhile. */
static bool has_waited(const struct mseg_conn *conn)
{
	struct mseg_tally *tally;
	bool waited;

	preempt_disable();
	tally = mseg_tally_place(mseg_tallies_here(), conn);
	tally->came = tally->next == conn ? tally->came + 1 : 1;
	waited = tally->came >= MSEG_TALLY_PATIENCE;
	tally->next = waited ? NULL : conn;
	preempt_enable();
	return waited;
}

void mseg_tally_miss(struct mseg_conn *conn, bool out, u32 bytes, u32 packets)
{
	mseg_conn_carry(conn, out, bytes, packets);
	if (!has_waited(conn))
		return;
	mark(conn);
	take_place(conn);
}

/* What is done with a place that counts a connection, under its table's lock. */
typedef void (*visitor)(struct mseg_tally *tally, struct mseg_carried *carried);

static void add_counted(struct mseg_tally *tally, struct mseg_carried *carried)
{
	int out;

	for (out = 0; out < 2; out++) {
		carried->packets[out] += READ_ONCE(tally->packets[out]);
		carried->bytes[out] += READ_ONCE(tally->bytes[out]);
	}
}

static void leave(struct mseg_tally *tally, struct mseg_carried *carried)
{
	WRITE_ONCE(tally->conn, NULL);
}

static void visit_table(struct mseg_tallies *tallies, const struct mseg_conn *conn, visitor visit,
			struct mseg_carried *carried)
{
	struct mseg_tally *tally = mseg_tally_place(tallies, conn);
	unsigned long flags;

	/* Pairs with the release in move_in(): where another moved in, the entry has all. */
	if (smp_load_acquire(&tally->conn) != conn)
		return;
	raw_spin_lock_irqsave(&tallies->lock, flags);
	if (tally->conn == conn)
		visit(tally, carried);
	raw_spin_unlock_irqrestore(&tallies->lock, flags);
}

static void visit_all(const struct mseg_conn *conn, visitor visit, struct mseg_carried *carried)
{
	u8 tallied = READ_ONCE(conn->tallied);
	struct mseg_tallies *tallies;
	int cpu;

	for_each_possible_cpu(cpu) {
		if (!(tallied & bit_of(cpu)))
			continue;
		tallies = per_cpu_ptr(mseg_tallies, cpu);
		visit_table(&tallies[PROCESS], conn, visit, carried);
		visit_table(&tallies[SOFTIRQ], conn, visit, carried);
	}
}

void mseg_tally_sum_all(const struct mseg_conn *conn, struct mseg_carried *carried)
{
	struct mseg_carried before, after;
	int tries = TRIES;

	do {
		mseg_tally_read(conn, &before);
		*carried = before;
		/* What moves to the entry before a place is looked at changes @after. */
		smp_rmb();
		visit_all(conn, add_counted, carried);
		/* And so does what moves after that. */
		smp_rmb();
		mseg_tally_read(conn, &after);
	} while (memcmp(&before, &after, sizeof(before)) && --tries);
}

void mseg_tally_forget(const struct mseg_conn *conn)
{
	if (conn->tallied)
		visit_all(conn, leave, NULL);
}

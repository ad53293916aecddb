/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DNS queries of this host whose answers are waited for. An answer counts when it
 * comes to where the query came from, from where it went to, by its id and with its
 * question byte for byte; and once.
 */
#ifndef MSEG_QUESTION_H
#define MSEG_QUESTION_H

#include <linux/list.h>
#include <linux/types.h>

#include <mseg/dns.h>

#include "packet.h"
#include "process.h"
#include "stats.h"

struct mseg_questions;

/**
 * struct mseg_question - a query
 * @list: in its set, oldest first
 * @key: of its connection
 * @until: jiffies, when it is not waited for any longer
 * @asked: nanoseconds since 1970
 * @process: who asks
 * @ifindex: interface that it left by
 * @by_resolver: it went to one of those that are learned from
 * @len: of @message
 * @message: its header and its question
 */
struct mseg_question {
	struct list_head list;
	struct mseg_conn_key key;
	unsigned long until;
	u64 asked;
	struct mseg_process process;
	u32 ifindex;
	bool by_resolver;
	u32 len;
	u8 message[];
};

/** mseg_questions_new() - none yet. May sleep. Return: them, or NULL without memory. */
struct mseg_questions *mseg_questions_new(struct mseg_stats __percpu *stats);

/**
 * mseg_questions_free() - forget them
 * @questions: nobody uses them any more; may be NULL
 */
void mseg_questions_free(struct mseg_questions *questions);

/**
 * mseg_question_new() - describe a query
 * @packet: that carries it
 * @process: who sends it
 * @message: of which @asked was read
 * @asked: the question
 *
 * Any context.
 *
 * Return: the query, which the caller adds or frees, or NULL without memory.
 */
struct mseg_question *mseg_question_new(const struct mseg_packet *packet,
					const struct mseg_process *process, const u8 *message,
					const struct mseg_dns_question *asked);

/**
 * mseg_question_add() - wait for the answer to a query
 * @questions: of its namespace
 * @question: from mseg_question_new(); belongs to @questions afterwards
 *
 * Any context. One that is sent again is waited for as long as if it were new. Where
 * too many are waited for, the oldest of who asked most is forgotten, and counted.
 */
void mseg_question_add(struct mseg_questions *questions, struct mseg_question *question);

/**
 * mseg_question_take() - find the query that is answered, and wait no longer
 * @questions: of the namespace
 * @key: of the answer's connection
 * @answered: the question in the answer
 *
 * Any context.
 *
 * Return: the query, which the caller frees by kfree(), or ERR_PTR: -ENOENT (nothing was
 * asked there by that id) or -EBADMSG (another question was).
 */
struct mseg_question *mseg_question_take(struct mseg_questions *questions,
					 const struct mseg_conn_key *key,
					 const struct mseg_dns_question *answered);

/**
 * mseg_question_take_old() - take a query that was not answered in time
 * @questions: of the namespace
 * @set: begin with 0; where to go on
 *
 * May sleep.
 *
 * Return: the query, which the caller frees by kfree(), or NULL when there is none any
 * more.
 */
struct mseg_question *mseg_question_take_old(struct mseg_questions *questions, unsigned int *set);

#endif /* MSEG_QUESTION_H */

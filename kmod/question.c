// SPDX-License-Identifier: GPL-2.0
/*
 * A table of sets with a keyed hash. A set is small, so that who floods it pushes
 * out his own queries alone, as he has most in every set.
 */
#include "question.h"

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#define SETS 512
#define WAYS 8
#define ANSWER_TIME (10 * HZ)

struct set {
	spinlock_t lock; /* the list and its members */
	struct list_head list;
	u32 n;
};

struct mseg_questions {
	hsiphash_key_t hash_key;
	struct mseg_stats __percpu *stats;
	struct set sets[SETS];
};

struct mseg_questions *mseg_questions_new(struct mseg_stats __percpu *stats)
{
	struct mseg_questions *questions = kvzalloc(sizeof(*questions), GFP_KERNEL);
	int i;

	if (!questions)
		return NULL;
	get_random_bytes(&questions->hash_key, sizeof(questions->hash_key));
	questions->stats = stats;
	for (i = 0; i < SETS; i++) {
		spin_lock_init(&questions->sets[i].lock);
		INIT_LIST_HEAD(&questions->sets[i].list);
	}
	return questions;
}

void mseg_questions_free(struct mseg_questions *questions)
{
	struct mseg_question *question, *next;
	int i;

	if (!questions)
		return;
	for (i = 0; i < SETS; i++)
		list_for_each_entry_safe(question, next, &questions->sets[i].list, list)
			kfree(question);
	kvfree(questions);
}

static u16 id_of(const struct mseg_question *question)
{
	return (u16)(question->message[0] << 8 | question->message[1]);
}

static struct set *set_of(struct mseg_questions *questions, const struct mseg_conn_key *key, u16 id)
{
	u32 hash = hsiphash(key, sizeof(*key), &questions->hash_key);

	return &questions->sets[hsiphash_2u32(hash, id, &questions->hash_key) % SETS];
}

struct mseg_question *mseg_question_new(const struct mseg_packet *packet,
					const struct mseg_process *process, const u8 *message,
					const struct mseg_dns_question *asked)
{
	u32 len = MSEG_DNS_HEADER_LEN + asked->len;
	struct mseg_question *question;

	question = kzalloc(struct_size(question, message, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!question)
		return NULL;
	question->key = packet->key;
	question->until = jiffies + ANSWER_TIME;
	question->asked = ktime_get_real_ns();
	question->process = *process;
	question->ifindex = packet->ifindex;
	question->len = len;
	memcpy(question->message, message, len);
	return question;
}

static void unlink_question(struct set *set, struct mseg_question *question)
{
	list_del(&question->list);
	set->n--;
}

static bool same_bytes(const struct mseg_question *question, const u8 *bytes, u32 len)
{
	return question->len == MSEG_DNS_HEADER_LEN + len &&
	       !memcmp(question->message + MSEG_DNS_HEADER_LEN, bytes, len);
}

/* Of the same connection and id, with the same question; or with any other. */
static struct mseg_question *find(struct set *set, const struct mseg_conn_key *key, u16 id,
				  const u8 *bytes, u32 len, bool *other)
{
	struct mseg_question *question;

	*other = false;
	list_for_each_entry(question, &set->list, list) {
		if (id_of(question) != id || memcmp(&question->key, key, sizeof(*key)))
			continue;
		if (same_bytes(question, bytes, len))
			return question;
		*other = true;
	}
	return NULL;
}

static u32 share_of(const struct set *set, const struct mseg_question *of)
{
	const struct mseg_question *question;
	u32 n = 0;

	list_for_each_entry(question, &set->list, list)
		n += question->process.uid == of->process.uid;
	return n;
}

/* The oldest of who has the most. */
static struct mseg_question *to_forget(struct set *set)
{
	struct mseg_question *question, *best = NULL;
	u32 share, most = 0;

	list_for_each_entry(question, &set->list, list) {
		share = share_of(set, question);
		if (share <= most)
			continue;
		most = share;
		best = question;
	}
	return best;
}

void mseg_question_add(struct mseg_questions *questions, struct mseg_question *question)
{
	struct set *set = set_of(questions, &question->key, id_of(question));
	struct mseg_question *gone;
	bool again, other;

	spin_lock_bh(&set->lock);
	gone = find(set, &question->key, id_of(question), question->message + MSEG_DNS_HEADER_LEN,
		    question->len - MSEG_DNS_HEADER_LEN, &other);
	again = gone;
	if (!gone && set->n == WAYS)
		gone = to_forget(set);
	if (gone)
		unlink_question(set, gone);
	list_add_tail(&question->list, &set->list);
	set->n++;
	spin_unlock_bh(&set->lock);
	if (gone && !again)
		mseg_stat(questions->stats, dns_forgotten);
	kfree(gone);
}

struct mseg_question *mseg_question_take(struct mseg_questions *questions,
					 const struct mseg_conn_key *key,
					 const struct mseg_dns_question *answered)
{
	struct set *set = set_of(questions, key, answered->id);
	struct mseg_question *question;
	bool other;

	spin_lock_bh(&set->lock);
	question = find(set, key, answered->id, answered->bytes, answered->len, &other);
	if (question && time_after_eq(jiffies, question->until))
		question = NULL;
	if (question)
		unlink_question(set, question);
	spin_unlock_bh(&set->lock);
	return question ?: ERR_PTR(other ? -EBADMSG : -ENOENT);
}

static struct mseg_question *take_old(struct set *set)
{
	struct mseg_question *question;

	spin_lock_bh(&set->lock);
	question = list_first_entry_or_null(&set->list, struct mseg_question, list);
	if (question && time_before(jiffies, question->until))
		question = NULL;
	if (question)
		unlink_question(set, question);
	spin_unlock_bh(&set->lock);
	return question;
}

struct mseg_question *mseg_question_take_old(struct mseg_questions *questions, unsigned int *set)
{
	struct mseg_question *question = NULL;

	while (!question && *set < SETS) {
		if (!list_empty(&questions->sets[*set].list))
			question = take_old(&questions->sets[*set]);
		if (!question)
			++*set;
	}
	return question;
}

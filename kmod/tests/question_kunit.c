// SPDX-License-Identifier: GPL-2.0
/* DNS queries that are waited for: which answer is one, how often, how long; whose go. */
#include "../question.c"

#include "tests.h"

#include "dns.h"

static struct mseg_questions *questions_of(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);

	return mnet->dns->questions;
}

/* The question for a name of one letter, in the middle of a message by that id. */
struct example {
	u8 message[MSEG_DNS_HEADER_LEN + 7];
	struct mseg_dns_question asked;
};

static void make_example(struct example *example, u16 id, char letter)
{
	u8 *question = example->message + MSEG_DNS_HEADER_LEN;

	memset(example, 0, sizeof(*example));
	example->message[0] = id >> 8;
	example->message[1] = id & 0xff;
	memcpy(question, (u8[]){ 1, letter, 0, 0, 1, 0, 1 }, 7);
	example->asked = (struct mseg_dns_question){ question, 7, id };
}

static void ask(struct kunit *test, struct mseg_questions *questions, u16 id, char letter, u32 uid)
{
	struct mseg_packet packet = { .key = mseg_test_key(1), .out = true };
	struct mseg_process process = { .uid = uid };
	struct mseg_question *question;
	struct example example;

	make_example(&example, id, letter);
	question = mseg_question_new(&packet, &process, example.message, &example.asked);
	KUNIT_ASSERT_NOT_NULL(test, question);
	mseg_question_add(questions, question);
}

/* 0 where a query is answered. */
static long answer(struct mseg_questions *questions, u32 peer, u16 id, char letter)
{
	struct mseg_conn_key key = mseg_test_key(peer);
	struct mseg_question *question;
	struct example example;

	make_example(&example, id, letter);
	question = mseg_question_take(questions, &key, &example.asked);
	if (IS_ERR(question))
		return PTR_ERR(question);
	kfree(question);
	return 0;
}

static void answered_once(struct kunit *test)
{
	struct mseg_questions *questions = questions_of(test);

	ask(test, questions, 7, 'a', 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(questions, 2, 7, 'a'));
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(questions, 1, 8, 'a'));
	KUNIT_EXPECT_EQ(test, -EBADMSG, answer(questions, 1, 7, 'A'));
	KUNIT_EXPECT_EQ(test, 0, answer(questions, 1, 7, 'a'));
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(questions, 1, 7, 'a'));
	/* Sent twice, it is one query. */
	ask(test, questions, 7, 'a', 0);
	ask(test, questions, 7, 'a', 0);
	ask(test, questions, 7, 'b', 0);
	KUNIT_EXPECT_EQ(test, 0, answer(questions, 1, 7, 'a'));
	KUNIT_EXPECT_EQ(test, -EBADMSG, answer(questions, 1, 7, 'a'));
	KUNIT_EXPECT_EQ(test, 0, answer(questions, 1, 7, 'b'));
}

static void too_late(struct kunit *test)
{
	struct mseg_questions *questions = questions_of(test);
	struct mseg_question *question;
	unsigned int set = 0;

	ask(test, questions, 7, 'a', 0);
	KUNIT_EXPECT_NULL(test, mseg_question_take_old(questions, &set));
	KUNIT_EXPECT_EQ(test, SETS, set);
	for (set = 0; set < SETS; set++)
		list_for_each_entry(question, &questions->sets[set].list, list)
			question->until = jiffies;
	KUNIT_EXPECT_EQ(test, -ENOENT, answer(questions, 1, 7, 'a'));
	set = 0;
	question = mseg_question_take_old(questions, &set);
	KUNIT_EXPECT_NOT_NULL(test, question);
	kfree(question);
	KUNIT_EXPECT_NULL(test, mseg_question_take_old(questions, &set));
}

/* Nobody's queries fill every set, and push out his own. */
static void who_asks_most(struct kunit *test)
{
	struct mseg_questions *questions = questions_of(test);
	u32 i, kept = 0;

	for (i = 0; i < 100; i++)
		ask(test, questions, i, 'a', 0);
	for (i = 0; i < SETS * WAYS * 4; i++)
		ask(test, questions, i, 'n', 65534);
	for (i = 0; i < 100; i++)
		kept += !answer(questions, 1, i, 'a');
	KUNIT_EXPECT_EQ(test, 100, kept);
	KUNIT_EXPECT_GT(test, mseg_stats_sum(questions->stats, MSEG_STAT_dns_forgotten), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(answered_once),
	KUNIT_CASE(too_late),
	KUNIT_CASE(who_asks_most),
	{},
};

static struct kunit_suite suite = {
	.name = "mseg_question",
	.test_cases = cases,
};

kunit_test_suite(suite);

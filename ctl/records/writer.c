// SPDX-License-Identifier: GPL-2.0-or-later
/* Storing records in a thread of its own. */
#include "writer.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "retention.h"
#include "schema.h"

#define QUEUE 32768
/* Of these, what records of allowed connections may take. */
#define QUEUE_ALLOWED (QUEUE / 4 * 3)
/* Records of a transaction, and milliseconds until the next. */
#define BATCH 16384
#define PAUSE 250
/* Seconds until a disk that failed is tried again, and between looks at what is kept. */
#define RETRY 1
#define TIDY_EVERY 5
/* Sets of four connections that may send another record. */
#define OPEN_SETS (1U << 16)

enum kind {
	RECORD,
	MARK,
	BEGAN,
};

struct message {
	enum kind kind;
	struct record record;
	uint64_t number;
};

struct writer {
	char directory[PATH_MAX - 64];
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t filled;
	pthread_cond_t emptied;
	struct message *queue;
	unsigned int head;
	unsigned int n;
	bool busy;
	bool ending;
	struct writer_limits limits;
	/* When they were last looked after. */
	time_t tidied;
	struct writer_counts counts;
	/* Not stored yet, one a stage; lost is 0 where there is none. */
	struct hole holes[N_STAGES];
	char problem[256];

	/* The thread's own. */
	struct open_flows *open;
	struct day *day;
	struct message *batch;
	uint64_t pending[2];
	uint64_t pending_since;
	uint64_t found;
	int64_t last_mark;
	int64_t last_time;
	bool began;
	/* Today's records alone are more than may be kept. */
	bool crowded;
	time_t failed;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static unsigned int verdict_of(const struct record *record)
{
	return record->kernel.verdict == MSEG_ACTION_REJECT;
}

/* --- holes ---------------------------------------------------------------- */

static bool is_empty(const struct hole *hole)
{
	return !hole->end;
}

/* Under the lock. */
static void add_hole(struct writer *writer, const struct hole *hole)
{
	struct hole *known = &writer->holes[hole->stage];

	if (is_empty(known)) {
		*known = *hole;
		return;
	}
	known->begin = hole->begin < known->begin ? hole->begin : known->begin;
	known->end = hole->end > known->end ? hole->end : known->end;
	known->lost = known->lost < 0 || hole->lost < 0 ? -1 : known->lost + hole->lost;
	known->accept += hole->accept;
	known->reject += hole->reject;
}

static void count_hole(struct writer_counts *counts, const struct hole *hole)
{
	uint64_t known = hole->accept + hole->reject;

	counts->lost[hole->stage][0] += hole->accept;
	counts->lost[hole->stage][1] += hole->reject;
	if (hole->lost > 0 && (uint64_t)hole->lost > known)
		counts->unknown[hole->stage] += (uint64_t)hole->lost - known;
}

void writer_hole(struct writer *writer, const struct hole *hole)
{
	pthread_mutex_lock(&writer->lock);
	count_hole(&writer->counts, hole);
	add_hole(writer, hole);
	pthread_mutex_unlock(&writer->lock);
}

static void lose(struct writer *writer, enum stage stage, const uint64_t lost[2], uint64_t since)
{
	struct hole hole = {
		since, now_ns(), stage, (int64_t)(lost[0] + lost[1]), lost[0], lost[1]
	};

	if (hole.lost)
		writer_hole(writer, &hole);
}

/* --- the thread ----------------------------------------------------------- */

/* The log has it once, however often it is tried again. */
static void set_problem(struct writer *writer, const char *text)
{
	bool is_new;

	pthread_mutex_lock(&writer->lock);
	is_new = strcmp(writer->problem, text) != 0;
	snprintf(writer->problem, sizeof(writer->problem), "%s", text);
	pthread_mutex_unlock(&writer->lock);
	if (is_new && *text)
		fprintf(stderr, "msegd: %s\n", text);
}

/* SQLite also calls an input/output error what is a full disk. */
static int reason_of(const struct writer *writer, int err)
{
	struct statvfs disk;

	if (err == -EIO && !statvfs(writer->directory, &disk) && !disk.f_bavail)
		return ENOSPC;
	return -err;
}

/* What was not committed is lost; a damaged file makes room for another. */
static void fail(struct writer *writer, int err, int64_t day)
{
	char text[256];
	struct hole hole = { .stage = STAGE_DAMAGED, .lost = -1, .end = now_ns() };

	lose(writer, STAGE_DISK, writer->pending, writer->pending_since);
	writer->pending[0] = writer->pending[1] = 0;
	snprintf(text, sizeof(text), "flow records cannot be stored: %s",
		 strerror(reason_of(writer, err)));
	if (err == -EUCLEAN) {
		day_close(writer->day);
		writer->day = NULL;
		hole.begin = (uint64_t)(day * SCHEMA_DAY) * 1000000000;
		retention_set_aside(writer->directory, day, text, sizeof(text));
		writer_hole(writer, &hole);
	} else {
		writer->failed = time(NULL);
	}
	set_problem(writer, text);
}

static void read_marks(struct writer *writer, struct day *day)
{
	if (writer->last_time)
		return;
	day_get(day, "mark", &writer->last_mark);
	day_get(day, "time", &writer->last_time);
}

static bool open_day(struct writer *writer, int64_t number)
{
	int err;

	if (writer->day && day_number(writer->day) == number)
		return true;
	if (writer->failed && time(NULL) - writer->failed < RETRY)
		return false;
	day_close(writer->day);
	err = day_open(writer->directory, number, writer->open, &writer->day);
	if (err == -EUCLEAN) {
		fail(writer, err, number);
		err = day_open(writer->directory, number, writer->open, &writer->day);
	}
	if (err)
		fail(writer, err, number);
	else
		read_marks(writer, writer->day);
	return !err;
}

static int put_holes(struct writer *writer, struct hole *written)
{
	unsigned int i;
	int err = 0;

	pthread_mutex_lock(&writer->lock);
	memcpy(written, writer->holes, sizeof(writer->holes));
	memset(writer->holes, 0, sizeof(writer->holes));
	pthread_mutex_unlock(&writer->lock);
	for (i = 0; i < N_STAGES && !err; i++)
		if (!is_empty(&written[i]))
			err = day_put_hole(writer->day, &written[i]);
	return err;
}

static int put_numbers(struct writer *writer)
{
	int err = day_add(writer->day, "accept", (int64_t)writer->pending[0]);

	if (!err)
		err = day_add(writer->day, "reject", (int64_t)writer->pending[1]);
	if (!err)
		err = day_set(writer->day, "mark", writer->last_mark);
	return err ? err : day_set(writer->day, "time", (int64_t)(now_ns() / 1000));
}

static void keep_holes(struct writer *writer, const struct hole *written)
{
	unsigned int i;

	pthread_mutex_lock(&writer->lock);
	for (i = 0; i < N_STAGES; i++)
		if (!is_empty(&written[i]))
			add_hole(writer, &written[i]);
	pthread_mutex_unlock(&writer->lock);
}

static bool has_holes(struct writer *writer)
{
	bool has = false;
	unsigned int i;

	pthread_mutex_lock(&writer->lock);
	for (i = 0; i < N_STAGES; i++)
		has |= !is_empty(&writer->holes[i]);
	pthread_mutex_unlock(&writer->lock);
	return has;
}

static void commit(struct writer *writer)
{
	struct hole written[N_STAGES] = { 0 };
	int err;

	if (!writer->day ||
	    (!writer->pending[0] && !writer->pending[1] && !has_holes(writer) && !writer->began))
		return;
	err = put_holes(writer, written);
	if (!err)
		err = put_numbers(writer);
	if (!err)
		err = day_commit(writer->day);
	if (err) {
		keep_holes(writer, written);
		fail(writer, err, day_number(writer->day));
		return;
	}
	pthread_mutex_lock(&writer->lock);
	writer->counts.stored[0] += writer->pending[0];
	writer->counts.stored[1] += writer->pending[1];
	if (writer->failed)
		writer->problem[0] = '\0';
	pthread_mutex_unlock(&writer->lock);
	writer->failed = 0;
	writer->pending[0] = writer->pending[1] = 0;
	writer->began = false;
}

/* Whether the module made it now: that alone is counted. */
static bool is_news(const struct record *record)
{
	return !record->held && !record->again;
}

static void put_record(struct writer *writer, const struct record *record)
{
	int64_t number = (int64_t)(record->arrived / 1000000000 / SCHEMA_DAY);
	uint64_t one[2] = { 0 };
	int err;

	if (writer->day && day_number(writer->day) != number)
		commit(writer);
	one[verdict_of(record)] = is_news(record);
	if (writer->crowded || !open_day(writer, number) ||
	    (writer->failed && time(NULL) - writer->failed < RETRY)) {
		lose(writer, STAGE_DISK, one, record->arrived);
		return;
	}
	if (!writer->pending[0] && !writer->pending[1])
		writer->pending_since = record->arrived;
	writer->pending[verdict_of(record)] += is_news(record);
	err = day_put(writer->day, record);
	if (err)
		fail(writer, err, number);
	else
		writer->found += day_found(writer->day);
}

/* What came and went while nobody listened. */
static void begin(struct writer *writer, uint64_t connections)
{
	struct hole hole = { .stage = STAGE_STOPPED, .end = now_ns() };

	if (!open_day(writer, (int64_t)(hole.end / 1000000000 / SCHEMA_DAY)))
		return;
	hole.begin = (uint64_t)writer->last_time * 1000;
	hole.lost = (int64_t)connections - writer->last_mark - (int64_t)writer->found;
	if ((int64_t)connections < writer->last_mark)
		hole.lost = -1;
	if (writer->last_time && hole.lost)
		writer_hole(writer, &hole);
	writer->found = 0;
	writer->last_mark = (int64_t)connections;
	writer->last_time = (int64_t)(hole.end / 1000);
	writer->began = true;
}

static void handle(struct writer *writer, struct message *message)
{
	switch (message->kind) {
	case RECORD:
		put_record(writer, &message->record);
		attribution_put(message->record.attribution);
		break;
	case MARK:
		writer->last_mark = (int64_t)message->number;
		break;
	case BEGAN:
		begin(writer, message->number);
		break;
	}
}

/* Under the lock. */
static void wait_until_filled(struct writer *writer)
{
	while (!writer->n && !writer->ending)
		pthread_cond_wait(&writer->filled, &writer->lock);
}

/* How many were taken; 0 when it is to end. */
static unsigned int take_batch(struct writer *writer)
{
	unsigned int n = 0;

	pthread_mutex_lock(&writer->lock);
	writer->busy = false;
	pthread_cond_broadcast(&writer->emptied);
	wait_until_filled(writer);
	while (writer->n && n < BATCH) {
		writer->batch[n++] = writer->queue[writer->head];
		writer->head = (writer->head + 1) % QUEUE;
		writer->n--;
	}
	writer->busy = n;
	pthread_cond_broadcast(&writer->emptied);
	pthread_mutex_unlock(&writer->lock);
	return n;
}

/* Whoever makes connections without end shall not fill the disk before the day is over. */
static void set_crowded(struct writer *writer, bool crowded)
{
	static const char problem[] =
		"flow records are not stored: today's alone are more than records.size";

	if (crowded)
		set_problem(writer, problem);
	if (writer->crowded && !crowded)
		set_problem(writer, "");
	writer->crowded = crowded;
}

static void tidy(struct writer *writer)
{
	struct writer_limits limits;
	time_t now = time(NULL);
	uint64_t bytes;
	bool is_time;

	pthread_mutex_lock(&writer->lock);
	is_time = now - writer->tidied >= TIDY_EVERY || now < writer->tidied;
	if (is_time)
		writer->tidied = now;
	limits = writer->limits;
	pthread_mutex_unlock(&writer->lock);
	if (!is_time)
		return;
	bytes = retention_tidy(writer->directory, now / SCHEMA_DAY, limits.days, limits.bytes);
	set_crowded(writer, limits.bytes && bytes > limits.bytes);
}

static void pause_for(unsigned int milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* Records come in bursts: a transaction is the more worth the more it holds. */
static void wait_for_more(struct writer *writer)
{
	unsigned int left = PAUSE;
	bool go = false;

	pthread_mutex_lock(&writer->lock);
	writer->busy = false;
	pthread_cond_broadcast(&writer->emptied);
	pthread_mutex_unlock(&writer->lock);
	while (left && !go) {
		pause_for(10);
		left -= 10;
		pthread_mutex_lock(&writer->lock);
		go = writer->n >= BATCH / 2 || writer->ending;
		pthread_mutex_unlock(&writer->lock);
	}
}

static void handle_batch(struct writer *writer, unsigned int n)
{
	struct message *message;

	for (message = writer->batch; message < writer->batch + n; message++)
		handle(writer, message);
}

static void *run(void *arg)
{
	struct writer *writer = arg;
	unsigned int n;

	tidy(writer);
	for (n = take_batch(writer); n; n = take_batch(writer)) {
		tidy(writer);
		handle_batch(writer, n);
		commit(writer);
		if (n < BATCH / 2)
			wait_for_more(writer);
	}
	commit(writer);
	return NULL;
}

/* --- from outside --------------------------------------------------------- */

static bool has_room(const struct writer *writer, const struct message *message)
{
	bool allowed = message->kind == RECORD && !verdict_of(&message->record);

	return writer->n < (allowed ? QUEUE_ALLOWED : QUEUE);
}

static void enqueue(struct writer *writer, const struct message *message)
{
	writer->queue[(writer->head + writer->n) % QUEUE] = *message;
	writer->n++;
	if (message->kind == RECORD && is_news(&message->record))
		writer->counts.taken[verdict_of(&message->record)]++;
	pthread_cond_signal(&writer->filled);
}

static void send_waiting(struct writer *writer, const struct message *message)
{
	pthread_mutex_lock(&writer->lock);
	while (!has_room(writer, message))
		pthread_cond_wait(&writer->emptied, &writer->lock);
	enqueue(writer, message);
	pthread_mutex_unlock(&writer->lock);
}

void writer_put(struct writer *writer, const struct record *record)
{
	struct message message = { .kind = RECORD, .record = *record };
	uint64_t one[2] = { 0 };
	bool room;

	attribution_get(record->attribution);
	if (record->held) {
		send_waiting(writer, &message);
		return;
	}
	pthread_mutex_lock(&writer->lock);
	room = has_room(writer, &message);
	if (room)
		enqueue(writer, &message);
	else if (is_news(record))
		writer->counts.taken[verdict_of(record)]++;
	pthread_mutex_unlock(&writer->lock);
	if (room)
		return;
	attribution_put(record->attribution);
	one[verdict_of(record)] = 1;
	if (is_news(record))
		lose(writer, STAGE_QUEUE, one, record->arrived);
}

void writer_mark(struct writer *writer, uint64_t connections)
{
	const struct message message = { .kind = MARK, .number = connections };

	/* The next one says the same. */
	pthread_mutex_lock(&writer->lock);
	if (has_room(writer, &message))
		enqueue(writer, &message);
	pthread_mutex_unlock(&writer->lock);
}

void writer_began(struct writer *writer, uint64_t connections)
{
	const struct message message = { .kind = BEGAN, .number = connections };

	send_waiting(writer, &message);
}

void writer_flush(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	while (writer->n || writer->busy)
		pthread_cond_wait(&writer->emptied, &writer->lock);
	pthread_mutex_unlock(&writer->lock);
}

void writer_counts(struct writer *writer, struct writer_counts *counts)
{
	pthread_mutex_lock(&writer->lock);
	*counts = writer->counts;
	pthread_mutex_unlock(&writer->lock);
}

void writer_problem(struct writer *writer, char *text, size_t size)
{
	pthread_mutex_lock(&writer->lock);
	snprintf(text, size, "%s", writer->problem);
	pthread_mutex_unlock(&writer->lock);
}

void writer_limit(struct writer *writer, const struct writer_limits *limits)
{
	pthread_mutex_lock(&writer->lock);
	writer->limits = *limits;
	writer->tidied = 0;
	pthread_mutex_unlock(&writer->lock);
}

/* Signals are the loop's. */
static int start_thread(struct writer *writer)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&writer->thread, NULL, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	writer->running = !err;
	return -err;
}

int writer_open(const char *directory, const struct writer_limits *limits, struct writer **result)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int err = -ENOMEM;

	*result = NULL;
	if (!writer)
		return -ENOMEM;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->filled, NULL);
	pthread_cond_init(&writer->emptied, NULL);
	writer->limits = *limits;
	snprintf(writer->directory, sizeof(writer->directory), "%s", directory);
	writer->queue = calloc(QUEUE, sizeof(*writer->queue));
	writer->batch = calloc(BATCH, sizeof(*writer->batch));
	writer->open = open_new(OPEN_SETS);
	mkdir(directory, 0700);
	if (writer->queue && writer->batch && writer->open)
		err = start_thread(writer);
	if (err)
		writer_close(writer);
	else
		*result = writer;
	return err;
}

void writer_close(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->ending = true;
	pthread_cond_broadcast(&writer->filled);
	pthread_mutex_unlock(&writer->lock);
	if (writer->running)
		pthread_join(writer->thread, NULL);
	day_close(writer->day);
	open_free(writer->open);
	free(writer->queue);
	free(writer->batch);
	free(writer);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* One export, in a thread of its own. */
#include "exporter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "format.h"

/* Records that wait, and that are sent at once. */
#define QUEUE 8192
#define BATCH 256
/* Seconds until a receiver is tried again: the first time, and at most. */
#define BACKOFF 1
#define BACKOFF_MAX 60
/* Seconds between looks at a receiver to whom nothing is sent. */
#define LOOK_EVERY 1
/* Seconds after which who hears nothing but datagrams is told again how to read them. */
#define BEGIN_EVERY 60
/* As msegd's readers. */
#define NICE 5

struct exporter {
	struct export_target target;
	const struct format *format;
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t filled;
	struct record *queue;
	unsigned int head;
	unsigned int n;
	bool ending;
	struct exporter_state state;

	/* The thread's own. */
	struct channel channel;
	void *form;
	struct record batch[BATCH];
	unsigned int taken;
	unsigned int backoff;
	time_t next_try;
	time_t begun;
};

static const struct format *const formats[] = {
	[EXPORT_JSON] = &format_json,
	[EXPORT_SYSLOG] = &format_syslog,
	[EXPORT_IPFIX] = &format_ipfix,
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* --- the receiver --------------------------------------------------------- */

/* The log has it once, however often it is tried again. */
static void set_connected(struct exporter *exporter, int err)
{
	struct exporter_state *state = &exporter->state;
	char text[sizeof(state->problem)] = "";
	bool is_new;

	if (err)
		snprintf(text, sizeof(text), "export %s to %.128s: %s", exporter->target.name,
			 exporter->target.to, strerror(-err));
	pthread_mutex_lock(&exporter->lock);
	is_new = strcmp(state->problem, text) != 0;
	strcpy(state->problem, text);
	state->connected = !err;
	state->failures += err != 0;
	pthread_mutex_unlock(&exporter->lock);
	if (is_new && err)
		fprintf(stderr, "msegd: %s\n", text);
	else if (is_new)
		fprintf(stderr, "msegd: export %s goes on\n", exporter->target.name);
}

static void disconnect(struct exporter *exporter, int err)
{
	channel_close(&exporter->channel);
	/* Somebody rotates the files: nothing is wrong. */
	if (err == -ESTALE)
		return;
	set_connected(exporter, err);
	exporter->backoff = exporter->backoff ? exporter->backoff * 2 : BACKOFF;
	if (exporter->backoff > BACKOFF_MAX)
		exporter->backoff = BACKOFF_MAX;
	exporter->next_try = now() + exporter->backoff;
}

static int begin(struct exporter *exporter)
{
	exporter->begun = now();
	return exporter->format->begin ?
		       exporter->format->begin(exporter->form, &exporter->channel) :
		       0;
}

/* Whether its receiver is there. */
static bool connect_to(struct exporter *exporter)
{
	int err = 0;

	if (exporter->channel.fd >= 0)
		err = channel_check(&exporter->channel);
	if (err)
		disconnect(exporter, err);
	if (exporter->channel.fd < 0) {
		if (now() < exporter->next_try)
			return false;
		err = channel_open(&exporter->channel);
		if (!err)
			err = begin(exporter);
		if (err)
			disconnect(exporter, err);
		else
			set_connected(exporter, 0);
	} else if (channel_is_datagram(&exporter->channel) &&
		   now() - exporter->begun >= BEGIN_EVERY) {
		err = begin(exporter);
	}
	return !err;
}

/* --- the thread ----------------------------------------------------------- */

static void drop(struct exporter *exporter, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		attribution_put(exporter->batch[i].attribution);
	exporter->taken -= n;
	memmove(exporter->batch, exporter->batch + n, exporter->taken * sizeof(exporter->batch[0]));
}

static void send_batch(struct exporter *exporter)
{
	unsigned int done = 0;
	int err = exporter->format->send(exporter->form, &exporter->channel, exporter->batch,
					 exporter->taken, &done);

	pthread_mutex_lock(&exporter->lock);
	exporter->state.sent += done;
	pthread_mutex_unlock(&exporter->lock);
	drop(exporter, done);
	if (err)
		disconnect(exporter, err);
	else
		exporter->backoff = 0;
}

/* Under the lock. */
static void wait_a_second(struct exporter *exporter)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_EVERY;
	pthread_cond_timedwait(&exporter->filled, &exporter->lock, &until);
}

/* Fill up the batch; without a receiver, nothing is taken. Whether to go on. */
static bool take(struct exporter *exporter, bool connected)
{
	bool go_on;

	pthread_mutex_lock(&exporter->lock);
	if (!exporter->ending && (!connected || !(exporter->n + exporter->taken)))
		wait_a_second(exporter);
	while (connected && exporter->n && exporter->taken < BATCH) {
		exporter->batch[exporter->taken++] = exporter->queue[exporter->head];
		exporter->head = (exporter->head + 1) % QUEUE;
		exporter->n--;
	}
	go_on = !exporter->ending || (connected && exporter->taken);
	pthread_mutex_unlock(&exporter->lock);
	return go_on;
}

static void *run(void *arg)
{
	struct exporter *exporter = arg;
	bool connected;

	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	do {
		connected = connect_to(exporter);
		if (connected && exporter->taken)
			send_batch(exporter);
	} while (take(exporter, connected && exporter->channel.fd >= 0));
	channel_close(&exporter->channel);
	return NULL;
}

/* --- from outside --------------------------------------------------------- */

void exporter_put(struct exporter *exporter, const struct record *record)
{
	pthread_mutex_lock(&exporter->lock);
	if (exporter->n < QUEUE) {
		attribution_get(record->attribution);
		exporter->queue[(exporter->head + exporter->n) % QUEUE] = *record;
		exporter->n++;
		if (exporter->n == 1)
			pthread_cond_signal(&exporter->filled);
	} else {
		exporter->state.lost++;
	}
	pthread_mutex_unlock(&exporter->lock);
}

void exporter_state(struct exporter *exporter, struct exporter_state *state)
{
	pthread_mutex_lock(&exporter->lock);
	*state = exporter->state;
	state->waiting = exporter->n;
	pthread_mutex_unlock(&exporter->lock);
}

/* Signals are the loop's. */
static int start(struct exporter *exporter)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&exporter->thread, NULL, run, exporter);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	exporter->running = !err;
	return -err;
}

int exporter_open(const struct export_target *target, struct exporter **result)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	int err = -ENOMEM;

	*result = NULL;
	if (!exporter)
		return -ENOMEM;
	exporter->target = *target;
	exporter->format = formats[target->type];
	exporter->state.target = &exporter->target;
	exporter->channel.target = &exporter->target;
	exporter->channel.fd = -1;
	pthread_mutex_init(&exporter->lock, NULL);
	pthread_cond_init(&exporter->filled, NULL);
	exporter->channel.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	exporter->form = exporter->format->open();
	exporter->queue = calloc(QUEUE, sizeof(*exporter->queue));
	if (exporter->channel.stop >= 0 && exporter->form && exporter->queue)
		err = start(exporter);
	if (err)
		exporter_close(exporter);
	else
		*result = exporter;
	return err;
}

void exporter_stop(struct exporter *exporter)
{
	const uint64_t one = 1;

	if (!exporter)
		return;
	pthread_mutex_lock(&exporter->lock);
	exporter->ending = true;
	pthread_cond_signal(&exporter->filled);
	pthread_mutex_unlock(&exporter->lock);
	/* It fails only where it was written before. */
	if (write(exporter->channel.stop, &one, sizeof(one)) < 0)
		return;
}

void exporter_close(struct exporter *exporter)
{
	if (!exporter)
		return;
	if (exporter->running) {
		exporter_stop(exporter);
		pthread_join(exporter->thread, NULL);
	}
	drop(exporter, exporter->taken);
	for (; exporter->n; exporter->n--) {
		attribution_put(exporter->queue[exporter->head].attribution);
		exporter->head = (exporter->head + 1) % QUEUE;
	}
	if (exporter->channel.stop >= 0)
		close(exporter->channel.stop);
	exporter->format->close(exporter->form);
	pthread_cond_destroy(&exporter->filled);
	pthread_mutex_destroy(&exporter->lock);
	free(exporter->queue);
	free(exporter);
}

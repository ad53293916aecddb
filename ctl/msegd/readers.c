// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the records in threads of their own. */
#include "readers.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server.h"

/* One that takes long does not hold up all others. */
#define THREADS 2
/*
 * Questions that wait or are read, and those of one user. The last waits 40 seconds where
 * all take as long as they may: less than a request has.
 */
#define JOBS_MAX 16
#define JOBS_A_USER 6
/* Whoever writes records and serves comes first. */
#define NICE 5
/* Seconds after which somebody who was refused may ask again. */
#define RETRY_AFTER 2

/* While it waits or is read, its request is the pool's; nobody else touches it. */
struct job {
	struct job *next;
	struct readers *readers;
	struct request *request;
	struct later *later;
	struct question question;
	reading *read;
	uid_t uid;
	atomic_bool abandoned;
};

struct queue {
	struct job *first;
	struct job **end;
};

struct readers {
	sd_event_source *source;
	int wake;
	pthread_t threads[THREADS];
	unsigned int n_threads;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t filled;
	struct queue waiting;
	struct queue done;
	struct job *reading[THREADS];
	bool ending;
};

/* --- queues, under the lock ----------------------------------------------- */

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct job *pop(struct queue *queue)
{
	struct job *job = queue->first;

	if (job)
		queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

static bool take_out(struct queue *queue, const struct job *wanted)
{
	struct queue rest;
	bool found = false;
	struct job *job;

	queue_init(&rest);
	while ((job = pop(queue))) {
		found |= job == wanted;
		if (job != wanted)
			push(&rest, job);
	}
	while ((job = pop(&rest)))
		push(queue, job);
	return found;
}

static bool has_room(const struct readers *readers, uid_t uid)
{
	unsigned int i, all = 0, same = 0;
	const struct job *job;

	for (job = readers->waiting.first; job; job = job->next) {
		all++;
		same += job->uid == uid;
	}
	for (i = 0; i < THREADS; i++) {
		all += readers->reading[i] != NULL;
		same += readers->reading[i] && readers->reading[i]->uid == uid;
	}
	return all < JOBS_MAX && (!uid || same < JOBS_A_USER);
}

/* --- the threads ---------------------------------------------------------- */

static void answer(struct job *job)
{
	struct json_object *result = NULL;
	int err = -ECANCELED;

	if (!atomic_load(&job->abandoned))
		err = job->read(&job->question, &result);
	if (err && atomic_load(&job->abandoned))
		err = -ECANCELED;
	question_end(job->request, &job->question, err);
	if (!err)
		reply_json(job->request, MHD_HTTP_OK, result);
}

static void wake_loop(struct readers *readers)
{
	const uint64_t one = 1;

	/* It fails only where it was not read for ages: the loop wakes anyway. */
	if (write(readers->wake, &one, sizeof(one)) < 0)
		return;
}

/* Under the lock, which it gives up meanwhile. */
static void work(struct readers *readers, unsigned int number)
{
	struct job *job = pop(&readers->waiting);

	readers->reading[number] = job;
	pthread_mutex_unlock(&readers->lock);
	answer(job);
	pthread_mutex_lock(&readers->lock);
	readers->reading[number] = NULL;
	push(&readers->done, job);
	wake_loop(readers);
}

static void *run(void *arg)
{
	struct readers *readers = arg;
	unsigned int number;

	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	pthread_mutex_lock(&readers->lock);
	number = readers->n_threads++;
	while (!readers->ending) {
		if (readers->waiting.first)
			work(readers, number);
		else
			pthread_cond_wait(&readers->filled, &readers->lock);
	}
	pthread_mutex_unlock(&readers->lock);
	return NULL;
}

/* --- the loop ------------------------------------------------------------- */

static void job_end(struct job *job)
{
	later_done(job->later);
	free(job);
}

static void tell_done(struct readers *readers)
{
	struct queue done;
	struct job *job;

	queue_init(&done);
	pthread_mutex_lock(&readers->lock);
	while ((job = pop(&readers->done)))
		push(&done, job);
	pthread_mutex_unlock(&readers->lock);
	while ((job = pop(&done)))
		job_end(job);
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	uint64_t count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0 && errno == EAGAIN)
		return 0;
	tell_done(arg);
	return 0;
}

/* Nobody waits for it: what is read is given up soon, what waits at once. */
static void on_abandoned(void *arg)
{
	struct job *job = arg;
	struct readers *readers = job->readers;

	atomic_store(&job->abandoned, true);
	pthread_mutex_lock(&readers->lock);
	if (take_out(&readers->waiting, job)) {
		push(&readers->done, job);
		wake_loop(readers);
	}
	pthread_mutex_unlock(&readers->lock);
}

static bool enqueue(struct readers *readers, struct job *job)
{
	bool room;

	pthread_mutex_lock(&readers->lock);
	room = has_room(readers, job->uid);
	if (room)
		push(&readers->waiting, job);
	pthread_cond_signal(&readers->filled);
	pthread_mutex_unlock(&readers->lock);
	return room;
}

static struct job *job_new(struct readers *readers, struct request *request,
			   const struct question *question, reading *read)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->readers = readers;
	job->request = request;
	job->question = *question;
	job->question.range.abandoned = &job->abandoned;
	job->read = read;
	job->uid = request->caller->uid;
	job->later = later_new(on_abandoned, job);
	if (job->later)
		return job;
	free(job);
	return NULL;
}

void readers_ask(struct readers *readers, struct request *request, struct question *question,
		 reading *read)
{
	struct job *job = readers ? job_new(readers, request, question, read) : NULL;

	if (!job) {
		question_end(request, question, readers ? -ENOMEM : -ESHUTDOWN);
		return;
	}
	/* Before it is anybody else's. */
	request->reply.later = job->later;
	if (enqueue(readers, job))
		return;
	request->reply.later = NULL;
	later_free(job->later);
	free(job);
	question_end(request, question, -ECANCELED);
	reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
		      "others are reading the records: ask again soon");
	request->reply.retry_after = RETRY_AFTER;
}

/* --- beginning and end ---------------------------------------------------- */

/* Signals are the loop's. */
static int start(struct readers *readers)
{
	sigset_t all, before;
	unsigned int i;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (i = 0; i < THREADS && !err; i++)
		err = pthread_create(&readers->threads[i], NULL, run, readers);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int readers_open(sd_event *event, struct readers **result)
{
	struct readers *readers = calloc(1, sizeof(*readers));
	int err;

	*result = NULL;
	if (!readers)
		return -ENOMEM;
	pthread_mutex_init(&readers->lock, NULL);
	pthread_cond_init(&readers->filled, NULL);
	queue_init(&readers->waiting);
	queue_init(&readers->done);
	readers->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = readers->wake < 0 ? -errno :
				  sd_event_add_io(event, &readers->source, readers->wake, EPOLLIN,
						  on_wake, readers);
	if (err >= 0)
		err = start(readers);
	if (err < 0)
		readers_close(readers);
	else
		*result = readers;
	return err < 0 ? err : 0;
}

static void give_up(struct readers *readers)
{
	struct job *job;
	unsigned int i;

	pthread_mutex_lock(&readers->lock);
	readers->ending = true;
	for (i = 0; i < THREADS; i++)
		if (readers->reading[i])
			atomic_store(&readers->reading[i]->abandoned, true);
	while ((job = pop(&readers->waiting))) {
		atomic_store(&job->abandoned, true);
		question_end(job->request, &job->question, -ECANCELED);
		push(&readers->done, job);
	}
	pthread_cond_broadcast(&readers->filled);
	pthread_mutex_unlock(&readers->lock);
}

void readers_close(struct readers *readers)
{
	unsigned int i;

	if (!readers)
		return;
	give_up(readers);
	for (i = 0; i < THREADS && readers->threads[i]; i++)
		pthread_join(readers->threads[i], NULL);
	tell_done(readers);
	sd_event_source_disable_unref(readers->source);
	if (readers->wake >= 0)
		close(readers->wake);
	pthread_cond_destroy(&readers->filled);
	pthread_mutex_destroy(&readers->lock);
	free(readers);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: objects, and the numbered revisions that led to them, in one SQLite
 * database (store.db, in WAL mode, synchronous=FULL). Nobody else has it open.
 *
 * A revision is written between store_begin() and store_commit(). What a crash
 * leaves is the last revision that was committed.
 *
 * Objects are opaque here: canonical JSON, with what they are found by beside it.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Digits of an object's ID, and the NUL. */
#define STORE_ID_SIZE 25

/** enum store_state - what became of a revision */
enum store_state {
	/** needed no confirmation */
	STORE_FINAL,
	/** awaits confirmation */
	STORE_TRIAL,
	STORE_CONFIRMED,
	/** was not confirmed; a later revision went back from it */
	STORE_REVERTED,
};

/**
 * struct store_object - an object
 * @id: 24 hexadecimal digits
 * @kind: in singular
 * @namespace: its own
 * @name: in its namespace and kind
 * @label: of the import that brought it, or NULL
 * @body: canonical JSON
 * @revision: that changed it last
 */
struct store_object {
	const char *id;
	const char *kind;
	const char *namespace;
	const char *name;
	const char *label;
	const char *body;
	uint64_t revision;
};

/**
 * struct store_change - what a revision, or several, did to an object
 * @id: the object's
 * @kind: in singular
 * @namespace: where it is, or was last
 * @name: likewise
 * @before: JSON, NULL where it was created
 * @after: JSON, NULL where it was deleted
 * @before_label: as struct store_object
 * @after_label: likewise
 */
struct store_change {
	const char *id;
	const char *kind;
	const char *namespace;
	const char *name;
	const char *before;
	const char *after;
	const char *before_label;
	const char *after_label;
};

/**
 * struct store_revision - a revision
 * @number: without a gap; from 1, of which the oldest may have been forgotten
 * @time: seconds since 1970
 * @uid: of its author
 * @user: the author's name then
 * @reason: as the author gave it, or ""
 * @action: what was asked for
 * @state: what became of it
 * @generation: the kernel's when it came into force, 0 where it did not
 * @changed: objects
 */
struct store_revision {
	uint64_t number;
	int64_t time;
	uid_t uid;
	const char *user;
	const char *reason;
	const char *action;
	enum store_state state;
	uint32_t generation;
	unsigned int changed;
};

struct store;

/**
 * store_open() - open the store, or make it
 * @directory: of the state
 * @store: the result
 * @why: what is wrong, for a person; to be freed; may stay NULL
 *
 * Where the disk cannot be written, the store can be read alone.
 *
 * Return: 0, -EBUSY where another process has it, -EUCLEAN where it is damaged,
 * -EPROTO where a newer msegd made it, or another error.
 */
int store_open(const char *directory, struct store **store, char **why);

/**
 * store_close() - close it
 * @store: may be NULL
 */
void store_close(struct store *store);

/**
 * store_error() - what SQLite said of the last error
 * @store: the store
 */
const char *store_error(const struct store *store);

/**
 * store_newest() - number of the newest revision
 * @store: the store
 *
 * Return: 0 in a store that was just made.
 */
uint64_t store_newest(const struct store *store);

/**
 * store_oldest() - number of the oldest revision that is kept
 * @store: the store
 *
 * It can be restored, and what it changed is known. Return: 0 in a store that was
 * just made.
 */
uint64_t store_oldest(const struct store *store);

/**
 * struct store_limits - how much of the past is kept
 * @revisions: so many at most; the newest two stay in any case
 * @seconds: none older
 * @bytes: of all that is stored, the objects of today among it
 */
struct store_limits {
	uint64_t revisions;
	uint64_t seconds;
	uint64_t bytes;
};

/**
 * store_prune() - forget the oldest revisions beyond the limits, and give their room back
 * @store: the store, without a revision begun
 * @limits: how much is kept
 * @now: seconds since 1970
 *
 * Of many no more than some go at a time. Return: as store_commit().
 */
int store_prune(struct store *store, const struct store_limits *limits, int64_t now);

/**
 * store_begin() - begin a revision
 * @store: the store
 * @revision: number and changed are filled in
 *
 * Return: 0, -ENOSPC, -EROFS, -EIO or another error.
 */
int store_begin(struct store *store, struct store_revision *revision);

/**
 * store_change() - change an object in the revision that was begun
 * @store: the store
 * @change: what
 *
 * All objects that a revision moves or renames are to be passed once to
 * store_release() before.
 *
 * Return: 0, -EEXIST where the name is taken, or as store_begin().
 */
int store_change(struct store *store, const struct store_change *change);

/**
 * store_release() - give up an object's name within the revision that was begun
 * @store: the store
 * @id: the object's; store_change() follows
 */
int store_release(struct store *store, const char *id);

/**
 * store_flush() - write what the revision changes, as far as can be done before
 *	the commit, so that a full disk shows
 * @store: the store
 *
 * Return: as store_begin().
 */
int store_flush(struct store *store);

/**
 * store_commit() - make the revision last
 * @store: the store
 * @generation: the kernel's
 *
 * Return: 0 once it is on the disk; as store_begin() else, and it never was.
 */
int store_commit(struct store *store, uint32_t generation);

/**
 * store_abort() - forget the revision that was begun
 * @store: the store
 */
void store_abort(struct store *store);

/**
 * store_set_state() - tell what became of a revision
 * @store: the store, without a revision begun
 * @number: the revision
 * @state: its new state
 *
 * Return: as store_commit().
 */
int store_set_state(struct store *store, uint64_t number, enum store_state state);

/**
 * typedef store_each_object - takes an object
 * @object: gone when it returns
 * @arg: the caller's
 *
 * Return: 0, or what ends the walk and is returned.
 */
typedef int store_each_object(const struct store_object *object, void *arg);

/**
 * store_objects() - go through objects, by kind, namespace and name
 * @store: the store
 * @kind: only these; NULL for all
 * @each: called with each
 * @arg: handed to @each
 */
int store_objects(struct store *store, const char *kind, store_each_object *each, void *arg);

/**
 * store_find() - find an object by its ID or its name
 * @store: the store
 * @kind: in singular
 * @namespace: where the name is looked for; NULL for IDs alone
 * @text: ID or name
 * @each: called with it
 * @arg: handed to @each
 *
 * Return: what @each returned, -ENOENT, or another error.
 */
int store_find(struct store *store, const char *kind, const char *namespace, const char *text,
	       store_each_object *each, void *arg);

/** typedef store_each_change - takes a change; as store_each_object */
typedef int store_each_change(const struct store_change *change, void *arg);

/**
 * store_diff() - what leads from one revision to another
 * @store: the store
 * @from: a revision
 * @to: an earlier or later one, not newer than the newest
 * @each: called with the change of every object that differs
 * @arg: handed to @each
 */
int store_diff(struct store *store, uint64_t from, uint64_t to, store_each_change *each, void *arg);

/** typedef store_each_revision - takes a revision; as store_each_object */
typedef int store_each_revision(const struct store_revision *revision, void *arg);

/**
 * store_revisions() - go through revisions, newest first
 * @store: the store
 * @before: only those older than this
 * @limit: that many at most
 * @each: called with each
 * @arg: handed to @each
 */
int store_revisions(struct store *store, uint64_t before, unsigned int limit,
		    store_each_revision *each, void *arg);

/** store_new_id() - make an ID: the time, as others make theirs, and chance */
void store_new_id(char id[STORE_ID_SIZE]);

#endif /* STORE_H */

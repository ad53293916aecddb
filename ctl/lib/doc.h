/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML or JSON document as a tree in which everything knows its place.
 *
 * Written for input from anybody: the size, the depth and the number of values
 * are bounded, and what makes YAML dangerous or surprising (aliases, tags,
 * several documents where one is expected) is refused. Strings hold no NUL and are UTF-8.
 */
#ifndef DOC_H
#define DOC_H

#include "diag.h"

#include <stddef.h>

/** Bytes of a document. */
#define DOC_SIZE_MAX (64U << 20)

/** Lists and objects within each other. */
#define DOC_DEPTH_MAX 32

/** Values of a document together: room for every entry of the largest policy. */
#define DOC_VALUES_MAX 8388608

/** enum doc_kind - what a value is, as JSON has it */
enum doc_kind {
	DOC_NULL,
	DOC_BOOL,
	DOC_INTEGER,
	DOC_FLOAT,
	DOC_STRING,
	DOC_LIST,
	DOC_OBJECT,
};

/**
 * struct doc_value - a value
 * @next: the next one of the same list or object, or of a stream's documents
 * @first: of a list's or object's values
 * @text: of a scalar, as it was written but unescaped; NUL-terminated
 * @key: its field's name in an object
 * @place: where it begins
 * @key_place: where its field's name begins
 * @len: bytes of @text
 * @key_len: bytes of @key
 * @kind: what it is
 */
struct doc_value {
	struct doc_value *next;
	struct doc_value *first;
	const char *text;
	const char *key;
	struct place place;
	struct place key_place;
	uint32_t len;
	uint32_t key_len;
	enum doc_kind kind;
};

struct doc;

/**
 * doc_read() - read a document
 * @data: its bytes
 * @len: how many
 * @diag: told of every error
 *
 * Return: the document, or NULL after an error.
 */
struct doc *doc_read(const char *data, size_t len, struct diag *diag);

/**
 * doc_read_stream() - read any number of YAML documents
 * @data: their bytes
 * @len: how many
 * @diag: told of every error
 *
 * Return: a document whose root is the first one's value, and @next of that the
 * second one's, or NULL after an error. Values that hold nothing stand for empty
 * documents.
 */
struct doc *doc_read_stream(const char *data, size_t len, struct diag *diag);

/**
 * doc_error() - report what is wrong with a value
 * @diag: where to
 * @value: the value
 * @format: a sentence without a full stop; printf's
 *
 * Return: -EINVAL, for its caller to return.
 */
int doc_error(struct diag *diag, const struct doc_value *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * doc_warning() - report a value that is taken, but not as it was written
 * @diag: where to
 * @value: the value
 * @format: a sentence without a full stop; printf's
 */
void doc_warning(struct diag *diag, const struct doc_value *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * doc_root() - a document's value
 * @doc: the document
 */
const struct doc_value *doc_root(const struct doc *doc);

/**
 * doc_free() - free a document and all its values
 * @doc: may be NULL
 */
void doc_free(struct doc *doc);

/**
 * doc_kind_name() - what people call a kind of value
 * @kind: the kind
 *
 * Return: "a string", "a list", ...
 */
const char *doc_kind_name(enum doc_kind kind);

#endif /* DOC_H */

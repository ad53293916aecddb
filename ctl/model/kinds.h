/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of objects and their fields (POLICY.md, "Objects"): the one table that
 * reading, writing, documentation and completion go by.
 */
#ifndef MODEL_KINDS_H
#define MODEL_KINDS_H

#include <stdbool.h>
#include <stddef.h>

/** enum kind_id - what an object is */
enum kind_id {
	KIND_NAMESPACE,
	KIND_ENFORCER,
	KIND_EXTERNALNETWORK,
	KIND_RULESET,
	KIND_PROCESSINGUNIT,
	N_KINDS,
};

/** enum kind_type - what a field holds; in brackets what stands where it is left out */
enum kind_type {
	/** 24 hexadecimal digits, given by the product [absent] */
	TYPE_ID,
	/** a name, 1 to 255 bytes [always required] */
	TYPE_NAME,
	/** a namespace's path, or its name below the namespace of the request */
	TYPE_PATH,
	/** the namespace that the object is in [that of the request] */
	TYPE_NAMESPACE,
	/** any text without control characters [""] */
	TYPE_TEXT,
	/** true or false [false] */
	TYPE_BOOL,
	/** Allow, Reject or Inherit [Inherit] */
	TYPE_DEFAULT,
	/** Answered, Silent or Inherit [Inherit] */
	TYPE_REJECTS,
	/** Allow or Reject */
	TYPE_ACTION,
	/** a list of key=value [[]] */
	TYPE_TAGS,
	/** an OR of ANDs of tags */
	TYPE_SELECTOR,
	/** addresses, CIDRs and domain names */
	TYPE_ENTRIES,
	/** addresses [[]] */
	TYPE_ADDRESSES,
	/** protocolPorts */
	TYPE_SERVICES,
	/** rules [[]] */
	TYPE_RULES,
};

/**
 * struct kind_field - a field of a kind
 * @name: as it is written
 * @doc: what it says, a phrase without a full stop
 * @type: what it holds
 * @required: whether it may not be left out
 */
struct kind_field {
	const char *name;
	const char *doc;
	enum kind_type type;
	bool required;
};

/**
 * struct kind - a kind of objects
 * @id: which
 * @singular: its identity, as in mctl api get IDENTITY
 * @plural: likewise, and in an import document's data
 * @alias: another word for it, or NULL
 * @alias_plural: likewise
 * @label: as the Kubernetes shape writes it
 * @noun: as a sentence calls it, "an external network"
 * @fields: its fields
 * @n_fields: how many
 * @foreign: fields of the other product that mean nothing here, NULL behind the last
 * @is_imported: whether documents may bring it
 * @is_derived: whether it is worked out of others and cannot be written
 */
struct kind {
	enum kind_id id;
	const char *singular;
	const char *plural;
	const char *alias;
	const char *alias_plural;
	const char *label;
	const char *noun;
	const struct kind_field *fields;
	size_t n_fields;
	const char *const *foreign;
	bool is_imported;
	bool is_derived;
};

/**
 * kind_get() - a kind
 * @id: which
 */
const struct kind *kind_get(enum kind_id id);

/**
 * kind_rule() - the fields of a rule, in the form of a kind; its id means nothing
 */
const struct kind *kind_rule(void);

/**
 * kind_find() - a kind by any of its names
 * @word: singular, plural, alias or label; case does not matter
 * @len: its bytes
 *
 * Return: the kind or NULL.
 */
const struct kind *kind_find(const char *word, size_t len);

/**
 * kind_nearest() - the name of a kind that a misspelt one was meant to be
 * @word: the misspelt name
 * @len: its bytes
 *
 * Return: a plural, or NULL where none is near.
 */
const char *kind_nearest(const char *word, size_t len);

/**
 * kind_field_find() - a field by its name
 * @kind: of which
 * @name: of the field
 * @len: its bytes
 *
 * Return: its index in @fields, or -1.
 */
int kind_field_find(const struct kind *kind, const char *name, size_t len);

/**
 * kind_field_nearest() - the field that a misspelt name was meant to be
 * @kind: of which
 * @name: the misspelt name
 * @len: its bytes
 *
 * Return: a name, or NULL where none is near.
 */
const char *kind_field_nearest(const struct kind *kind, const char *name, size_t len);

/**
 * kind_is_foreign() - whether a field is one of the other product that means
 *	nothing here
 * @kind: of which
 * @name: of the field
 * @len: its bytes
 */
bool kind_is_foreign(const struct kind *kind, const char *name, size_t len);

#endif /* MODEL_KINDS_H */

// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents that bring objects. */
#include "import.h"
#include "object.h"
#include "shape.h"
#include "lib/doc.h"
#include "lib/fields.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where objects of one name stand, for those that are there twice. */
#define KEY_LEN 2048

/* Bytes of a label. */
#define LABEL_MAX 255

struct reader {
	struct import *import;
	const struct import_options *options;
	struct diag *diag;
	size_t room;
	/* Objects by kind, namespace and name; their keys are the table's. */
	struct lh_table *seen;
	/* Objects so far, good or bad. */
	size_t n_read;
	bool no_memory;
};

static void no_memory(struct reader *reader)
{
	if (!reader->no_memory)
		diag_error(reader->diag, (struct place){ 0 }, "out of memory");
	reader->no_memory = true;
}

static bool is_key(const struct doc_value *value, const char *name)
{
	return strlen(name) == value->key_len && !memcmp(value->key, name, value->key_len);
}

static const struct doc_value *find(const struct doc_value *object, const char *name)
{
	const struct doc_value *value;

	for (value = object->first; value; value = value->next)
		if (is_key(value, name))
			return value;
	return NULL;
}

/* --- objects -------------------------------------------------------------- */

/* Note an object; false where one of its name is there already. */
static bool note(struct reader *reader, const struct import_object *object)
{
	char key[KEY_LEN], *copy;
	void *found = NULL;

	snprintf(key, sizeof(key), "%d\n%s\n%s", object->kind->id, object->space, object->name);
	if (lh_table_lookup_ex(reader->seen, key, &found)) {
		diag_error(reader->diag, object->place,
			   "%s %s is there already, on line %u: names are unique in a namespace",
			   object->kind->singular, text_show(object->name, strlen(object->name)).s,
			   (unsigned int)(uintptr_t)found);
		return false;
	}
	copy = strdup(key);
	if (copy && !lh_table_insert(reader->seen, copy, (void *)(uintptr_t)object->place.line))
		return true;
	free(copy);
	no_memory(reader);
	return false;
}

static void add_object(struct reader *reader, const struct kind *kind, struct json_object *json,
		       struct place place)
{
	struct import *import = reader->import;
	const struct import_object object = {
		.kind = kind,
		.space = object_text(json, "namespace"),
		.name = object_text(json, "name"),
		.json = json,
		.place = place,
	};
	size_t room = reader->room ? 2 * reader->room : 64;
	struct import_object *more = import->objects;

	if (import->n == reader->room) {
		more = realloc(import->objects, room * sizeof(*more));
		if (more) {
			import->objects = more;
			reader->room = room;
		}
	}
	if (!more)
		no_memory(reader);
	if (more && note(reader, &object))
		import->objects[import->n++] = object;
	else
		json_object_put(json);
}

/* An identifier is the product's to give, also where another one gave it before. */
static void drop_id(struct reader *reader, const struct doc_value *value, struct json_object *json)
{
	if (!object_text(json, "ID"))
		return;
	diag_warning(reader->diag, value->place,
		     "'ID' means nothing in a document that brings objects and is left out");
	json_object_object_del(json, "ID");
}

static void read_object(struct reader *reader, const struct kind *kind,
			const struct doc_value *value)
{
	struct json_object *json;

	if (reader->n_read++ == IMPORT_OBJECTS_MAX)
		diag_error(reader->diag, value->place,
			   "%u objects are the most at one time: bring the others in by another document",
			   IMPORT_OBJECTS_MAX);
	if (reader->n_read > IMPORT_OBJECTS_MAX)
		return;
	json = object_read(kind, value, reader->diag);
	if (!json)
		return;
	drop_id(reader, value, json);
	json = object_settle(kind, json, reader->options->space, value->place, reader->diag);
	if (json)
		add_object(reader, kind, json, value->place);
}

/* The kind that a word names, if documents may bring it. */
static const struct kind *find_kind(struct reader *reader, const char *word, size_t len,
				    struct place place)
{
	const struct kind *kind = kind_find(word, len);
	const char *nearest = kind ? NULL : kind_nearest(word, len);
	char message[TEXT_WHY_LEN], hint[TEXT_WHY_LEN];
	const struct finding finding = {
		.place = place,
		.is_error = true,
		.value = word,
		.message = message,
		.hint = hint,
	};

	if (kind && kind->is_imported)
		return kind;
	if (kind)
		snprintf(message, sizeof(message), "%s cannot be brought by a document", kind->noun);
	else
		snprintf(message, sizeof(message), "there is no kind of objects %s",
			 text_show(word, len).s);
	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", nearest);
	else
		snprintf(hint, sizeof(hint),
			 "namespaces, externalnetworks and networkrulesetpolicies can");
	diag_report(reader->diag, &finding);
	return NULL;
}

/* --- import documents ----------------------------------------------------- */

static void read_list(struct reader *reader, const struct doc_value *list)
{
	const struct kind *kind = find_kind(reader, list->key, list->key_len, list->key_place);
	const struct doc_value *value;
	char what[64];

	if (list->kind == DOC_NULL || !kind)
		return;
	snprintf(what, sizeof(what), "'%s'", kind->plural);
	if (!field_is(list, DOC_LIST, what, reader->diag))
		return;
	for (value = list->first; value && !reader->no_memory; value = value->next)
		read_object(reader, kind, value);
}

static void check_version(struct reader *reader, const struct doc_value *value)
{
	if (value->kind == DOC_INTEGER && (!strcmp(value->text, "0") || !strcmp(value->text, "1")))
		return;
	doc_error(reader->diag, value, "'APIVersion' is 0 or 1, not %s",
		  value->text ? text_show(value->text, value->len).s : doc_kind_name(value->kind));
}

static void read_label(struct reader *reader, const struct doc_value *value)
{
	struct import *import = reader->import;

	if (!field_is(value, DOC_STRING, "'label'", reader->diag))
		return;
	if (!value->len || value->len > LABEL_MAX || !text_is_plain(value->text, value->len)) {
		doc_error(reader->diag, value,
			  "a label has 1 to %d bytes, and no control characters", LABEL_MAX);
		return;
	}
	if (import->label && strcmp(import->label, value->text) != 0) {
		doc_error(reader->diag, value,
			  "one label is expected: %s is on line %u, import the two one by one",
			  text_show(import->label, strlen(import->label)).s,
			  import->label_place.line);
		return;
	}
	free(import->label);
	import->label = strdup(value->text);
	import->label_place = value->place;
	if (!import->label)
		no_memory(reader);
}

/* What the other product lists: kinds of objects, some of which do not exist here. */
static void check_identities(struct reader *reader, const struct doc_value *list)
{
	const struct doc_value *value;

	if (!field_is(list, DOC_LIST, "'identities'", reader->diag))
		return;
	for (value = list->first; value; value = value->next)
		if (field_is(value, DOC_STRING, "an identity", reader->diag) &&
		    !kind_find(value->text, value->len))
			doc_warning(reader->diag, value, "%s are unknown here: nothing is imported",
				    text_show(value->text, value->len).s);
}

static void read_import(struct reader *reader, const struct doc_value *document)
{
	enum { VERSION, LABEL, DATA, IDENTITIES, N };
	static const struct kind_field fields[N] = {
		[VERSION] = { .name = "APIVersion" },
		[LABEL] = { .name = "label" },
		[DATA] = { .name = "data", .doc = "the lists of objects", .required = true },
		[IDENTITIES] = { .name = "identities" },
	};
	static const char *const foreign[] = { "name",	 "description", "createTime", "updateTime",
					       "source", "annotations", NULL };
	static const struct kind shape = {
		.noun = "an import document",
		.fields = fields,
		.n_fields = N,
		.foreign = foreign,
	};
	const struct doc_value *values[N], *list;

	if (!shape_take(&shape, document, values, reader->diag))
		return;
	if (values[VERSION])
		check_version(reader, values[VERSION]);
	if (values[LABEL])
		read_label(reader, values[LABEL]);
	if (values[IDENTITIES])
		check_identities(reader, values[IDENTITIES]);
	if (!values[DATA] || !field_is(values[DATA], DOC_OBJECT, "'data'", reader->diag))
		return;
	for (list = values[DATA]->first; list && !reader->no_memory; list = list->next)
		read_list(reader, list);
}

/* --- the Kubernetes shape ------------------------------------------------- */

/* Members of an object, copied to be put into another one. */
struct merged {
	struct doc_value object;
	struct doc_value members[SHAPE_MAX];
	size_t n;
};

static void merge(struct reader *reader, struct merged *merged, const struct doc_value *value)
{
	size_t i;

	for (i = 0; i < merged->n; i++) {
		if (!is_key(&merged->members[i], value->key))
			continue;
		diag_error(reader->diag, value->key_place, "'%s' is there twice: on line %u, too",
			   value->key, merged->members[i].key_place.line);
		return;
	}
	if (merged->n == SHAPE_MAX) {
		diag_error(reader->diag, value->key_place, "'spec' has too many fields");
		return;
	}
	merged->members[merged->n] = *value;
	merged->members[merged->n].next = NULL;
	if (merged->n)
		merged->members[merged->n - 1].next = &merged->members[merged->n];
	else
		merged->object.first = merged->members;
	merged->n++;
}

static void merge_metadata(struct reader *reader, struct merged *merged,
			   const struct doc_value *metadata)
{
	enum { NAME, NAMESPACE, N };
	static const struct kind_field fields[N] = {
		[NAME] = { .name = "name", .doc = "the object's name", .required = true },
		[NAMESPACE] = { .name = "namespace" },
	};
	static const char *const foreign[] = {
		"labels",     "annotations",	 "uid",		 "resourceVersion",
		"generation", "managedFields",	 "finalizers",	 "creationTimestamp",
		"selfLink",   "ownerReferences", "generateName", NULL,
	};
	static const struct kind shape = {
		.noun = "'metadata'",
		.fields = fields,
		.n_fields = N,
		.foreign = foreign,
	};
	const struct doc_value *values[N];
	size_t i;

	if (!shape_take(&shape, metadata, values, reader->diag))
		return;
	for (i = 0; i < N; i++)
		if (values[i])
			merge(reader, merged, values[i]);
}

static void read_kubernetes(struct reader *reader, const struct doc_value *document)
{
	enum { VERSION, KIND, METADATA, SPEC, N };
	static const struct kind_field fields[N] = {
		[VERSION] = { .name = "apiVersion" },
		[KIND] = { .name = "kind", .doc = "what it is", .required = true },
		[METADATA] = { .name = "metadata", .doc = "its name", .required = true },
		[SPEC] = { .name = "spec" },
	};
	static const char *const foreign[] = { "status", NULL };
	static const struct kind shape = {
		.noun = "an object with 'kind'",
		.fields = fields,
		.n_fields = N,
		.foreign = foreign,
	};
	struct merged merged = { .object = *document };
	const struct doc_value *values[N], *member;
	const struct kind *kind;

	merged.object.first = NULL;
	if (!shape_take(&shape, document, values, reader->diag) || !values[KIND] ||
	    !field_is(values[KIND], DOC_STRING, "'kind'", reader->diag))
		return;
	kind = find_kind(reader, values[KIND]->text, values[KIND]->len, values[KIND]->place);
	if (values[METADATA])
		merge_metadata(reader, &merged, values[METADATA]);
	if (values[SPEC] && !field_is(values[SPEC], DOC_OBJECT, "'spec'", reader->diag))
		return;
	for (member = values[SPEC] ? values[SPEC]->first : NULL; member; member = member->next)
		merge(reader, &merged, member);
	if (kind && values[METADATA])
		read_object(reader, kind, &merged.object);
}

/* --- the whole ------------------------------------------------------------ */

static void read_document(struct reader *reader, const struct doc_value *document)
{
	const struct doc_value *value;

	if (document->kind == DOC_NULL)
		return;
	if (document->kind == DOC_LIST && reader->options->kind) {
		for (value = document->first; value; value = value->next)
			read_object(reader, reader->options->kind, value);
		return;
	}
	if (!field_is(document, DOC_OBJECT, "a document", reader->diag))
		return;
	if (find(document, "data") || find(document, "APIVersion"))
		read_import(reader, document);
	else if (find(document, "kind"))
		read_kubernetes(reader, document);
	else if (reader->options->kind)
		read_object(reader, reader->options->kind, document);
	else
		diag_error(reader->diag, document->place,
			   "neither an import document, which has 'data', nor an object with 'kind'");
}

/* Namespaces first, those above before those below; the rest stays in its order. */
static int compare(const void *a, const void *b)
{
	const struct import_object *x = a, *y = b;
	bool x_space = x->kind->id == KIND_NAMESPACE, y_space = y->kind->id == KIND_NAMESPACE;
	int order = (int)y_space - (int)x_space;

	if (!order && x_space)
		order = strcmp(x->name, y->name);
	if (!order)
		order = x->place.line < y->place.line ? -1 : x->place.line > y->place.line;
	if (!order)
		order = x->place.column < y->place.column ? -1 : x->place.column > y->place.column;
	return order;
}

static void read_stream(struct reader *reader, const char *data, size_t len)
{
	struct doc *doc = doc_read_stream(data, len, reader->diag);
	const struct doc_value *document;
	bool empty = true;

	if (!doc)
		return;
	for (document = doc_root(doc); document; document = document->next) {
		empty &= document->kind == DOC_NULL;
		read_document(reader, document);
	}
	if (empty)
		diag_error(reader->diag, (struct place){ 0 }, "the document is empty");
	if (reader->import->n)
		qsort(reader->import->objects, reader->import->n, sizeof(struct import_object),
		      compare);
	doc_free(doc);
}

/* --- places --------------------------------------------------------------- */

/* Findings about the filled template, on their way to the original's diag. */
struct translation {
	const struct template *template;
	struct diag *diag;
};

static void translate(const struct finding *finding, void *arg)
{
	const struct translation *translation = arg;
	struct finding translated = *finding;

	translated.place = template_place(translation->template, finding->place);
	diag_report(translation->diag, &translated);
}

static void read_filled(const struct reader *outer, const struct template *template)
{
	struct translation translation = { template, outer->diag };
	struct diag diag = { .file = outer->diag->file, .take = translate, .arg = &translation };
	struct reader reader = *outer;
	struct import *import = reader.import;
	size_t i;

	reader.diag = &diag;
	read_stream(&reader, template->text, template->len);
	import->label_place = template_place(template, import->label_place);
	for (i = 0; i < import->n; i++)
		import->objects[i].place = template_place(template, import->objects[i].place);
}

static void free_key(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
}

struct import *import_read(const char *data, size_t len, const struct import_options *options,
			   struct diag *diag)
{
	struct reader reader = { .options = options, .diag = diag };
	unsigned int before = diag->errors;
	struct template template = { 0 };

	reader.import = calloc(1, sizeof(*reader.import));
	reader.seen = lh_kchar_table_new(64, free_key);
	if (!reader.import || !reader.seen)
		no_memory(&reader);
	else if (!template_fill(data, len, options->values, options->n_values, &template, diag))
		read_filled(&reader, &template);
	template_free(&template);
	if (reader.seen)
		lh_table_free(reader.seen);
	if (diag->errors == before)
		return reader.import;
	import_free(reader.import);
	return NULL;
}

void import_free(struct import *import)
{
	size_t i;

	if (!import)
		return;
	for (i = 0; i < import->n; i++)
		json_object_put(import->objects[i].json);
	free(import->objects);
	free(import->label);
	free(import);
}

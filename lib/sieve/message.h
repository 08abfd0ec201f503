/* SPDX-License-Identifier: ISC */
/* The message as a script sees it: header fields that can be changed, parts. */
#ifndef SIEVE_MESSAGE_H
#define SIEVE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct mime_tree;

struct sieve_field {
	struct slice name;
	struct slice value; /* folded as it stands */
	struct slice raw;   /* with its line ends */
	struct slice text;  /* decoded; p == NULL: not yet */
};

struct sieve_fields {
	struct sieve_field *list;
	size_t n, room;
	struct slice rest; /* what stands behind the last that is looked at */
};

enum { SIEVE_FIELDS_MAX = 10000 };

struct sieve_patch {
	struct sieve_patch *next; /* by their place */
	uint64_t off, bytes;
	struct slice text;
};

struct sieve_message {
	struct arena arena;
	struct slice raw; /* as it was given */
	struct slice body;
	struct sieve_fields fields;
	struct sieve_patch *patches; /* of the body */
	bool edited, body_edited;
	uint32_t version;       /* how often it was changed */
	struct mime_tree *tree; /* of RAW; NULL: not yet */
};

void sieve_message_init(struct sieve_message *m, struct slice raw);
void sieve_message_fini(struct sieve_message *m);

/* The fields of a header (of a part), in A. */
void sieve_message_fields(
    struct arena *a, struct slice head, struct sieve_fields *out);
/* The value in UTF-8 on one line, encoded words decoded. */
struct slice sieve_message_text(struct arena *a, struct sieve_field *f);
/* How many bytes it has with CRLF at the end of each line. */
uint64_t sieve_message_size(struct sieve_message *m);
const struct mime_tree *sieve_message_tree(struct sieve_message *m);

/* Put a field in front of all, or behind. */
void sieve_message_add(
    struct sieve_message *m, struct slice name, struct slice value, bool last);
/* Take out the fields that are CHOSEN, as many as there are. */
void sieve_message_delete(struct sieve_message *m, const bool *chosen);
/* Put TEXT where SPAN is, a part of RAW; false: what was put before is in the
 * way.  In the whole of the body: sieve_message_set_body. */
bool sieve_message_patch(
    struct sieve_message *m, uint64_t off, uint64_t bytes, struct slice text);
void sieve_message_set_body(struct sieve_message *m, struct slice body);
/* The message as it is now: header with its empty line, and body; they stay as
 * long as M. */
struct slice sieve_message_head(struct sieve_message *m);
struct slice sieve_message_body(struct sieve_message *m);
/* Both in one. */
struct slice sieve_message_whole(struct sieve_message *m);

#endif

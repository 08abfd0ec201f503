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
};

struct sieve_message {
	struct arena arena;
	struct slice raw; /* as it was given */
	struct slice body;
	struct sieve_fields fields;
	bool edited;
	struct slice rendered;  /* the edited message; p == NULL: not yet */
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
uint64_t sieve_message_size(const struct sieve_message *m);
const struct mime_tree *sieve_message_tree(struct sieve_message *m);

/* Put a field in front of all, or behind. */
void sieve_message_add(
    struct sieve_message *m, struct slice name, struct slice value, bool last);
/* Take out field I. */
void sieve_message_delete(struct sieve_message *m, size_t i);
/* The message as it is now; it stays as long as M. */
struct slice sieve_message_render(struct sieve_message *m);

#endif

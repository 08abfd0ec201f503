/* SPDX-License-Identifier: ISC */
/* Which headers a test looks at: the message's, or with :mime those of the part
 * at hand and of what is in it (RFC 5703 4). */
#ifndef SIEVE_PARTS_H
#define SIEVE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct mime_part;
struct sieve_call;
struct sieve_exec;
struct sieve_fields;

/* Lists of fields, in memory of one instruction; -1: the run fails. */
int sieve_parts_headers(struct sieve_exec *x, const struct sieve_call *c,
    struct sieve_fields ***lists, size_t *n);
/* Call ON for each field called NAME in FIELDS, with :index only for that one.
 * What is not 0 ends it and is given back. */
struct sieve_selected {
	int (*on)(struct sieve_selected *s, size_t field);
};
int sieve_parts_select(const struct sieve_call *c, struct sieve_fields *fields,
    struct slice name, int index_tag, int last_tag, struct sieve_selected *s);
/* The part behind P in the order of the message, within ROOT; NULL: none. */
const struct mime_part *sieve_parts_next(
    const struct mime_part *root, const struct mime_part *p);
/* Of the message that is run on: its bytes from OFF on. */
struct slice sieve_parts_bytes(
    struct sieve_exec *x, const struct mime_part *p, bool header);

#endif

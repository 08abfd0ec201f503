/* SPDX-License-Identifier: ISC */
/* What GETMETADATA and SETMETADATA ask for (RFC 5464 5); LIST asks for the same
 * of many mailboxes (RFC 9590). */
#ifndef IMAPD_METADATA_QUERY_H
#define IMAPD_METADATA_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct parse;

enum { QUERY_ENTRIES_MAX = 64 };

enum query_depth { QUERY_SELF, QUERY_CHILDREN, QUERY_ALL };

struct metadata_query {
	enum query_depth depth;
	uint64_t max_bytes; /* of a value; UINT64_MAX: no limit */
	struct slice entries[QUERY_ENTRIES_MAX];
	size_t n;
};

/* Can an entry be called so (RFC 5464 3.2)?  The roots, /private and /shared,
 * have none of their own, but all that lies below them. */
bool query_is_entry(struct slice name);
bool query_is_root(struct slice name);
/* Does NAME lie below (or is it) ENTRY, as deep as DEPTH says? */
bool query_matches(
    struct slice entry, enum query_depth depth, struct slice name);

/* mailbox: true: "", the server; false: NAME as boxname_parse has it. */
bool query_mailbox(struct parse *p, struct slice *name);
/* ["(" options ")" SP] mailbox SP [...] entries; options stand on either side
 * of the mailbox (RFC 5464's grammar and its examples differ). */
bool query_parse_get(
    struct parse *p, struct metadata_query *q, struct slice *name);
/* [options SP] entries */
void query_parse(struct parse *p, struct metadata_query *q);
/* entry SP value, in parentheses; .p of a value is NULL for NIL. */
struct query_value {
	struct slice entry, value;
};
size_t query_parse_values(
    struct parse *p, struct query_value values[QUERY_ENTRIES_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
/* What stands in parentheses behind the arguments of FETCH, STORE and SELECT
 * (RFC 4466 2, RFC 7162 7). */
#ifndef IMAPD_PARSE_MODIFIERS_H
#define IMAPD_PARSE_MODIFIERS_H

#include <stdbool.h>
#include <stdint.h>

#include "imapd/parse/partial.h"
#include "proto/seqset.h"

struct parse;

struct fetch_modifiers {
	uint64_t changed_since; /* 0: whatever */
	bool vanished;
	struct partial_range partial; /* from 0: all */
};

struct store_modifiers {
	bool conditional;
	uint64_t unchanged_since;
};

struct select_params {
	bool condstore;
	bool qresync;
	uint32_t uidvalidity;
	uint64_t modseq;
	bool has_known;
	struct seqset known; /* UIDs that the client has */
	bool has_match;
	struct seqset seqs; /* and at which numbers it had these */
	struct seqset uids;
};

/* [SP "(" ... ")"], to the end of the command. */
void modifiers_parse_fetch(struct parse *p, struct fetch_modifiers *m);
void modifiers_parse_select(struct parse *p, struct select_params *m);
/* ["(" ... ")" SP], before the item. */
void modifiers_parse_store(struct parse *p, struct store_modifiers *m);

/* mod-sequence-value, which is not 0 / mod-sequence-valzer */
uint64_t parse_modseq(struct parse *p);
uint64_t parse_modseq_or_zero(struct parse *p);

#endif

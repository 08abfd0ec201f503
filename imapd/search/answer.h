/* SPDX-License-Identifier: ISC */
/* The answer to a search, in steps: "* SEARCH 2 84 882", "* SORT ..." or
 * "* ESEARCH (TAG "A1") UID MIN 2 COUNT 3". */
#ifndef IMAPD_SEARCH_ANSWER_H
#define IMAPD_SEARCH_ANSWER_H

#include "base/slice.h"
#include "imapd/parse/seqset_write.h"
#include "imapd/search/returns.h"

struct buf;
struct session;
struct view;

/* What was found, in the order in which it is told. */
struct search_results {
	uint32_t *v; /* sequence numbers */
	size_t n, cap;
	uint8_t *relevancy; /* by sequence number, where it is known */
	size_t nrelevancy;
};
void search_results_add(struct search_results *r, uint32_t seq);
/* The relevancy of SEQ, which is added now or later. */
void search_results_rate(
    struct search_results *r, uint32_t seq, unsigned relevancy);
void search_results_fini(struct search_results *r);

struct search_answer {
	const char *verb; /* "SEARCH", "SORT": where nothing is returned */
	const struct search_returns *returns;
	const struct search_results *results;
	const struct view *view;
	bool uid;        /* tell UIDs */
	uint64_t modseq; /* RFC 7162 3.1.5; 0: not to be told */
	bool begun;
	size_t at, end; /* of a list of results */
	bool rated;     /* its relevancy has begun, from at on */
	size_t from;    /* where the list began */
	struct seqset_writer writer;
};

/* MODSEQ of what A tells (RFC 7162 3.1.5); HIGHEST: of all that was found. */
uint64_t answer_modseq(const struct search_answer *a, uint64_t highest);
/* "* ESEARCH (TAG "A1" MORE)[ UID]"; MORE may be empty. */
void answer_put_head(
    struct buf *out, struct slice tag, struct slice more, bool uid);
/* A piece of it, for the command TAG; true: there is more. */
bool answer_step(struct search_answer *a, struct slice tag, struct slice more,
    struct buf *out);
/* Save what the options say of it (RFC 5182 2.4, RFC 9394 3.2). */
void answer_save(const struct search_answer *a, struct session *s);

#endif

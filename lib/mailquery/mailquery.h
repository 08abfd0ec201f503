/* SPDX-License-Identifier: ISC */
/*
 * Email/query (RFC 8621 4.4, RFC 8620 5.5) over the table of an account's
 * emails (accountmail.h), in steps.
 *
 * Where the table tells all and the order is that in which emails were
 * received, nothing is looked at beyond the part of the results that is asked
 * for.  Texts are found as IMAP's SEARCH finds them (mailsearch/finder.h), in
 * what the table leaves open; results that took long are kept for the next part
 * of them.
 */
#ifndef MAILQUERY_MAILQUERY_H
#define MAILQUERY_MAILQUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "mailquery/criteria.h"

struct account;
struct arena;
struct accountmail;
struct keeper;
struct mailquery;

enum { MAILQUERY_SORTS_MAX = 8 };

enum mailquery_by {
	MAILQUERY_RECEIVED,
	MAILQUERY_SIZE,
	MAILQUERY_SENT,
	MAILQUERY_FROM,
	MAILQUERY_TO,
	MAILQUERY_SUBJECT,
	MAILQUERY_KEYWORD,
	MAILQUERY_ALL_IN_THREAD,
	MAILQUERY_SOME_IN_THREAD,
};

struct mailquery_sort {
	enum mailquery_by by;
	bool descending;
	struct criterion_keyword keyword;
};

/* What is asked for; all of it stays as long as the query. */
struct mailquery_request {
	struct slice name; /* equal where filter, sorts and collapse are */
	struct criterion *filter; /* NULL: every email */
	struct mailquery_sort sorts[MAILQUERY_SORTS_MAX];
	size_t nsorts; /* 0: the last one received first */
	bool collapse; /* only the first email of each thread */

	int64_t position; /* negative: from the end */
	uint64_t anchor;  /* an email's id; 0: none */
	int64_t anchor_offset;
	uint64_t limit;
	bool total;          /* how many there are is asked for */
	size_t memory_bytes; /* keys of an order may take so much */
};

struct mailquery_result {
	bool too_much_text; /* unsupportedFilter */
	bool no_anchor;     /* anchorNotFound */
	uint64_t state;     /* the account's mod-sequence that it shows */
	uint64_t total;     /* where it was asked for */
	uint64_t position;  /* of the first id */
	uint64_t *ids;      /* the caller's to free */
	size_t n;
};

/* K: the full-text index; NULL: texts are read. */
struct mailquery *mailquery_new(struct account *a, struct accountmail *e,
    struct keeper *k, const struct mailquery_request *r, struct arena *arena);
void mailquery_free(struct mailquery **q);
/* Work on; *MORE: call again. */
int mailquery_step(struct mailquery *q, bool *more, struct err *err);
/* When there is no more. */
struct mailquery_result *mailquery_result(struct mailquery *q);
/* The account is closed: results that were kept go. */
void mailquery_forget(void);

#endif

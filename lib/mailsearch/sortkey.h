/* SPDX-License-Identifier: ISC */
/* What SORT orders by (RFC 5256 3, RFC 5957): a program of criteria, and for
 * each message a key whose bytes order as the program says. */
#ifndef MAILSEARCH_SORTKEY_H
#define MAILSEARCH_SORTKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct mailread;
struct message_info;

enum {
	SORTKEY_CRITERIA_MAX = 16,
	SORTKEY_STRING_MAX = 255,
	SORTKEY_MAX = SORTKEY_CRITERIA_MAX * (SORTKEY_STRING_MAX + 1),
};

enum sort_by {
	SORT_BY_ARRIVAL,
	SORT_BY_CC,
	SORT_BY_DATE,
	SORT_BY_DISPLAYFROM,
	SORT_BY_DISPLAYTO,
	SORT_BY_FROM,
	SORT_BY_RELEVANCY, /* RFC 6203 5, the highest first */
	SORT_BY_SIZE,
	SORT_BY_SUBJECT,
	SORT_BY_TO,
};

struct sort_program {
	struct sort_criterion {
		enum sort_by by;
		bool reverse;
	} of[SORTKEY_CRITERIA_MAX];
	size_t n;
};

bool sortkey_by_relevancy(const struct sort_program *program);
/* The sent date (RFC 5256 2.2), by the index or ENVELOPE. */
int64_t sortkey_sent(const struct message_info *info, struct slice envelope);
/* The key of a message.  READY false: its envelope is being read, ask again.
 */
enum found sortkey_message(struct buf *key, const struct sort_program *program,
    struct mailread *m, bool *ready, struct err *err);

/* What a column (store/visit.h) can have for it, in place of ENVELOPE. */
enum sortkey_column {
	SORTKEY_NO_COLUMN,
	SORTKEY_COLUMN,      /* worth making */
	SORTKEY_COLUMN_READ, /* of use where it is there, and not made for it */
};
enum sortkey_column sortkey_column(const struct sort_program *program);
/* Make it of a message, and keep it: OUT's content is replaced.  READY as
 * above. */
enum found sortkey_column_message(
    struct buf *out, struct mailread *m, bool *ready, struct err *err);
void sortkey_column_put(struct buf *out, const struct message_info *info,
    struct slice envelope, struct slice record);
/* The key that COLUMN gives; false: it is none of ours. */
bool sortkey_column_key(
    struct buf *key, const struct sort_program *program, struct slice column);

/* KEY's content is replaced.  ENVELOPE as rendered, of RECORD, or both empty.
 * Strings count with SORTKEY_STRING_MAX bytes.  RELEVANCY: 1 to 100. */
void sortkey_put(struct buf *key, const struct sort_program *program,
    const struct message_info *info, struct slice envelope, struct slice record,
    unsigned relevancy);

#endif

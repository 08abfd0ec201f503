/* SPDX-License-Identifier: ISC */
/* The sorts of Email/query (RFC 8621 4.4.2): for each email a key whose bytes
 * order as they say. */
#ifndef MAILQUERY_MAILSORT_H
#define MAILQUERY_MAILSORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mailquery/mailquery.h"
#include "mailread/mailread.h"

struct account;
struct accountmail;

struct mailsort {
	struct account *account;
	struct mailquery_sort *sorts;
	size_t n;
	struct mailbox *mailbox; /* of the message that was read last */
	uint32_t box;
	struct mailread message;
	bool open;
	struct buf text; /* scratch */
};

/* Of the N SORTS, which stay. */
void mailsort_init(struct mailsort *s, struct account *a,
    struct mailquery_sort *sorts, size_t n);
void mailsort_fini(struct mailsort *s);
/* Are the emails in the order that SORTS ask for when they stand in that of
 * their reception, or (*DESCENDING) the other way round? */
bool mailsort_is_received(
    const struct mailquery_sort *sorts, size_t n, bool *descending);
/* The key of email N: KEY's content is replaced.  READY false: it is being
 * read, ask again.  ABSENT: it is gone. */
enum found mailsort_key(struct mailsort *s, const struct accountmail *e,
    uint32_t n, struct buf *key, bool *ready, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/* Questions and answers between the process that may ask the DNS and those that
 * may not: lookup_dns has 1 to DNS_PASS_MAX questions, lookup_dns_found answers
 * to the first of them, at least one, in order; where a frame has no room for
 * more, the others are asked again. */
#ifndef DNS_PASS_H
#define DNS_PASS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "dns/wire.h"

/* Questions in one message, at most. */
enum { DNS_PASS_MAX = 32 };

/* NAME is text (dns/answers.h: A-labels, lower case). */
void dns_pass_put_question(
    struct buf *out, const char *name, enum dns_type type);
/* The next one of C; its name is in A.  False: the end, or (C has failed) what
 * is no question, or one for a type that rules have no use for. */
bool dns_pass_get_question(
    struct cur *c, struct arena *a, const char **name, enum dns_type *type);

/* The answer to a question for TYPE: one of those above. */
void dns_pass_put_answer(
    struct buf *out, enum dns_type type, const struct dns_answer *answer);
/* The next one of C, which is for TYPE; what it points at is in A, but for the
 * bytes of TXT, which are those of C.  False: the end, or C has failed. */
bool dns_pass_get_answer(struct cur *c, enum dns_type type, struct arena *a,
    struct dns_answer *answer);

#endif

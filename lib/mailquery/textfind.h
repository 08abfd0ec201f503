/* SPDX-License-Identifier: ISC */
/* Which emails meet criteria about texts, found mailbox by mailbox. */
#ifndef MAILQUERY_TEXTFIND_H
#define MAILQUERY_TEXTFIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct account;
struct arena;
struct criterion;
struct accountmail;
struct keeper;
struct textfind;

/* Among those emails of E, as it is now, of which the table does not tell.
 * NULL: there is too much text in FILTER. */
struct textfind *textfind_new(struct account *a, struct accountmail *e,
    struct keeper *k, struct criterion *filter, struct arena *arena);
void textfind_free(struct textfind **t);
int textfind_step(struct textfind *t, bool *more, struct err *err);
/* Was the email N, which has ID, among them, and meets them? */
bool textfind_has(const struct textfind *t, uint32_t n, uint64_t id);

#endif

/* SPDX-License-Identifier: ISC */
/* The texts of an email that snippets are taken from. */
#ifndef MAILQUERY_SNIPPETREAD_H
#define MAILQUERY_SNIPPETREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct account;
struct buf;
struct accountmail;
struct snippetread;

struct snippetread *snippetread_new(
    struct account *a, const struct accountmail *e);
void snippetread_free(struct snippetread **r);
/* Those of the email N, in UTF-8, added: its subject, and with BODY what is
 * seen of its first text.  READY false: it is being read, ask again.  ABSENT:
 * it is gone. */
enum { SNIPPETREAD_TEXT = 512 << 10 };
enum found snippetread_step(struct snippetread *r, uint32_t n, bool body,
    struct buf *subject, struct buf *text, bool *ready, struct err *err);

#endif

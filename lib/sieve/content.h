/* SPDX-License-Identifier: ISC */
/* What a part of a message holds. */
#ifndef SIEVE_CONTENT_H
#define SIEVE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct mime_part;
struct sieve_exec;

/* The body of P with its transfer encoding undone, text in UTF-8; of HTML with
 * VISIBLE what a reader sees.  It stays for one instruction. */
int sieve_content_text(struct sieve_exec *x, const struct mime_part *p,
    bool visible, struct slice *out);
/* What stands around the parts of the multipart P. */
struct slice sieve_content_prologue(
    struct sieve_exec *x, const struct mime_part *p);
struct slice sieve_content_epilogue(
    struct sieve_exec *x, const struct mime_part *p);
/* Is P of a type that NAME ("text", "text/plain", "") means? */
bool sieve_content_is(const struct mime_part *p, struct slice name);

#endif

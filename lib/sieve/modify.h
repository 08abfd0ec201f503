/* SPDX-License-Identifier: ISC */
/* The modifiers of set and extracttext (RFC 5229 4.1, RFC 5435 6, :quoteregex),
 * in their order. */
#ifndef SIEVE_MODIFY_H
#define SIEVE_MODIFY_H

struct sieve_call;
struct sieve_exec;
struct slice;

int sieve_modify(
    struct sieve_exec *x, const struct sieve_call *c, struct slice *v);

#endif

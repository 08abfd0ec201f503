/* SPDX-License-Identifier: ISC */
/* The regular expressions of a run, compiled once each. */
#ifndef SIEVE_REGEXES_H
#define SIEVE_REGEXES_H

#include "sieve/regex.h"

struct sieve_exec;

/* NULL: it is none, and matches nothing, with a warning; or the run fails. */
const struct sieve_regex *sieve_regexes_find(
    struct sieve_exec *x, struct slice pattern, bool caseless);
void sieve_regexes_free(struct sieve_exec *x);

#endif

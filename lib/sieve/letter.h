/* SPDX-License-Identifier: ISC */
/* The messages that a script has sent: what goes into the queue for a redirect,
 * a vacation, a notification, a rejection. */
#ifndef SIEVE_LETTER_H
#define SIEVE_LETTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct sieve_action;
struct sieve_env;

struct sieve_letter {
	struct slice sender; /* of the envelope; empty: null */
	struct slice *to;
	size_t nto;
	struct slice head, body; /* header with its empty line */
};

/* What names the message and its host: <ID@HOST>. */
struct sieve_letter_name {
	struct slice host, id;
};

/* The message of action A, in memory of ARENA but for a body that is ENV's;
 * false: there is none, for it stores, discards, or has nobody to go to. */
bool sieve_letter_make(struct arena *arena, const struct sieve_env *env,
    const struct sieve_action *a, const struct sieve_letter_name *name,
    struct sieve_letter *letter);

#endif

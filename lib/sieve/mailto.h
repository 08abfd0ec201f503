/* SPDX-License-Identifier: ISC */
/* mailto: as the method of a notification (RFC 6068, RFC 5436 2). */
#ifndef SIEVE_MAILTO_H
#define SIEVE_MAILTO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

struct sieve_mailto_field {
	struct sieve_mailto_field *next;
	struct slice name, value;
};

struct sieve_mailto_rcpt {
	struct slice address; /* local@domain */
	struct slice text;    /* with a name, as the URI has it */
	char place;           /* t, c or b: to, cc, bcc */
};

struct sieve_mailto {
	struct sieve_mailto_rcpt *rcpts;
	size_t nrcpts;
	struct sieve_mailto_field *fields; /* the rest of what it asks for */
	struct slice subject, body;        /* p == NULL: not told */
};

/* False, and *WHY says what is wrong: URI is none, or has no recipient. */
bool sieve_mailto_parse(struct arena *a, struct slice uri, bool utf8,
    struct sieve_mailto *m, const char **why);

#endif

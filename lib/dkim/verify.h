/* SPDX-License-Identifier: ISC */
/*
 * Verifying DKIM signatures (RFC 6376 6, RFC 8301, RFC 8463).  Pure: keys are
 * wanted from a set of answers (dns/answers.h), all at once.
 *
 * Decided here: a signature with l= passes only where it covers the whole body
 * (what is added behind it would be believed as well); the record of a name
 * that has several is the one that verifies, of the first four; t=y of a key
 * is told of and changes nothing.
 */
#ifndef DKIM_VERIFY_H
#define DKIM_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "dkim/message.h"
#include "dns/answers.h"

struct dkim_verdict {
	enum dkim_result result;
	const char *why; /* for people; NULL for a pass */
	/* Domain and selector may be empty where it could not be read. */
	const struct dkim_signature *sig;
	unsigned key_bits; /* 0: there is no key */
	bool testing;      /* t=y in its key */
};

/* A verdict for each signature of M, which has ended, in V, which has room for
 * as many as limits->signatures says; *N is how many there are.  False: ANSWERS
 * wants some first. */
bool dkim_verify(const struct dkim_message *m, struct dns_answers *answers,
    int64_t now_s, struct dkim_verdict *v, size_t *n);

/* For dkim/arc.c: is SIG one of M?  Its key is known. */
void dkim_verify_one(const struct dkim_message *m,
    const struct dkim_signature *sig, struct dns_answers *answers,
    int64_t now_s, struct dkim_verdict *v);
/* Its key; NULL: wanted. */
const struct dns_answer *dkim_verify_key(
    const struct dkim_signature *sig, struct dns_answers *answers);
/* Is SIG made over INPUT? */
void dkim_verify_input(const struct dkim_signature *sig, struct slice input,
    const struct dns_answer *keys, const struct dkim_limits *limits,
    struct dkim_verdict *v);

#endif

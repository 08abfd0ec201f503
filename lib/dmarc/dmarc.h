/* SPDX-License-Identifier: ISC */
/*
 * DMARC (RFC 9989): is mail that says it is of a domain authenticated by that
 * domain, and what is to be done with it when not?  Domains are found by a walk
 * up the DNS, there is no list of public suffixes.  Pure: records are wanted
 * from a set of answers.
 */
#ifndef DMARC_DMARC_H
#define DMARC_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/words.h"
#include "dmarc/record.h"
#include "dns/answers.h"

/* As Authentication-Results names them. */
#define DMARC_RESULTS(W)                                                       \
	W(DMARC_NONE, "none")                                                  \
	W(DMARC_PASS, "pass")                                                  \
	W(DMARC_FAIL, "fail")                                                  \
	W(DMARC_TEMPERROR, "temperror")                                        \
	W(DMARC_PERMERROR, "permerror")
enum dmarc_result { DMARC_RESULTS(WORDS_ID) };

/* A domain that SPF or DKIM has something to say about. */
struct dmarc_identifier {
	struct slice domain; /* A-labels */
	bool dkim;           /* else of SPF */
	bool pass;           /* else: it may yet pass (temperror) */
};

struct dmarc_question {
	struct slice author; /* the domain of From, in A-labels */
	/* Those that passed or are temperror; others say nothing. */
	const struct dmarc_identifier *identifiers;
	size_t n;
};

struct dmarc_verdict {
	enum dmarc_result result;
	const char *why;     /* for people */
	struct slice domain; /* the author's */
	struct slice at;     /* where the record stands; empty: there is none */
	struct slice organization;
	enum dmarc_policy policy;  /* what the domain asks for: p, sp or np */
	enum dmarc_policy applied; /* what is to be done with this message: of a
				      fail the policy, a step less with t=y;
				      else none */
	bool spf_aligned, dkim_aligned;
	struct dmarc_record record; /* that stands there */
};

/* False: ANSWERS wants some first. */
bool dmarc_check(const struct dmarc_question *q, struct dns_answers *answers,
    struct dmarc_verdict *v);

/* Which of two verdicts, on two authors of one message, counts: the worse. */
const struct dmarc_verdict *dmarc_worse(
    const struct dmarc_verdict *a, const struct dmarc_verdict *b);

/* "pass" for DMARC_PASS. */
const char *dmarc_result_name(enum dmarc_result result);

#endif

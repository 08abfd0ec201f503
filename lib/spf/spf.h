/* SPDX-License-Identifier: ISC */
/*
 * SPF (RFC 7208): may a host send mail in a domain's name?  Pure: what it needs
 * of the DNS it wants from a set of answers (dns/answers.h), and it is called
 * again when they have come.
 *
 * What the RFC leaves open is decided thus.  An empty answer for AAAA of a name
 * that exists is no void look-up, and the addresses of MX hosts and of the
 * names of PTR records are not counted at all: else a client with IPv6 would
 * get a permerror for records that are fine with IPv4.  `void_strict` counts
 * them. More than MX_MAX hosts are a permerror, of PTR names more are left out.
 * A limit of time is the caller's (dns_answers_give_up).
 */
#ifndef SPF_SPF_H
#define SPF_SPF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/words.h"
#include "dns/answers.h"

/* As Authentication-Results names them (RFC 8601 2.7.2). */
#define SPF_RESULTS(W)                                                         \
	W(SPF_NONE, "none")                                                    \
	W(SPF_NEUTRAL, "neutral")                                              \
	W(SPF_PASS, "pass")                                                    \
	W(SPF_FAIL, "fail")                                                    \
	W(SPF_SOFTFAIL, "softfail")                                            \
	W(SPF_TEMPERROR, "temperror")                                          \
	W(SPF_PERMERROR, "permerror")
enum spf_result { SPF_RESULTS(WORDS_ID) };

struct spf_limits {
	unsigned lookups; /* terms that ask the DNS (4.6.4): 10 */
	unsigned voids;   /* answers with nothing in them: 2 */
	unsigned hosts;   /* of one MX answer, and of one PTR answer: 10 */
	bool void_strict;
};
extern const struct spf_limits spf_limits_default;

struct spf_question {
	uint8_t ip[16]; /* of the client, IPv4 mapped into IPv6 */
	struct slice helo;
	/* Canonical (proto/address.h); empty: the null sender, for which
	 * postmaster of the HELO name is checked (2.4). */
	struct slice sender;
	struct slice receiver; /* our name, for %{r}; empty: "unknown" */
	int64_t now_s;         /* for %{t} */
	const struct spf_limits *limits;
};

struct spf_verdict {
	enum spf_result result;
	bool by_helo;        /* the identity that was checked is HELO's */
	struct slice domain; /* the domain of that identity */
	/* What decided, for people and logs: a term of the record, or what is
	 * wrong.  Printable ASCII, at most 200 bytes. */
	struct slice why;
	/* Of a fail: what the domain has to say to the sender (6.2); empty:
	 * nothing.  Printable ASCII, a stranger's words, at most 500 bytes. */
	struct slice explanation;
};

/* Check the host for the sender.  True: *V is the verdict, what it points to is
 * in A or Q.  False: ANSWERS wants some first; A may be reset meanwhile. */
bool spf_check(const struct spf_question *q, struct dns_answers *answers,
    struct arena *a, struct spf_verdict *v);

/* "pass" for SPF_PASS. */
const char *spf_result_name(enum spf_result result);

#endif

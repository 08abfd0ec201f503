/* SPDX-License-Identifier: ISC */
/* A message as SPF, DKIM, ARC and DMARC find it (mailauth/check.h). */
#ifndef POLICY_AUTH_H
#define POLICY_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct dkim_limits;
struct dkim_message;
struct dns_answers;
struct mailauth_verdict;
struct policy_auth;
struct spf_limits;
struct spf_verdict;

/* All of it outlives the check. */
struct policy_auth_about {
	const uint8_t *ip; /* 16 bytes; NULL: not known */
	struct slice helo, sender, hostname;
	const struct spf_verdict *spf;      /* NULL: to be found as well */
	const struct dkim_message *message; /* which has ended */
};

/* As policy.conf has them now. */
const struct spf_limits *policy_auth_spf_limits(void);
const struct dkim_limits *policy_auth_dkim_limits(void);

struct policy_auth *policy_auth_new(const struct policy_auth_about *about);
/* Accepts a pointer to NULL. */
void policy_auth_free(struct policy_auth **a);
/* False: ANSWERS wants some first. */
bool policy_auth_check(struct policy_auth *a, struct dns_answers *answers);

/* After that: Authentication-Results of ID, as far as OUT has room for. */
void policy_auth_put_field(
    const struct policy_auth *a, struct slice id, struct buf *out);
void policy_auth_log(
    const struct policy_auth *a, struct slice sid, struct slice qid);

/* All that was found. */
const struct mailauth_verdict *policy_auth_verdict(const struct policy_auth *a);
/* Does DMARC, or a DKIM signature, say whose it is? */
bool policy_auth_vouched(const struct policy_auth *a);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What is known of a domain, and finding it out: its record in the DNS says
 * whether there is a policy and whether it is a new one; then the addresses of
 * its policy host are looked up, and the policy is fetched.  A policy in the
 * cache counts while it is valid, whatever fails.
 */
#ifndef STS_DOMAIN_H
#define STS_DOMAIN_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "ev/loop.h"
#include "sts/policy.h"

struct sts_domain;

/* Somebody who waits for what is known. */
struct sts_waiter {
	TAILQ_ENTRY(sts_waiter) link;
	struct sts_domain *domain; /* NULL: waits no more */
	struct ev_timer deadline;
	/* Called once, never from inside sts_domain_ask. */
	void (*on_known)(struct sts_waiter *w, const struct sts_domain *d);
};

/* Load the cache in the directory DIRFD. */
int sts_domain_start(int dirfd, struct err *err);
/* Have W told what is known of NAME (a domain in A-labels, lower case): when it
 * was looked up, or after WAIT_MS what is known by then.  FETCH: though it is
 * known already. */
void sts_domain_ask(
    struct sts_waiter *w, struct slice name, int64_t wait_ms, bool fetch);
void sts_domain_forget(struct sts_waiter *w);

/* Its policy; NULL: none counts now. */
const struct sts_policy *sts_domain_policy(const struct sts_domain *d);
/* Why there is none, or no new one, though its record says that there is: a
 * result type of RFC 8460, and in words; "": nothing failed. */
const char *sts_domain_failure(const struct sts_domain *d);
const char *sts_domain_why(const struct sts_domain *d);
/* Has the DNS, or a policy host, not said yet whether there is one? */
bool sts_domain_is_unknown(const struct sts_domain *d);
const char *sts_domain_name(const struct sts_domain *d);

/* When it was found to have failed, by the wall clock; 0: it was not. */
int64_t sts_domain_failed_s(const struct sts_domain *d);

/* All domains with a policy, or one that could not be had, sorted, those behind
 * BEHIND; the caller frees it. */
const struct sts_domain **sts_domain_list(struct slice behind, size_t *n);
/* NULL: nothing is known of it. */
const struct sts_domain *sts_domain_find(struct slice name);

#endif

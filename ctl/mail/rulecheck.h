/* SPDX-License-Identifier: ISC */
/*
 * policy's rules about one message: what each says of it, by the code that
 * policy runs, and why.  What depends on a session, or on what was before, is
 * not guessed; it says what it depends on.
 */
#ifndef CTL_MAIL_RULECHECK_H
#define CTL_MAIL_RULECHECK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "origin/rules.h"

struct accesscheck;
struct accesscheck_found;
struct mailauth_verdict;
struct policy_conf;
struct spf_verdict;

enum { RULECHECK_MAX = 32 };

struct rulecheck_said {
	const char *rule, *mode;
	const char *result; /* an action, or "not asked" */
	struct slice why;
};

struct rulecheck {
	const struct policy_conf *conf;
	struct origin_client client; /* ip NULL, helo empty: not said */
	struct slice login;
	const struct accesscheck *access;
	const struct mailauth_verdict *mail; /* as far as it is known */
	/* What its From shows; empty: nothing (mailauth/lookalike.h). */
	struct slice from_own, from_other, from_disguised;
	const struct spf_verdict *spf; /* the same */
	/* The rest is filled in. */
	struct arena arena;
	struct dnsbl_site sites[DNSBL_SITES_MAX];
	size_t nsites;
	struct accesscheck_found *found; /* of access, in arena, */
	bool found_all;                  /* with what the DNS has said */
	const char *unreadable;          /* why it was not asked; or NULL */
	struct rulecheck_said said[RULECHECK_MAX];
	size_t n;
};

/* See what HEADER's From shows, into ARENA; NULL: it is too large. */
void rulecheck_look(
    struct rulecheck *r, const struct slice *header, struct arena *arena);
/* False: ANSWERS wants some first. */
bool rulecheck_step(struct rulecheck *r, struct dns_answers *answers);
/* Lines for people; an array in JSON. */
void rulecheck_print(const struct rulecheck *r, struct buf *out);
void rulecheck_print_json(const struct rulecheck *r, struct buf *out);

#endif

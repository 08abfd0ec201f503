/* SPDX-License-Identifier: ISC */
/*
 * What policy's rules spf and dmarc say of what was found.  *V is all zero;
 * what it points to is in the arena, or borrowed from what was given.
 */
#ifndef MAILAUTH_RULES_H
#define MAILAUTH_RULES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ipc/verdict.h"

struct conf_list;
struct conf_nets;
struct mailauth_verdict;
struct spf_verdict;

/* CLIENT is its address.  DEFER: where the DNS does not answer. */
void mailauth_spf_rule(const struct spf_verdict *s, struct slice client,
    bool defer, struct arena *arena, struct policy_verdict *v);

/* As policy.conf has them. */
struct mailauth_terms {
	const struct conf_nets *exempt_hosts;
	const struct conf_list *exempt_domains, *sealers;
	bool defer; /* where the DNS does not answer */
};

/* Whether what the author's domain asks for is done. */
enum mailauth_exemption {
	MAILAUTH_APPLIES,
	MAILAUTH_EXEMPT_HOST,
	MAILAUTH_EXEMPT_SEALER,
	MAILAUTH_EXEMPT_DOMAIN,
};
/* For people; NULL: it is done. */
const char *mailauth_exemption_text(enum mailauth_exemption exemption);

enum mailauth_exemption mailauth_dmarc_rule(const struct mailauth_verdict *m,
    struct slice client, const struct mailauth_terms *terms,
    struct arena *arena, struct policy_verdict *v);
/* What the rules from_own, from_other and from_disguised say where WHY is what
 * was found (mailauth/lookalike.h).  REJECT: else it is quarantine. */
void mailauth_from_rule(struct slice why, bool reject, struct arena *arena,
    struct policy_verdict *v);
/* What DMARC asks for, before any exemption: nothing where a message is in
 * nobody's name, as cron jobs and old devices write. */
enum policy_action mailauth_asked(const struct mailauth_verdict *m);

#endif

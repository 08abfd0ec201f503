/* SPDX-License-Identifier: ISC */
#include "mailauth/rules.h"

#include <sys/socket.h>

#include "base/buf.h"
#include "conf/values.h"
#include "mailauth/check.h"
#include "mailauth/lookalike.h"
#include "proto/domain.h"
#include "sys/addr.h"

/* ---- SPF ---- */

/* The domain's words, where it has some, are marked as its own (6.2). */
static void
refuse_spf(const struct spf_verdict *s, struct slice client,
    struct arena *arena, struct policy_verdict *v)
{
	struct buf text = { .max = 1024 };

	buf_addf(&text, "%.*s may not send mail for %.*s (SPF)",
	    SLICE_FMT(client), SLICE_FMT(s->domain));
	if (s->explanation.n > 0)
		buf_addf(
		    &text, "; its owner says: %.*s", SLICE_FMT(s->explanation));
	v->action = POLICY_REFUSE;
	v->enhanced = "5.7.23"; /* RFC 7372 */
	v->text = arena_slice(arena, buf_slice(&text));
	buf_fini(&text);
}

void
mailauth_spf_rule(const struct spf_verdict *s, struct slice client, bool defer,
    struct arena *arena, struct policy_verdict *v)
{
	v->why = s->why;
	if (s->result == SPF_FAIL) {
		refuse_spf(s, client, arena, v);
	} else if (s->result == SPF_TEMPERROR && defer) {
		v->action = POLICY_DEFER;
		v->enhanced = "4.7.24";
		v->text = SLICE("SPF could not be checked, try again later");
	}
}

/* ---- DMARC ---- */

static bool
is_listed(const struct conf_list *list, struct slice domain, bool beneath)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct slice one = slice_str(list->v[i]);

		if (domain_same(domain, one) ||
		    (beneath && domain_is_beneath(domain, one)))
			return true;
	}
	return false;
}

static enum mailauth_exemption
find_exemption(const struct mailauth_verdict *m, struct slice text,
    const struct mailauth_terms *terms)
{
	struct addr client;

	if (m->from.state != DMARC_FROM_GOOD)
		return MAILAUTH_APPLIES;
	if (addr_of_ip(&client, AF_UNSPEC, text, 0) &&
	    conf_nets_match(terms->exempt_hosts, &client))
		return MAILAUTH_EXEMPT_HOST;
	if (m->arc.result == DKIM_ARC_PASS && m->arc.sealer.n > 0 &&
	    is_listed(terms->sealers, m->arc.sealer, false))
		return MAILAUTH_EXEMPT_SEALER;
	if (is_listed(terms->exempt_domains, m->dmarc.domain, true))
		return MAILAUTH_EXEMPT_DOMAIN;
	return MAILAUTH_APPLIES;
}

const char *
mailauth_exemption_text(enum mailauth_exemption exemption)
{
	static const char *const texts[] = {
		[MAILAUTH_APPLIES] = NULL,
		[MAILAUTH_EXEMPT_HOST] = "exempt: dmarc_exempt_hosts",
		[MAILAUTH_EXEMPT_SEALER] = "exempt: trusted_arc_sealers",
		[MAILAUTH_EXEMPT_DOMAIN] = "exempt: dmarc_exempt_domains",
	};

	return texts[exemption];
}

enum policy_action
mailauth_asked(const struct mailauth_verdict *m)
{
	static const enum policy_action actions[] = {
		[MAILAUTH_ACCEPT] = POLICY_ACCEPT,
		[MAILAUTH_QUARANTINE] = POLICY_QUARANTINE,
		[MAILAUTH_DEFER] = POLICY_DEFER,
		[MAILAUTH_REJECT] = POLICY_REFUSE,
	};

	return m->from.state == DMARC_FROM_ABSENT ? POLICY_ACCEPT
						  : actions[m->action];
}

static void
say(const struct mailauth_verdict *m, enum policy_action action,
    const char *enhanced, struct arena *arena, struct policy_verdict *v)
{
	struct buf text = { .max = 512 };

	v->action = action;
	v->enhanced = enhanced;
	if (m->from.state != DMARC_FROM_GOOD)
		buf_adds(&text, m->why);
	else
		buf_addf(&text, "%.*s: %s (DMARC)",
		    SLICE_FMT(slice_sub(m->dmarc.domain, 0, 255)), m->why);
	v->text = arena_slice(arena, buf_slice(&text));
	buf_fini(&text);
}

static void
decide(const struct mailauth_verdict *m, bool defer, struct arena *arena,
    struct policy_verdict *v)
{
	const enum policy_action action = mailauth_asked(m);

	if (action == POLICY_REFUSE)
		say(m, action,
		    m->from.state == DMARC_FROM_GOOD ? "5.7.26" : "5.7.1",
		    arena, v);
	else if (action == POLICY_DEFER && defer)
		say(m, action, "4.7.1", arena, v);
	else if (action == POLICY_QUARANTINE)
		v->action = action;
}

enum mailauth_exemption
mailauth_dmarc_rule(const struct mailauth_verdict *m, struct slice client,
    const struct mailauth_terms *terms, struct arena *arena,
    struct policy_verdict *v)
{
	const enum mailauth_exemption exempt = find_exemption(m, client, terms);

	v->why = slice_str(exempt != MAILAUTH_APPLIES
			       ? mailauth_exemption_text(exempt)
			       : m->why);
	if (exempt == MAILAUTH_APPLIES)
		decide(m, terms->defer, arena, v);
	return exempt;
}

/* ---- look-alikes ---- */

void
mailauth_from_rule(struct slice why, bool reject, struct arena *arena,
    struct policy_verdict *v)
{
	struct buf text = { .max = 512 };

	v->why = why;
	if (why.n == 0)
		return;
	v->action = reject ? POLICY_REFUSE : POLICY_QUARANTINE;
	v->enhanced = "5.7.1";
	buf_addf(
	    &text, "From is misleading: %.*s", SLICE_FMT(lookalike_words(why)));
	if (reject)
		v->text = arena_slice(arena, buf_slice(&text));
	buf_fini(&text);
}

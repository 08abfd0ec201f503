/* SPDX-License-Identifier: ISC */
#include "ctl/mail/rulecheck.h"

#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "conf/param.h"
#include "conf/values.h"
#include "ctl/mail/accesscheck.h"
#include "ctl/mail/accessfound.h"
#include "ctl/view/out.h"
#include "mailauth/lookalike.h"
#include "mailauth/rules.h"
#include "origin/reverse.h"
#include "policy/conf.h"
#include "spf/spf.h"
#include "sys/addr.h"

static const char not_asked[] = "not asked";

/* ---- the rules ---- */

/* What entries say by the client's name and country as well. */
static bool
look_at_access(struct rulecheck *r, struct dns_answers *answers)
{
	const struct accesscheck *c = r->access;
	struct reverse_verdict name = { .result = REVERSE_NONE };
	struct err err;

	r->found = arena_new(&r->arena, struct accesscheck_found);
	*r->found = *c->found;
	r->unreadable = c->why_not;
	if (accesscheck_has_names(c) && r->client.ip != NULL &&
	    !reverse_check(r->client.ip, answers, &name))
		return false;
	if ((name.result == REVERSE_PASS &&
		accesscheck_name(c, name.name, &r->arena, r->found, &err) ==
		    -1) ||
	    accesscheck_country(c, r->client.ip, &r->arena, r->found, &err) ==
		-1)
		r->unreadable = arena_str(&r->arena, slice_str(err.text));
	return true;
}

static struct slice
concat(struct arena *arena, const char *a, struct slice b)
{
	struct buf text = { .max = 1000 };
	struct slice s;

	buf_adds(&text, a);
	buf_add(&text, b);
	s = arena_slice(arena, buf_slice(&text));
	buf_fini(&text);
	return s;
}

static bool
ask_access(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	const char *lacks = accesscheck_lacks(r->access);

	(void)answers;
	*v = r->found->verdict;
	if (v->action != POLICY_ACCEPT)
		return r->found_all;
	if (r->found->accepts)
		v->why = SLICE("an entry accepts the client or the sender");
	else if (r->found->accepts_rcpt)
		v->why = SLICE("an entry accepts the recipient");
	else if (r->found->warns.n > 0)
		v->why = concat(&r->arena, "an entry warns: ", r->found->warns);
	else if (lacks != NULL)
		v->why = concat(&r->arena, "there are entries that need ",
		    slice_str(lacks));
	return r->found_all;
}

static bool
ask_spf(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	mailauth_spf_rule(r->spf, r->client.text,
	    r->conf->dns_failure == POLICY_DNS_DEFER, &r->arena, v);
	return true;
}

static bool
ask_dmarc(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	const struct mailauth_terms terms = {
		.exempt_hosts = &r->conf->dmarc_exempt_hosts,
		.exempt_domains = &r->conf->dmarc_exempt_domains,
		.sealers = &r->conf->trusted_arc_sealers,
		.defer = r->conf->dns_failure == POLICY_DNS_DEFER,
	};

	(void)answers;
	(void)mailauth_dmarc_rule(
	    r->mail, r->client.text, &terms, &r->arena, v);
	return true;
}

void
rulecheck_look(
    struct rulecheck *r, const struct slice *header, struct arena *arena)
{
	struct lookalike found;

	if (header == NULL)
		lookalike_unseen(&found);
	else
		lookalike_find(
		    *header, &r->conf->shared.domains, arena, &found);
	r->from_own = found.own;
	r->from_other = found.other;
	r->from_disguised = found.disguised;
}

static bool
say_from(struct rulecheck *r, struct slice why, struct policy_verdict *v)
{
	mailauth_from_rule(
	    why, r->conf->from_action == POLICY_FROM_REJECT, &r->arena, v);
	return true;
}

static bool
ask_from_own(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	return say_from(r, r->from_own, v);
}

static bool
ask_from_other(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	return say_from(r, r->from_other, v);
}

static bool
ask_from_disguised(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	return say_from(r, r->from_disguised, v);
}

static bool
ask_reverse(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	return origin_reverse(&r->client, answers, &r->arena, v);
}

static bool
ask_helo_name(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	origin_helo_name(&r->client, v);
	return true;
}

static bool
ask_helo_own(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	origin_helo_own(&r->client, v);
	return true;
}

static bool
ask_helo_literal(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	(void)answers;
	origin_helo_literal(&r->client, v);
	return true;
}

static bool
ask_helo_dns(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	return origin_helo_dns(&r->client, answers, v);
}

static bool
ask_dnsbl(
    struct rulecheck *r, struct dns_answers *answers, struct policy_verdict *v)
{
	const int threshold = (int)r->conf->dnsbl_threshold;
	struct dnsbl_verdict found;

	if (!dnsbl_check(r->sites, r->nsites, r->client.ip, threshold, answers,
		&r->arena, &found))
		return false;
	origin_dnsbl(
	    &r->client, r->sites, r->nsites, threshold, &found, &r->arena, v);
	return true;
}

/* STRANGER: it is for them; RCPT: and it is asked for each recipient. */
enum {
	NEEDS_CLIENT = 1,
	NEEDS_HELO = 2,
	NEEDS_SITES = 4,
	STRANGER = 8,
	RCPT = 16 | STRANGER,
};

static const struct rulecheck_rule {
	const char *name;
	bool (*ask)(struct rulecheck *r, struct dns_answers *answers,
	    struct policy_verdict *v);
	unsigned needs;
	const char *why_not; /* it is never asked */
} rules[] = {
	/* clang-format off */
	{ "access", ask_access, 0, NULL },
	{ "spf", ask_spf, STRANGER | NEEDS_CLIENT, NULL },
	{ "dmarc", ask_dmarc, STRANGER, NULL },
	{ "from_own", ask_from_own, STRANGER, NULL },
	{ "from_other", ask_from_other, STRANGER, NULL },
	{ "from_disguised", ask_from_disguised, STRANGER, NULL },
	{ "reverse", ask_reverse, RCPT | NEEDS_CLIENT, NULL },
	{ "helo_name", ask_helo_name, RCPT | NEEDS_HELO, NULL },
	{ "helo_own", ask_helo_own, RCPT | NEEDS_HELO, NULL },
	{ "helo_literal", ask_helo_literal, RCPT | NEEDS_HELO | NEEDS_CLIENT, NULL },
	{ "helo_dns", ask_helo_dns, RCPT | NEEDS_HELO, NULL },
	{ "dnsbl", ask_dnsbl, RCPT | NEEDS_CLIENT | NEEDS_SITES, NULL },
	{ "early_talker", NULL, STRANGER, "it depends on whether the client waits to be greeted" },
	{ "rates", NULL, 0, "it depends on what policy has counted" },
	{ "greylist", NULL, RCPT, "it depends on what policy remembers of the network, the domain and the recipient" },
	/* clang-format on */
};

/* ---- which of them are asked ---- */

static const struct rulecheck_rule *
find_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

/* Does the table access except the client from RULE? */
static bool
is_accepted(const struct rulecheck *r, const struct rulecheck_rule *rule)
{
	const bool rcpt = (rule->needs & RCPT) == RCPT;

	return r->conf->access == POLICY_ENFORCE &&
	       (r->found->accepts || (rcpt && r->found->accepts_rcpt));
}

/* Why RULE is not for this client; NULL: it is. */
static const char *
no_stranger(const struct rulecheck *r, const struct rulecheck_rule *rule)
{
	struct addr a;

	if ((rule->needs & STRANGER) == 0)
		return NULL;
	if (r->login.n > 0)
		return "it is for strangers, not for who has logged in";
	if (r->client.ip != NULL &&
	    addr_of_ip(&a, AF_UNSPEC, r->client.text, 0) &&
	    conf_nets_match(&r->conf->shared.trusted_networks, &a))
		return "it is for strangers, and the client is in "
		       "trusted_networks";
	if (is_accepted(r, rule))
		return "it is for strangers, and the table access accepts this "
		       "one";
	return NULL;
}

static const char *
why_not(const struct rulecheck *r, const struct rulecheck_rule *rule)
{
	const char *known = no_stranger(r, rule);

	if (known != NULL || rule->ask == NULL)
		return known != NULL ? known : rule->why_not;
	if (rule->ask == ask_access && r->unreadable != NULL)
		return r->unreadable;
	if ((rule->needs & NEEDS_CLIENT) != 0 && r->client.ip == NULL)
		return "it needs --client";
	if ((rule->needs & NEEDS_HELO) != 0 && r->client.helo.n == 0)
		return "it needs --helo";
	if ((rule->needs & NEEDS_SITES) != 0 && r->nsites == 0)
		return "dnsbl_sites is empty";
	return NULL;
}

/* Greylisting passes whom another rule knows, whatever it remembers. */
static bool
is_known(const struct rulecheck *r, const struct rulecheck_rule *rule)
{
	return strcmp(rule->name, "greylist") == 0 &&
	       no_stranger(r, rule) == NULL && r->conf->spf != POLICY_OFF &&
	       r->spf->result == SPF_PASS;
}

static bool
ask(struct rulecheck *r, const struct rulecheck_rule *rule,
    struct dns_answers *answers, struct rulecheck_said *s)
{
	static const char *const names[] = { POLICY_ACTIONS(WORDS_TEXT) };
	struct policy_verdict v = { .action = POLICY_ACCEPT };
	const char *reason = why_not(r, rule);

	if (is_known(r, rule)) {
		v.why = SLICE("SPF passes");
	} else if (reason != NULL) {
		s->result = not_asked;
		s->why = slice_str(reason);
		return true;
	} else if (!rule->ask(r, answers, &v)) {
		return false;
	}
	s->result = names[v.action];
	s->why = v.text.n > 0 ? v.text : v.why;
	return true;
}

static void
read_sites(struct rulecheck *r)
{
	const struct conf_list *l = &r->conf->dnsbl_sites;
	struct err err;

	r->nsites = 0;
	for (size_t i = 0; i < l->n && r->nsites < DNSBL_SITES_MAX; i++)
		if (dnsbl_parse(
			slice_str(l->v[i]), &r->sites[r->nsites], &err) == 0)
			r->nsites++;
}

/* A rule is a parameter that is a mode. */
static bool
is_rule(const struct conf_param *p)
{
	return p->type == CONF_ENUM &&
	       strcmp(p->words, "off|warn|enforce") == 0;
}

bool
rulecheck_step(struct rulecheck *r, struct dns_answers *answers)
{
	static const char *const modes[] = { POLICY_MODES(WORDS_TEXT) };
	bool done = true;

	arena_reset(&r->arena);
	read_sites(r);
	r->found_all = look_at_access(r, answers);
	r->n = 0;
	for (size_t i = 0; i < policy_conf_desc.nparams; i++) {
		const struct conf_param *p = &policy_conf_desc.params[i];
		const char *at = (const char *)r->conf + p->offset;
		struct rulecheck_said *s = &r->said[r->n];
		const struct rulecheck_rule *rule = find_rule(p->name);

		if (!is_rule(p) || r->n == RULECHECK_MAX)
			continue;
		*s = (struct rulecheck_said){
			.rule = p->name,
			.mode =
			    modes[*(const enum policy_mode *)(const void *)at],
			.result = not_asked,
		};
		if (rule != NULL && !ask(r, rule, answers, s))
			done = false;
		r->n++;
	}
	return done;
}

/* ---- what is printed ---- */

void
rulecheck_print(const struct rulecheck *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct rulecheck_said *s = &r->said[i];

		buf_addf(out, "%-7s %s (%s): %s", "rule", s->rule, s->mode,
		    s->result);
		if (s->why.n > 0) {
			buf_adds(out, " (");
			out_plain(out, s->why);
			buf_addc(out, ')');
		}
		buf_addc(out, '\n');
	}
}

static void
put(struct buf *out, const char *before, struct slice value)
{
	buf_adds(out, before);
	out_json(out, value);
}

void
rulecheck_print_json(const struct rulecheck *r, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < r->n; i++) {
		const struct rulecheck_said *s = &r->said[i];

		put(out,
		    i == 0 ? "{\"rule\":" : ",{\"rule\":", slice_str(s->rule));
		put(out, ",\"mode\":", slice_str(s->mode));
		put(out, ",\"result\":", slice_str(s->result));
		put(out, ",\"why\":", s->why);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

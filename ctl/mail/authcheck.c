/* SPDX-License-Identifier: ISC */
#include "ctl/mail/authcheck.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/dns/dnschild.h"
#include "ctl/mail/accesscheck.h"
#include "ctl/mail/rulecheck.h"
#include "ctl/view/out.h"
#include "mailauth/check.h"

enum { RESULT_MAX = 1 << 20, PIECE = 65536 };

struct authcheck_child {
	struct dnschild child;
	const struct authcheck *asked;
	struct mailauth_question q;
	struct mailauth check;
	struct rulecheck rules;
	struct dkim_message message;
	struct spf_limits spf_limits;
	struct dkim_limits dkim_limits;
};

/* ---- what is printed ---- */

static void
line(struct buf *out, const char *what, const char *result, struct slice domain,
    struct slice why)
{
	buf_addf(out, "%-7s %s", what, result);
	if (domain.n > 0) {
		buf_addc(out, ' ');
		out_plain(out, domain);
	}
	if (why.n > 0) {
		buf_adds(out, " (");
		out_plain(out, why);
		buf_addc(out, ')');
	}
	buf_addc(out, '\n');
}

static void
line_dkim(struct buf *out, const struct dkim_verdict *d)
{
	char what[160];

	snprintf(what, sizeof what, "%s%s%.*s%s%s",
	    d->why != NULL ? d->why : "", d->why != NULL ? ", " : "",
	    (int)(d->sig->selector.n < 64 ? d->sig->selector.n : 64),
	    d->sig->selector.n > 0 ? d->sig->selector.p : "",
	    d->sig->selector.n > 0 ? " " : "no selector ",
	    d->testing ? "(a test key)" : dkim_alg_name(d->sig->alg));
	line(out, "dkim", dkim_result_name(d->result), d->sig->domain,
	    slice_str(what));
}

static void
print_text(struct authcheck_child *c, struct slice id, struct buf *out)
{
	const struct mailauth_verdict *v = &c->check.verdict;
	const struct dmarc_verdict *d = &v->dmarc;
	struct buf field = { .max = RESULT_MAX };
	char policy[400];

	line(out, "spf", spf_result_name(v->spf.result), v->spf.domain,
	    v->spf.why);
	if (v->spf.explanation.n > 0)
		line(out, "", "says:", v->spf.explanation, SLICE(""));
	for (size_t i = 0; i < v->ndkim; i++)
		line_dkim(out, &v->dkim[i]);
	if (v->ndkim == 0)
		line(out, "dkim", "none", SLICE(""),
		    c->message.too_large ? SLICE("the header is too large")
					 : SLICE(""));
	line(out, "arc", dkim_arc_result_name(v->arc.result), v->arc.sealer,
	    slice_str(v->arc.why));
	snprintf(policy, sizeof policy, "%s%s%s%s%.*s",
	    d->why != NULL ? d->why : "", d->at.n > 0 ? "; policy " : "",
	    d->at.n > 0 ? dmarc_policy_name(d->policy) : "",
	    d->at.n > 0 ? " of " : "", SLICE_FMT(d->at));
	line(out, "dmarc", dmarc_result_name(d->result), d->domain,
	    slice_str(policy));
	line(out, "action", mailauth_action_name(v->action), SLICE(""),
	    slice_str(v->why));
	rulecheck_print(&c->rules, out);
	buf_addc(out, '\n');
	mailauth_put_field(&c->check, id, &field);
	buf_add(out, buf_slice(&field));
	buf_fini(&field);
}

static void
put(struct buf *out, const char *before, struct slice value)
{
	buf_adds(out, before);
	out_json(out, value);
}

static void
print_json(const struct authcheck_child *c, struct buf *out)
{
	const struct mailauth_verdict *v = &c->check.verdict;

	put(out,
	    "{\"spf\":{\"result\":", slice_str(spf_result_name(v->spf.result)));
	put(out, ",\"domain\":", v->spf.domain);
	buf_adds(out, "},\"dkim\":[");
	for (size_t i = 0; i < v->ndkim; i++) {
		const struct dkim_verdict *d = &v->dkim[i];

		put(out, i == 0 ? "{\"result\":" : ",{\"result\":",
		    slice_str(dkim_result_name(d->result)));
		put(out, ",\"domain\":", d->sig->domain);
		put(out, ",\"selector\":", d->sig->selector);
		buf_addc(out, '}');
	}
	put(out, "],\"arc\":{\"result\":",
	    slice_str(dkim_arc_result_name(v->arc.result)));
	put(out, "},\"dmarc\":{\"result\":",
	    slice_str(dmarc_result_name(v->dmarc.result)));
	put(out, ",\"domain\":", v->dmarc.domain);
	put(out, ",\"policy\":", slice_str(dmarc_policy_name(v->dmarc.policy)));
	put(out, "},\"action\":", slice_str(mailauth_action_name(v->action)));
	buf_adds(out, ",\"rules\":");
	rulecheck_print_json(&c->rules, out);
	buf_adds(out, "}\n");
}

/* ---- in the child ---- */

static int
read_message(struct dkim_message *m, struct err *err)
{
	char *piece = xmalloc(PIECE);
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, PIECE)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		dkim_message_add(m, slice_of(piece, (size_t)n));
	}
	free(piece);
	dkim_message_end(m);
	return n == -1 ? err_sys(err, ERR_TEMP, "read the message") : 0;
}

static int
on_begin(struct dnschild *child, struct err *err)
{
	struct authcheck_child *r = OUTER(child, struct authcheck_child, child);
	struct slice header;

	if (read_message(&r->message, err) == -1)
		return -1;
	header = buf_slice(&r->message.header);
	mailauth_init(&r->check, &r->q);
	rulecheck_look(
	    &r->rules, r->message.too_large ? NULL : &header, &r->check.arena);
	return 0;
}

static bool
on_step(struct dnschild *child, struct dns_answers *answers)
{
	struct authcheck_child *r = OUTER(child, struct authcheck_child, child);

	/* Both, so that what either wants is asked for at once. */
	const bool mail = mailauth_check(&r->check, answers);
	const bool rules = rulecheck_step(&r->rules, answers);

	return mail && rules;
}

static void
on_print(struct dnschild *child, struct buf *out)
{
	struct authcheck_child *r = OUTER(child, struct authcheck_child, child);

	if (r->asked->json)
		print_json(r, out);
	else
		print_text(r, r->asked->id, out);
}

/* ---- outside ---- */

static void
set_limits(struct authcheck_child *r)
{
	r->spf_limits = spf_limits_default;
	r->spf_limits.void_strict = r->asked->spf_strict_voids;
	r->dkim_limits = dkim_limits_default;
	r->dkim_limits.key_bits_max = r->asked->dkim_key_bits_max;
}

int
authcheck_run(const struct authcheck *c, struct buf *out, struct err *err)
{
	struct authcheck_child *r = xcalloc(1, sizeof *r);
	struct accesscheck access = { .client = c->client,
		.helo = c->helo,
		.sender = c->sender,
		.rcpt = c->rcpt,
		.login = c->login,
		.mechanism = c->mechanism,
		.tls = c->tls,
		.country = c->country,
		.country_file = c->country_file };
	struct arena arena;
	int rc;

	r->asked = c;
	set_limits(r);
	r->child = (struct dnschild){ .file = c->message,
		.zone = c->zone,
		.dns = c->dns,
		.confine = c->confine,
		.begin = on_begin,
		.step = on_step,
		.print = on_print };
	r->q = (struct mailauth_question){
		.has_client = c->has_client,
		.spf = { .helo = c->helo,
		    .sender = c->sender,
		    .receiver = c->id,
		    .now_s = c->now_s,
		    .limits = &r->spf_limits },
		.message = &r->message,
		.now_s = c->now_s,
	};
	memcpy(r->q.spf.ip, c->ip, sizeof c->ip);
	r->rules = (struct rulecheck){
		.conf = c->policy,
		.client = { .ip = c->has_client ? c->ip : NULL,
		    .text = c->client,
		    .helo = c->helo,
		    .host = c->id },
		.login = c->login,
		.access = &access,
		.mail = &r->check.verdict,
		.spf = &r->check.verdict.spf,
	};
	arena_init(&r->rules.arena);
	dkim_message_init(&r->message, &r->dkim_limits);
	/* Not by the child, which cannot open it. */
	arena_init(&arena);
	accesscheck_run(&access, c->tables, &arena);
	rc = dnschild_run(&r->child, out, err);
	accesscheck_fini(&access);
	arena_fini(&arena);
	free(r);
	return rc;
}

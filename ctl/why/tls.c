/* SPDX-License-Identifier: ISC */
#include "ctl/why/tls.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/errors.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/target.h"
#include "ctl/view/qsite.h"
#include "dns/mxlist.h"
#include "ipc/lookup.h"
#include "ipc/msg.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "proto/mtasts.h"
#include "proto/nexthop.h"
#include "smtp/conf.h"
#include "table/tlspolicy_host.h"

enum { ANSWER_MS = 60000, STS_MS = 5000, PORT_SMTP = 25 };

struct tls_finding {
	const struct instance *in;
	const struct qroute *route;
	const struct smtp_conf *conf;
	struct arena *a;
	struct why_tls *t;
	bool requiretls, lmtp, auth;
	struct slice text; /* the next hop, as it is written */
	struct nexthop to;
	enum tls_policy_level set;
	bool by_table;
	/* of its domain: */
	bool asked_sts, has_sts;
	enum mtasts_mode mode;
	struct slice mx, failure;
	struct buf why; /* of the host that is being told of */
};

static int
ask(struct dial *d, struct msg *m, enum msg_type type, struct err *err)
{
	if (dial_send(d, m, err) == -1 || dial_recv(d, m, ANSWER_MS, err) == -1)
		return -1;
	return m->type == type
		   ? 0
		   : err_set(err, ERR_TEMP, "an answer to something else");
}

static struct slice
keep(const struct tls_finding *f, struct slice s)
{
	return arena_slice(f->a, s);
}

static void
tell(struct tls_finding *f, struct slice host, const char *policy)
{
	struct why_tls *t = f->t;

	if (t->n == WHY_TLS_HOSTS)
		t->more++;
	else
		t->hosts[t->n++] = (struct why_tls_host){ .host = keep(f, host),
			.policy = keep(f, slice_str(policy)),
			.why = keep(f, buf_slice(&f->why)) };
	buf_reset(&f->why);
}

/* ---- what is known of a host ---- */

enum records { NO_RECORDS, RECORDS, NOT_KNOWN };

static size_t
lines(struct slice text)
{
	size_t n = 0;

	for (; text.n > 0; n++)
		(void)slice_cut(text, '\n', &text);
	return n;
}

static enum records
ask_tlsa(struct tls_finding *f, const struct mx_host *h, size_t *n)
{
	struct buf name = { .max = 300 };
	struct msg m;
	struct dial d;
	enum records r = NOT_KNOWN;

	buf_addf(&name, "_%u._tcp.%s",
	    f->to.port != 0 ? (unsigned)f->to.port : PORT_SMTP, h->name);
	m = (struct msg){ .type = MSG_lookup_tlsa,
		.lookup_tlsa = { .name = buf_slice(&name) } };
	if (dial_open(&d, f->in, ROLE_LOOKUP, NULL) == 0) {
		if (ask(&d, &m, MSG_lookup_tlsa_found, NULL) == 0 &&
		    m.lookup_tlsa_found.found != TEMPFAIL)
			r = m.lookup_tlsa_found.found == FOUND &&
				    m.lookup_tlsa_found.secure
				? RECORDS
				: NO_RECORDS;
		if (r == RECORDS)
			*n = lines(m.lookup_tlsa_found.records);
		dial_close(&d);
	}
	buf_fini(&name);
	return r;
}

static void
say_set(struct tls_finding *f)
{
	if (f->by_table)
		buf_addf(&f->why, "the table tls_policies says %s for %.*s",
		    tlspolicy_name(f->set), SLICE_FMT(f->text));
	else
		buf_addf(&f->why, "tls_policy of smtp.conf is %s",
		    tlspolicy_name(f->set));
}

static void
say_sts(struct tls_finding *f)
{
	if (!f->asked_sts)
		return;
	if (f->failure.n > 0)
		buf_addf(&f->why,
		    "; the MTA-STS policy of %.*s is not to be "
		    "had (%.*s)",
		    SLICE_FMT(f->to.host), SLICE_FMT(f->failure));
	else
		buf_addf(&f->why, "; %.*s has no MTA-STS policy",
		    SLICE_FMT(f->to.host));
}

static void
by_records(struct tls_finding *f, const struct mx_host *h, size_t n)
{
	buf_addf(&f->why, "%zu TLSA record%s of this host, validated by DNSSEC",
	    n, n == 1 ? "" : "s");
	if (f->has_sts)
		buf_addf(&f->why, ", count before the MTA-STS policy");
	tell(f, slice_str(h->name), "dane");
}

static void
by_sts(struct tls_finding *f, const struct mx_host *h)
{
	const bool enforce = f->mode == MTASTS_ENFORCE;
	const bool has = mtasts_matches(f->mx, slice_str(h->name));

	buf_addf(&f->why, "the MTA-STS policy of %.*s (mode %s) ",
	    SLICE_FMT(f->to.host), mtasts_mode_name(f->mode));
	if (has)
		buf_adds(&f->why, "has this host");
	else
		buf_adds(&f->why, enforce ? "does not have this host: no mail "
					    "goes there"
					  : "does not have this host, which "
					    "is reported");
	if (!enforce)
		buf_adds(&f->why, "; mail goes on as if there were none");
	tell(f, slice_str(h->name),
	    !enforce ? "sts-testing"
	    : has    ? "sts"
		     : "-");
}

static void
by_set(struct tls_finding *f, struct slice host, bool secure)
{
	const struct tlspolicy_host h = { .set = f->set,
		.requiretls = f->requiretls };

	if (f->requiretls)
		buf_adds(&f->why, "the message asks for it (REQUIRETLS)");
	else
		say_set(f);
	if (f->set == TLS_POLICY_DANE && f->to.kind != NEXTHOP_UNIX)
		buf_adds(&f->why, secure ? "; the host has no TLSA records"
					 : "; its name and address are not "
					   "validated by DNSSEC");
	say_sts(f);
	if (f->auth)
		buf_adds(&f->why, "; relayhost_auth is sent only under TLS, or "
				  "on this machine");
	tell(f, host, tlspolicy_name(tlspolicy_of(&h)));
}

/* Does anything that can be believed say that H is a host of the domain (RFC
 * 8689 4.2.1, step 2)? */
static bool
is_named(const struct tls_finding *f, const struct mx_host *h)
{
	const struct slice name = slice_str(h->name);

	return f->to.kind != NEXTHOP_MX || f->auth || h->secure ||
	       (f->has_sts && mtasts_matches(f->mx, name)) ||
	       domain_same(f->to.host, name);
}

static void
find_host(struct tls_finding *f, const struct mx_host *h)
{
	enum records r = NO_RECORDS;
	size_t n = 0;

	if (h->secure && (f->set == TLS_POLICY_DANE ||
			     (f->requiretls && f->set != TLS_POLICY_VERIFY)))
		r = ask_tlsa(f, h, &n);
	if (r == RECORDS) {
		by_records(f, h, n);
	} else if (r == NOT_KNOWN) {
		buf_adds(&f->why, "its TLSA records cannot be looked up: mail "
				  "waits");
		tell(f, slice_str(h->name), "-");
	} else if (f->requiretls && !is_named(f, h)) {
		buf_adds(&f->why, "the message asks for verified TLS "
				  "(REQUIRETLS), and neither DNSSEC nor an "
				  "MTA-STS policy says that it is a host of "
				  "the domain");
		tell(f, slice_str(h->name), "-");
	} else if (f->has_sts && !f->requiretls) {
		by_sts(f, h);
	} else {
		by_set(f, slice_str(h->name), h->secure);
	}
}

/* ---- the next hop ---- */

/* What smtp would be told, which has it fetched where it is not there. */
static void
ask_sts(struct tls_finding *f)
{
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	struct msg m;
	struct dial d;

	if (!f->conf->mta_sts || f->auth || f->lmtp ||
	    f->to.kind != NEXTHOP_MX ||
	    (!f->requiretls && (f->by_table || f->set == TLS_POLICY_NONE)) ||
	    !domain_to_ascii(f->to.host, &domain) ||
	    dial_open(&d, f->in, ROLE_STS, NULL) == -1) {
		buf_fini(&domain);
		return;
	}
	m = (struct msg){ .type = MSG_sts_ask,
		.sts_ask = {
		    .time_ms = STS_MS, .domain = buf_slice(&domain) } };
	f->asked_sts = ask(&d, &m, MSG_sts_policy, NULL) == 0;
	if (f->asked_sts && m.sts_policy.found &&
	    m.sts_policy.mode <= MTASTS_ENFORCE) {
		f->mode = (enum mtasts_mode)m.sts_policy.mode;
		f->has_sts = f->mode != MTASTS_NONE;
		f->mx = keep(f, m.sts_policy.mx);
	} else if (f->asked_sts) {
		f->failure = keep(f, m.sts_policy.failure);
	}
	dial_close(&d);
	buf_fini(&domain);
}

static bool
take_table(struct tls_finding *f, struct slice text)
{
	struct tlspolicy p;

	if (text.n == 0)
		return true;
	if (tlspolicy_parse(text, &p, NULL) == -1)
		return false;
	f->by_table = true;
	/* With a password no table says that less is enough. */
	if (!f->auth || (f->set != TLS_POLICY_VERIFY && p.level > f->set))
		f->set = p.level;
	return true;
}

static void
no_hosts(struct tls_finding *f, struct slice why)
{
	buf_add(&f->why, why);
	tell(f, f->text, "-");
}

static void
take_hosts(struct tls_finding *f, const struct msg_lookup_mx_found *in)
{
	static struct mx_list list;

	if (!take_table(f, in->tls) ||
	    (in->kind == MX_HOSTS && !mxlist_parse(in->hosts, &list))) {
		no_hosts(f, SLICE("invalid answer from lookup"));
		return;
	}
	if (in->kind != MX_HOSTS) {
		no_hosts(f, in->why.n > 0 ? in->why
					  : SLICE("it has no hosts that take "
						  "mail"));
		return;
	}
	ask_sts(f);
	for (size_t i = 0; i < list.n; i++)
		find_host(f, &list.hosts[i]);
	if (list.n == 0) /* an address */
		by_set(f, f->text, false);
}

static void
find_hosts(struct tls_finding *f)
{
	const char first = f->to.host.n > 0 ? f->to.host.p[0] : '\0';
	const bool literal = f->to.kind == NEXTHOP_HOST &&
			     (slice_find(f->to.host, ':') < f->to.host.n ||
				 (first >= '0' && first <= '9'));
	struct err err;
	struct dial d;
	struct msg m = { .type = MSG_lookup_mx,
		.lookup_mx = { .domain = f->to.host,
		    .nexthop = f->text,
		    .flags = f->to.kind == NEXTHOP_MX ? 0
			     : literal                ? LOOKUP_MX_LITERAL
						      : LOOKUP_MX_ADDRESS } };

	if (dial_open(&d, f->in, ROLE_LOOKUP, &err) == -1) {
		no_hosts(f, slice_str(err.text));
		return;
	}
	if (ask(&d, &m, MSG_lookup_mx_found, &err) == -1)
		no_hosts(f, slice_str(err.text));
	else
		take_hosts(f, &m.lookup_mx_found);
	dial_close(&d);
}

static void
find(struct tls_finding *f)
{
	f->auth =
	    f->route->relayhost && f->conf->relayhost_auth.file[0] != '\0';
	f->set = (enum tls_policy_level)f->conf->tls_policy;
	if (f->to.kind != NEXTHOP_UNIX) {
		find_hosts(f);
		return;
	}
	buf_adds(&f->why, "a socket of this machine");
	tell(f, f->text, "none");
}

void
why_tls_find(const struct instance *in, const struct qroute *r, bool requiretls,
    struct arena *a, struct why_tls *t)
{
	struct target smtp = { 0 };
	struct conf_errors ignored = { 0 };
	struct tls_finding f = { .in = in,
		.route = r,
		.a = a,
		.t = t,
		.requiretls = requiretls,
		.lmtp = slice_starts(r->nexthop, SLICE("lmtp:")),
		.why = { .max = 2048 } };

	*t = (struct why_tls){ .n = 0 };
	if (!f.lmtp && !slice_starts(r->nexthop, SLICE("smtp:")))
		return;
	f.text = slice_from(r->nexthop, 5);
	if (nexthop_parse(f.text, &f.to) && target_parse(&smtp, "smtp") == 0 &&
	    target_read(&smtp, in, false) == 0 &&
	    target_load(&smtp, &ignored) == 0) {
		f.conf = smtp.conf;
		find(&f);
	}
	conf_errors_fini(&ignored);
	target_fini(&smtp);
	buf_fini(&f.why);
}

/* SPDX-License-Identifier: ISC */
#include "smtp/route/route.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/mxlist.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "proto/domain.h"
#include "proto/nexthop.h"
#include "queue/written.h"
#include "smtp/route/policy.h"
#include "smtp/route/ports.h"
#include "smtp/route/relayhost.h"
#include "smtp/route/source.h"
#include "smtp/route/sts.h"
#include "smtp/route/waiver.h"
#include "smtp/session/result.h"
#include "sys/ip16.h"
#include "table/tlspolicy.h"

struct smtp_route {
	struct smtp_job *job;
	struct ipc_call lookup;
	uint16_t port;
	bool direct; /* to the one address in single, else to list */
	struct smtp_target single;
	/* how TLS is used with its hosts */
	enum tls_policy_level policy;
	bool has_policy; /* by the table */
	char match[SMTP_MATCH_SIZE];
	struct mx_list *list;
	struct smtp_sts *sts; /* NULL: no policy is asked for */
	struct slice mx_of;   /* the domain whose MX hosts they are, or empty */
	struct slice domain;  /* the same, where its policy counts */
	size_t host, address; /* the next to try */
};

enum { LOOKUP_MS = 120000, PORT_SMTP = 25, PORT_LMTP = 24 };

static struct {
	void (*routed)(struct smtp_job *job);
	void (*none)(struct smtp_job *job, const struct smtp_result *why);
} tell;

/* It comes through where TLS does not (RFC 8460 3): what other domains publish
 * does not count for it, only what the administrator has said. */
static bool
is_tls_report(const struct smtp_job *job)
{
	return slice_is(job->env.protocol, WRITTEN_TLS_REPORT);
}

/* Is T's name the one that was meant (RFC 8689 4.2.1, step 2)?  It stands in
 * our own configuration, is the domain's own, or came by DNSSEC or MTA-STS.
 * What a report tells is less than what it would be not to have it (5). */
static bool
is_named(const struct smtp_job *job, const struct smtp_target *t)
{
	const struct slice domain = job->route->mx_of;

	return domain.n == 0 || job->auth != 0 || t->secure || t->sts_host ||
	       job->env.sender.n == 0 ||
	       domain_same(domain, slice_str(t->host));
}

/* What T has of JOB and its next hop.  A message that asks for it (RFC 8689)
 * goes to verified hosts only; LMTP on this machine is no way to another. */
static void
dress(struct smtp_job *job, struct smtp_target *t)
{
	const struct smtp_route *route = job->route;

	smtp_source_set(job, t);

	t->lmtp = job->lmtp;
	t->auth = job->auth;
	t->policy = route->policy;
	if (t->policy == TLS_POLICY_DANE && t->secure && !route->has_policy)
		t->waived = smtp_waiver(job);
	if (t->policy == TLS_POLICY_DANE && (t->waived || is_tls_report(job)))
		t->policy = TLS_POLICY_MAY;
	memcpy(t->match, route->match, sizeof t->match);
	smtp_sts_dress(route->sts, t);
	t->requiretls =
	    job->env.requiretls && !(job->lmtp && smtp_target_is_local(t));
	t->named = is_named(job, t);
	t->unnamed_yet = smtp_sts_is_unknown(route->sts);
}

/* A failure of the way to the relayhost is our own administrator's to mend: no
 * message is given up for it. */
static void
no_route(struct smtp_job *job, enum job_status status, const char *dsn,
    const char *why)
{
	struct smtp_result r;

	if (job->relayhost && status == JOB_PERMFAIL)
		smtp_result_set(&r, JOB_TEMPFAIL, "4.4.4", "relayhost %.*s: %s",
		    SLICE_FMT(job->nexthop), why);
	else
		smtp_result_set(
		    &r, status, dsn, "%.*s: %s", SLICE_FMT(job->nexthop), why);
	tell.none(job, &r);
}

/* The table is our own administrator's. */
static void
no_source(struct smtp_job *job)
{
	no_route(job, JOB_TEMPFAIL, "4.4.4",
	    "no host has an address of a family that source_addresses has for "
	    "this mail");
}

static void
go_to_hosts(struct smtp_job *job)
{
	struct smtp_route *route = job->route;

	smtp_source_drop(job, route->list);
	if (route->list->n == 0)
		no_source(job);
	else
		tell.routed(job);
}

static void
on_sts(struct smtp_job *job, const char *why)
{
	if (why == NULL)
		go_to_hosts(job);
	else
		no_route(job, JOB_TEMPFAIL, "4.7.5", why);
}

/* The policy is that of the domain whose MX hosts are asked for, whoever the
 * recipients are (RFC 8461 3.4); where the administrator has said how TLS is
 * used, or who the host is, that counts. */
static bool
ask_sts(struct smtp_job *job)
{
	struct smtp_route *route = job->route;

	if (route->domain.n > 0 && job->auth == 0 &&
	    (job->env.requiretls ||
		(!route->has_policy && route->policy != TLS_POLICY_NONE)))
		route->sts = smtp_sts_ask(job, route->domain,
		    route->policy == TLS_POLICY_DANE, route->list, on_sts);
	return route->sts != NULL;
}

static void
take_hosts(struct smtp_job *job, struct slice hosts)
{
	struct mx_list *list = xcalloc(1, sizeof *list);

	job->route->list = list;
	if (!mxlist_parse(hosts, list)) {
		no_route(
		    job, JOB_TEMPFAIL, "4.3.0", "invalid answer from lookup");
		return;
	}
	if (smtp_source_drop_self(
		list, !job->lmtp && job->route->port == PORT_SMTP) &&
	    list->n == 0) {
		no_route(job, JOB_PERMFAIL, "5.4.6",
		    "this host is its best mail exchanger, but does not take "
		    "its mail");
		return;
	}
	if (!ask_sts(job))
		go_to_hosts(job);
}

/* "[192.0.2.1]", "[2001:db8::1]": true, and T is complete but for lmtp. */
static bool
is_literal(struct slice host, uint16_t port, struct smtp_target *t)
{
	uint8_t ip[16] = { [10] = 0xff, 0xff };
	char text[INET6_ADDRSTRLEN];

	if (!slice_copy(host, text, sizeof text) ||
	    (inet_pton(AF_INET, text, ip + 12) != 1 &&
		inet_pton(AF_INET6, text, ip) != 1))
		return false;
	ip16_addr(&t->addr, ip, port);
	return slice_copy(host, t->host, sizeof t->host);
}

static void
single(struct smtp_job *job)
{
	job->route->direct = true;
	dress(job, &job->route->single);
	if (smtp_source_fits(job, &job->route->single))
		tell.routed(job);
	else
		no_source(job);
}

/* Whoever has taken over lookup says where a host is, but not who may have our
 * password: its next hop NH stands in our own configuration. */
static void
name_relay(struct smtp_route *route, const struct nexthop *nh)
{
	char *names = nh->kind == NEXTHOP_HOST
			  ? xslicedup(nh->host)
			  : xasprintf("%.*s .%.*s", SLICE_FMT(nh->host),
				SLICE_FMT(nh->host));

	/* A name that is too long for a host is none of a certificate. */
	if (!slice_copy(slice_str(names), route->match, sizeof route->match))
		route->match[0] = '\0';
	free(names);
}

static bool
take_policy(struct smtp_route *route, struct slice text)
{
	struct tlspolicy p;

	if (text.n == 0)
		return true;
	route->has_policy = true;
	if (tlspolicy_parse(text, &p, NULL) == -1)
		return false;
	/* Nor does it say that less is enough, or other names. */
	if (route->job->auth != 0) {
		if (route->policy != TLS_POLICY_VERIFY &&
		    p.level > route->policy)
			route->policy = p.level;
		return true;
	}
	route->policy = p.level;
	_Static_assert(TLS_POLICY_NAMES_MAX < sizeof route->match, "names fit");
	return slice_copy(p.names, route->match, sizeof route->match);
}

static void
on_hosts(struct ipc_call *call, struct msg *m)
{
	struct smtp_job *job = OUTER(call, struct smtp_route, lookup)->job;

	if (m == NULL) {
		no_route(job, JOB_TEMPFAIL, "4.3.0", "no answer from lookup");
		return;
	}
	if (!take_policy(job->route, m->lookup_mx_found.tls)) {
		no_route(
		    job, JOB_TEMPFAIL, "4.3.0", "invalid answer from lookup");
		return;
	}
	switch ((enum mx_kind)m->lookup_mx_found.kind) {
	case MX_HOSTS:
		if (job->route->direct)
			single(job);
		else
			take_hosts(job, m->lookup_mx_found.hosts);
		return;
	case MX_NULL:
		no_route(job, JOB_PERMFAIL, "5.1.10",
		    "domain does not accept mail (null MX)");
		return;
	case MX_NO_DOMAIN:
		no_route(job, JOB_PERMFAIL, "5.1.2", "domain not found");
		return;
	case MX_NO_ADDRESS:
		no_route(job, JOB_PERMFAIL, "5.4.4",
		    "no mail exchanger has an address");
		return;
	case MX_TEMPFAIL:
	default: {
		char *why = xslicedup(m->lookup_mx_found.why);

		no_route(job, JOB_TEMPFAIL, "4.4.3", why);
		free(why);
	}
	}
}

static void
ask(struct smtp_job *job, struct slice host, unsigned flags)
{
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &job->route->lookup,
	    lookup_mx_found, on_hosts, LOOKUP_MS, lookup_mx, .domain = host,
	    .flags = flags, .nexthop = job->nexthop);
}

static void
to_unix(struct smtp_job *job, struct slice path)
{
	struct smtp_target *t = &job->route->single;
	struct buf text;
	struct err err;
	int rc;

	buf_init(&text, 200);
	buf_addf(&text, "unix:%.*s", SLICE_FMT(path));
	rc = addr_parse(&t->addr, buf_slice(&text), 0, &err);
	buf_fini(&text);
	if (rc == -1) {
		no_route(job, JOB_TEMPFAIL, "4.4.4", err.text);
		return;
	}
	(void)slice_copy(SLICE("localhost"), t->host, sizeof t->host);
	single(job);
}

/* This process cannot use PORT; the next one, if the table has it now. */
static void
no_port(struct smtp_job *job, uint16_t port)
{
	char text[80];

	if (smtp_ports_changed()) {
		tell.none(job, NULL);
		return;
	}
	snprintf(text, sizeof text,
	    "port %u is not among those that smtp may use (ports)",
	    (unsigned)port);
	no_route(job, JOB_TEMPFAIL, "4.3.5", text);
}

void
smtp_route_init(void (*routed)(struct smtp_job *job),
    void (*none)(struct smtp_job *job, const struct smtp_result *why))
{
	tell.routed = routed;
	tell.none = none;
}

void
smtp_route(struct smtp_job *job, struct slice nexthop)
{
	struct smtp_route *route = xcalloc(1, sizeof *route);
	struct nexthop nh;

	job->route = route;
	route->job = job;
	route->policy = smtp_policy_default();
	job->lmtp = slice_starts(nexthop, SLICE("lmtp:"));
	if (!job->lmtp && !slice_starts(nexthop, SLICE("smtp:"))) {
		job->nexthop = nexthop;
		no_route(job, JOB_TEMPFAIL, "4.3.5", "unknown transport");
		return;
	}
	job->nexthop = slice_from(nexthop, 5);
	smtp_relayhost_choose(job);
	if (!nexthop_parse(job->nexthop, &nh)) {
		no_route(job, JOB_PERMFAIL, "5.1.2", "not a host or domain");
		return;
	}
	if (job->auth != 0 && nh.kind != NEXTHOP_UNIX &&
	    !is_literal(nh.host, 0, &route->single))
		name_relay(route, &nh);
	route->port = nh.port != 0 ? nh.port
		      : job->lmtp  ? PORT_LMTP
				   : PORT_SMTP;
	if (nh.kind == NEXTHOP_UNIX) {
		to_unix(job, nh.host);
	} else if (!smtp_ports_has(route->port)) {
		no_port(job, route->port);
	} else if (nh.kind == NEXTHOP_HOST &&
		   is_literal(nh.host, route->port, &route->single)) {
		route->direct = true;
		ask(job, nh.host, LOOKUP_MX_LITERAL);
	} else if (nh.kind == NEXTHOP_HOST) {
		ask(job, nh.host, LOOKUP_MX_ADDRESS);
	} else {
		route->mx_of = nh.host;
		if (!job->lmtp && !is_tls_report(job))
			route->domain = nh.host;
		ask(job, nh.host, 0);
	}
}

static void
make_target(
    struct smtp_job *job, size_t host, size_t address, struct smtp_target *t)
{
	const struct mx_host *h = &job->route->list->hosts[host];

	*t = (struct smtp_target){ .secure = h->secure };
	_Static_assert(sizeof t->host == sizeof h->name, "a name fits");
	memcpy(t->host, h->name, sizeof t->host);
	ip16_addr(&t->addr, h->ip[address], job->route->port);
	dress(job, t);
}

void
smtp_route_free(struct smtp_route **route)
{
	if (*route == NULL)
		return;
	ipc_cancel(&(*route)->lookup);
	smtp_sts_free(&(*route)->sts);
	free((*route)->list);
	xfree(route);
}

bool
smtp_route_same_host(const struct smtp_job *job)
{
	return !job->route->direct && job->route->address > 0;
}

bool
smtp_route_next(struct smtp_job *job, struct smtp_target *t)
{
	struct smtp_route *route = job->route;

	if (route->direct) {
		*t = route->single;
		return route->host++ == 0;
	}
	if (route->host >= route->list->n)
		return false;
	make_target(job, route->host, route->address, t);
	if (++route->address >= route->list->hosts[route->host].naddrs) {
		route->host++;
		route->address = 0;
	}
	return true;
}

bool
smtp_route_prefer(struct smtp_job *job, struct smtp_target *t,
    bool (*is)(const struct smtp_target *t))
{
	const struct smtp_route *route = job->route;
	const struct mx_host *h;

	if (route->direct) {
		*t = route->single;
		return is(t);
	}
	h = route->list->hosts;
	for (size_t i = 0;
	     i < route->list->n && h[i].preference == h[0].preference; i++)
		for (size_t k = 0; k < h[i].naddrs; k++) {
			make_target(job, i, k, t);
			if (is(t))
				return true;
		}
	return false;
}

struct slice
smtp_route_domain(const struct smtp_job *job)
{
	return job->route->domain;
}

void
smtp_route_sts_lines(const struct smtp_job *job, struct buf *out)
{
	smtp_sts_lines(job->route->sts, out);
}

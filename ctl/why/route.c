/* SPDX-License-Identifier: ISC */
#include "ctl/why/route.h"

#include "base/arena.h"
#include "ctl/view/out.h"
#include "ctl/view/stspolicy.h"

int
why_route_ask(struct why_route *r, const struct instance *in,
    struct slice address, struct slice sender, bool requiretls, struct arena *a,
    struct err *err)
{
	struct buf policy = { .max = 2048 };

	if (qsite_route(in, address, sender, a, &r->to, err) == -1)
		return -1;
	r->known = true;
	why_tls_find(in, &r->to, requiretls, a, &r->tls);
	stspolicy_add(in, r->to.nexthop, &policy);
	r->sts = arena_slice(a, buf_slice(&policy));
	buf_fini(&policy);
	return 0;
}

/* ---- for people ---- */

static void
line(struct buf *out, const char *label, struct slice text)
{
	buf_addf(out, "  %-12s", label);
	out_plain(out, text);
	buf_addc(out, '\n');
}

static void
print_tls(const struct why_tls *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct why_tls_host *h = &t->hosts[i];

		buf_addf(out, "  %-12s", i == 0 ? "tls" : "");
		if (slice_is(h->policy, "-"))
			buf_adds(out, "no mail goes now to ");
		else {
			out_plain(out, h->policy);
			buf_adds(out, " with ");
		}
		out_plain(out, h->host);
		buf_adds(out, ": ");
		out_plain(out, h->why);
		buf_addc(out, '\n');
	}
	if (t->more > 0)
		buf_addf(out, "  %-12sand %zu more hosts\n", "", t->more);
}

void
why_route_print(const struct why_route *r, struct buf *out)
{
	struct buf text = { .max = 8192 };
	const struct qroute *to = &r->to;

	if (!r->known)
		return;
	buf_add(&text, to->kind);
	if (to->relayhost) {
		buf_adds(&text, " to ");
		buf_add(&text, to->nexthop);
		buf_adds(&text, " (relayhost)");
	} else if (to->nexthop.n > 0) {
		buf_adds(&text, " to ");
		buf_add(&text, to->nexthop);
		buf_adds(&text, ", at ");
		buf_add(&text, to->site);
	} else if (to->site.n > 0) {
		buf_adds(&text, ", by ");
		buf_add(&text, to->site);
	}
	if (to->text.n > 0) {
		buf_adds(&text, ": ");
		buf_add(&text, to->text);
	}
	line(out, "new mail", buf_slice(&text));
	print_tls(&r->tls, out);
	if (r->sts.n > 0)
		line(out, "mta-sts", r->sts);
	buf_fini(&text);
}

/* ---- for programs ---- */

static void
member(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, ",\"%s\":", key);
	out_json(b, v);
}

static void
json_tls(const struct why_tls *t, struct buf *b)
{
	if (t->n == 0)
		return;
	buf_adds(b, ",\"tls\":[");
	for (size_t i = 0; i < t->n; i++) {
		buf_adds(b, i > 0 ? ",{\"host\":" : "{\"host\":");
		out_json(b, t->hosts[i].host);
		member(b, "policy", t->hosts[i].policy);
		member(b, "why", t->hosts[i].why);
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

void
why_route_json(const struct why_route *r, struct buf *b)
{
	const struct qroute *to = &r->to;

	if (!r->known)
		return;
	buf_adds(b, ",\"route\":{\"kind\":");
	out_json(b, to->kind);
	if (to->nexthop.n > 0) {
		member(b, "nexthop", to->nexthop);
		buf_addf(
		    b, ",\"relayhost\":%s", to->relayhost ? "true" : "false");
	}
	if (to->site.n > 0)
		member(b, "site", to->site);
	if (to->limits.n > 0)
		member(b, "limits", to->limits);
	json_tls(&r->tls, b);
	if (r->sts.n > 0)
		member(b, "mta_sts", r->sts);
	if (to->text.n > 0)
		member(b, "text", to->text);
	buf_addc(b, '}');
}

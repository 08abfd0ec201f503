/* SPDX-License-Identifier: ISC */
/* RFC 5321 4.1.4 lets no mail be refused for a HELO that is not the client's
 * name, so no rule compares the two. */
#include "origin/rules.h"

#include "base/buf.h"
#include "origin/helo.h"
#include "origin/reverse.h"

/* ---- HELO and EHLO ---- */

static void
refuse_helo(
    const struct origin_client *c, struct slice text, struct policy_verdict *v)
{
	v->action = POLICY_REFUSE;
	v->enhanced = "5.7.1";
	v->text = text;
	v->why = c->helo;
}

void
origin_helo_name(const struct origin_client *c, struct policy_verdict *v)
{
	if (helo_is_no_name(c->helo))
		refuse_helo(
		    c, SLICE("HELO: expected the full name of the host"), v);
}

void
origin_helo_own(const struct origin_client *c, struct policy_verdict *v)
{
	if (helo_is_own(c->helo, c->host))
		refuse_helo(c, SLICE("HELO: that is the name of this host"), v);
}

void
origin_helo_literal(const struct origin_client *c, struct policy_verdict *v)
{
	if (c->ip != NULL && helo_is_other_literal(c->helo, c->ip))
		refuse_helo(c, SLICE("HELO: that is not your address"), v);
}

bool
origin_helo_dns(const struct origin_client *c, struct dns_answers *answers,
    struct policy_verdict *v)
{
	enum found found;

	if (!helo_resolves(c->helo, answers, &found))
		return false;
	if (found == ABSENT) {
		refuse_helo(
		    c, SLICE("HELO: the DNS does not know that name"), v);
	} else if (found == TEMPFAIL) {
		v->action = POLICY_DEFER;
		v->text = SLICE("HELO: the name cannot be looked up, try again "
				"later");
		v->why = c->helo;
	}
	return true;
}

/* ---- the address ---- */

static void
put_reverse(const struct origin_client *c, const struct reverse_verdict *r,
    struct buf *text)
{
	if (r->result == REVERSE_NONE)
		buf_addf(text, "The address %.*s has no name (PTR)",
		    SLICE_FMT(c->text));
	else
		buf_addf(text,
		    "The address %.*s has the name %.*s, which has another "
		    "address",
		    SLICE_FMT(c->text), SLICE_FMT(r->name));
}

bool
origin_reverse(const struct origin_client *c, struct dns_answers *answers,
    struct arena *arena, struct policy_verdict *v)
{
	struct buf text = { .max = 400 };
	struct reverse_verdict r;

	if (c->ip == NULL)
		return true;
	if (!reverse_check(c->ip, answers, &r))
		return false;
	if (r.result == REVERSE_PASS)
		return true;
	v->why = slice_str(reverse_result_name(r.result));
	if (r.result == REVERSE_TEMPERROR) {
		v->action = POLICY_DEFER;
		v->enhanced = "4.7.25"; /* RFC 7372 */
		v->text = SLICE("The name of your address cannot be found, try "
				"again later");
		return true;
	}
	put_reverse(c, &r, &text);
	v->action = POLICY_REFUSE;
	v->enhanced = "5.7.25";
	v->text = arena_slice(arena, buf_slice(&text));
	buf_fini(&text);
	return true;
}

/* ---- lists ---- */

static struct slice
put_sites(const struct dnsbl_site *sites, size_t n,
    const struct dnsbl_verdict *d, struct arena *arena)
{
	struct buf out = { .max = 8192 };
	struct slice all;

	buf_addf(&out, "%d", d->score);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *a = d->sites[i].a;

		if (d->sites[i].hit)
			buf_addf(&out, " %.*s=%u.%u.%u.%u*%d",
			    SLICE_FMT(dnsbl_shown(&sites[i])), a[0], a[1], a[2],
			    a[3], sites[i].weight);
	}
	all = arena_slice(arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

void
origin_dnsbl(const struct origin_client *c, const struct dnsbl_site *sites,
    size_t n, int threshold, const struct dnsbl_verdict *found,
    struct arena *arena, struct policy_verdict *v)
{
	struct buf text = { .max = 1024 };

	v->why = put_sites(sites, n, found, arena);
	if (found->heaviest == NULL || found->score < threshold)
		return;
	buf_addf(&text, "The address %.*s is listed by %.*s",
	    SLICE_FMT(c->text), SLICE_FMT(dnsbl_shown(found->heaviest)));
	if (found->text.n > 0)
		buf_addf(
		    &text, ": %.*s", SLICE_FMT(slice_sub(found->text, 0, 300)));
	v->action = POLICY_REFUSE;
	v->enhanced = "5.7.1";
	v->text = arena_slice(arena, buf_slice(&text));
	buf_fini(&text);
}

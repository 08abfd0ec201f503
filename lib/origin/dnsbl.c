/* SPDX-License-Identifier: ISC */
#include "origin/dnsbl.h"

#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "dns/wire.h"
#include "proto/address.h"

const char *
dnsbl_error_text(enum dnsbl_error error)
{
	static const char *const texts[] = { DNSBL_ERRORS(WORDS_TEXT) };

	return texts[error];
}

/* ---- a site as it is written ---- */

enum { OCTET_MAX = 255, KEY_LABEL = 20 };

static void
set_range(uint8_t bits[32], unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		bits[i / 8] |= (uint8_t)(1U << i % 8);
}

static bool
has_bit(const uint8_t bits[32], uint8_t value)
{
	return (bits[value / 8] >> value % 8 & 1) != 0;
}

/* N or N..M */
static void
parse_range(struct cur *c, uint8_t bits[32])
{
	const unsigned from = (unsigned)cur_u64(c, OCTET_MAX);
	unsigned to = from;

	if (cur_try(c, ".."))
		to = (unsigned)cur_u64(c, OCTET_MAX);
	if (to < from)
		cur_fail(c);
	if (cur_ok(c))
		set_range(bits, from, to);
}

/* N, or [N;N..M] */
static void
parse_octet(struct cur *c, uint8_t bits[32])
{
	if (!cur_try_byte(c, '[')) {
		const unsigned n = (unsigned)cur_u64(c, OCTET_MAX);

		if (cur_ok(c))
			set_range(bits, n, n);
		return;
	}
	do
		parse_range(c, bits);
	while (cur_try_byte(c, ';'));
	cur_lit(c, "]");
}

static bool
parse_filter(struct slice text, struct dnsbl_site *s)
{
	struct cur c = cur_of(text);

	memset(s->fits, 0, sizeof s->fits);
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			cur_lit(&c, ".");
		parse_octet(&c, s->fits[i]);
	}
	return cur_end(&c) && has_bit(s->fits[0], 127);
}

static bool
parse_weight(struct slice text, int *weight)
{
	struct cur c = cur_of(text);
	const bool minus = cur_try_byte(&c, '-');

	*weight = (int)cur_u64(&c, DNSBL_WEIGHT_MAX);
	if (minus)
		*weight = -*weight;
	return cur_end(&c) && *weight != 0;
}

int
dnsbl_parse(struct slice word, struct dnsbl_site *s, struct err *err)
{
	const size_t star = slice_find(word, '*');
	const struct slice site = slice_sub(word, 0, star);
	const size_t equals = slice_find(site, '=');

	*s = (struct dnsbl_site){ .zone = slice_sub(site, 0, equals),
		.weight = 1 };
	memset(s->fits, 0xff, sizeof s->fits);
	if (star < word.n &&
	    !parse_weight(slice_from(word, star + 1), &s->weight))
		return err_set(err, ERR_PERM,
		    "%.*s: expected a weight of 1 to %d, or -1 to -%d",
		    SLICE_FMT(slice_sub(word, 0, 300)), DNSBL_WEIGHT_MAX,
		    DNSBL_WEIGHT_MAX);
	if (equals < site.n && !parse_filter(slice_from(site, equals + 1), s))
		return err_set(err, ERR_PERM,
		    "%.*s: expected a filter such as 127.0.0.2 or "
		    "127.0.0.[2;4;10..11]",
		    SLICE_FMT(slice_sub(word, 0, 300)));
	if (!address_is_domain(s->zone, 0))
		return err_set(err, ERR_PERM,
		    "%.*s: expected ZONE, ZONE=FILTER, ZONE*WEIGHT or "
		    "ZONE=FILTER*WEIGHT",
		    SLICE_FMT(slice_sub(word, 0, 300)));
	return 0;
}

struct slice
dnsbl_shown(const struct dnsbl_site *s)
{
	const size_t dot = slice_find(s->zone, '.');

	return dot >= KEY_LABEL && dot < s->zone.n
		   ? slice_from(s->zone, dot + 1)
		   : s->zone;
}

/* ---- a client ---- */

/* The name to ask for: IP backwards, then the zone. */
static struct slice
name_of(const struct dnsbl_site *s, const uint8_t ip[16], struct arena *a)
{
	char reverse[DNS_NAME_MAX];
	struct buf name = { .max = 2 * DNS_NAME_MAX };
	struct slice client, all;

	dns_reverse_name(ip, reverse);
	client = slice_str(reverse);
	client.n -= slice_ends(client, SLICE(".in-addr.arpa"))
			? sizeof "in-addr.arpa" - 1
			: sizeof "ip6.arpa" - 1;
	buf_add(&name, client);
	buf_add(&name, s->zone);
	all = arena_slice(a, buf_slice(&name));
	buf_fini(&name);
	return all;
}

static bool
fits(const struct dnsbl_site *s, const uint8_t a[4])
{
	for (size_t i = 0; i < 4; i++)
		if (!has_bit(s->fits[i], a[i]))
			return false;
	return true;
}

static enum dnsbl_error
error_of(const uint8_t a[4])
{
	if (a[0] != 127)
		return DNSBL_OUTSIDE;
	return a[1] == 255 && a[2] == 255 ? DNSBL_REFUSED : DNSBL_OK;
}

/* One wrong record spoils them all. */
static void
read_records(const struct dnsbl_site *s, const struct dns_answer *answer,
    struct dnsbl_found *f)
{
	for (size_t i = 0; i < answer->n; i++) {
		const uint8_t *a = answer->records[i].a;

		f->error = error_of(a);
		if (f->error != DNSBL_OK || (!f->hit && fits(s, a)))
			memcpy(f->a, a, sizeof f->a);
		if (f->error != DNSBL_OK) {
			f->hit = false;
			return;
		}
		f->hit = f->hit || fits(s, a);
	}
}

/* Both are asked for at once, also where there is no hit to be doubted: when a
 * list keeps silent there is no time for a second question to the others. */
static bool
ask(const struct dnsbl_site *s, const uint8_t ip[16],
    struct dns_answers *answers, struct arena *arena, struct dnsbl_found *f)
{
	static const uint8_t nobody[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	const struct dns_answer *a =
	    dns_answers_get(answers, name_of(s, ip, arena), DNS_A);
	const struct dns_answer *none =
	    dns_answers_get(answers, name_of(s, nobody, arena), DNS_A);

	if (a == NULL || none == NULL)
		return false;
	if (a->found == TEMPFAIL)
		f->error = DNSBL_SILENT;
	else if (a->found == FOUND)
		read_records(s, a, f);
	if (f->hit && none->found != ABSENT) {
		f->hit = false;
		f->error = none->found == FOUND ? DNSBL_ALL : DNSBL_SILENT;
	}
	return true;
}

static void
add_up(const struct dnsbl_site *sites, size_t n, struct dnsbl_verdict *v)
{
	for (size_t i = 0; i < n; i++) {
		if (!v->sites[i].hit)
			continue;
		v->score += sites[i].weight;
		if (sites[i].weight > 0 &&
		    (v->heaviest == NULL ||
			sites[i].weight > v->heaviest->weight))
			v->heaviest = &sites[i];
	}
}

/* What the list says of the client; not necessary. */
static bool
ask_text(const uint8_t ip[16], struct dns_answers *answers, struct arena *arena,
    struct dnsbl_verdict *v)
{
	const struct dns_answer *a =
	    dns_answers_get(answers, name_of(v->heaviest, ip, arena), DNS_TXT);

	if (a == NULL)
		return false;
	if (a->found == FOUND && a->n > 0)
		v->text = a->records[0].txt;
	return true;
}

bool
dnsbl_check(const struct dnsbl_site *sites, size_t n, const uint8_t ip[16],
    int threshold, struct dns_answers *answers, struct arena *arena,
    struct dnsbl_verdict *v)
{
	bool done = true;

	*v = (struct dnsbl_verdict){
		.sites = arena_alloc(arena, n * sizeof v->sites[0] + 1),
	};
	for (size_t i = 0; i < n; i++)
		if (!ask(&sites[i], ip, answers, arena, &v->sites[i]))
			done = false;
	if (!done)
		return false;
	add_up(sites, n, v);
	return v->heaviest == NULL || v->score < threshold ||
	       ask_text(ip, answers, arena, v);
}

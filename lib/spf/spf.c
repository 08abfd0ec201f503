/* SPDX-License-Identifier: ISC */
#include "spf/spf.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "spf/macro.h"
#include "spf/record.h"

enum {
	EXPANDED_MAX = 4096, /* a macro string, before it is cut to a name */
	NAME_MAX_LENGTH = DNS_NAME_MAX - 1,
	EXPLANATION_MAX = 500,
	WHY_MAX = 200,
	IP_BITS = 128,
	V4_BITS = 96, /* of a mapped address before its own */
};

const struct spf_limits spf_limits_default = {
	.lookups = 10,
	.voids = 2,
	.hosts = 10,
};

struct eval {
	const struct spf_question *q;
	struct dns_answers *answers;
	struct arena *arena;
	struct spf_macro_values values;
	bool v4;
	bool waits; /* an answer is missing: what comes out means nothing */
	unsigned lookups, voids;
	struct slice why;
};

/* What a mechanism says (4.6.2). */
enum match { MATCH, NO_MATCH, MATCH_TEMPERROR, MATCH_PERMERROR };

static enum spf_result evaluate(
    struct eval *e, struct slice domain, struct slice *explanation);

const char *
spf_result_name(enum spf_result result)
{
	static const char *const names[] = { SPF_RESULTS(WORDS_TEXT) };

	return names[result];
}

/* ---- the DNS ---- */

static const struct dns_answer *
ask(struct eval *e, struct slice name, enum dns_type type)
{
	static const struct dns_answer missing = { .found = TEMPFAIL,
		.name = "" };
	const struct dns_answer *answer =
	    dns_answers_get(e->answers, name, type);

	e->waits |= answer == NULL;
	return answer != NULL ? answer : &missing;
}

static enum match
say(struct eval *e, enum match match, const char *why)
{
	e->why = slice_str(why);
	return match;
}

static enum match
temporary(struct eval *e, const struct dns_answer *answer)
{
	return say(e, MATCH_TEMPERROR,
	    answer->why != NULL ? answer->why : "no answer from the DNS");
}

/* Count a look-up whose answer is empty (4.6.4). False: one too many. */
static bool
count_void(struct eval *e, const struct dns_answer *answer, enum dns_type type,
    bool inner)
{
	if (answer->found != ABSENT)
		return true;
	if (!e->q->limits->void_strict &&
	    (inner || (type == DNS_AAAA && !answer->nxdomain)))
		return true;
	return ++e->voids <= e->q->limits->voids;
}

static enum match
too_many_voids(struct eval *e)
{
	return say(e, MATCH_PERMERROR, "too many void look-ups");
}

static bool
same_network(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
	const unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 ||
	       ((unsigned)(a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static unsigned
bits_of(const struct eval *e, const struct spf_term *t)
{
	return e->v4 ? V4_BITS + t->bits4 : t->bits6;
}

static enum dns_type
address_type(const struct eval *e)
{
	return e->v4 ? DNS_A : DNS_AAAA;
}

/* Is the client's address among those of ANSWER, as far as BITS go? */
static bool
has_client(const struct eval *e, const struct dns_answer *answer, unsigned bits)
{
	uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };

	for (size_t i = 0; i < answer->n; i++) {
		if (e->v4)
			memcpy(ip + 12, answer->records[i].a, 4);
		else
			memcpy(ip, answer->records[i].aaaa, 16);
		if (same_network(ip, e->q->ip, bits))
			return true;
	}
	return false;
}

/* ---- the names of the client ---- */

/* The names of the client that lead back to its address (5.5): the first one
 * that is, or is beneath, DOMAIN; with ANY else whichever there is.  Empty:
 * none. */
static struct slice
valid_name(struct eval *e, struct slice domain, bool any)
{
	struct slice best = { 0 };
	char reverse[DNS_NAME_MAX];
	const struct dns_answer *ptr;
	int rank = 0;

	dns_reverse_name(e->q->ip, reverse);
	ptr = ask(e, slice_str(reverse), DNS_PTR);
	for (size_t i = 0; i < ptr->n && i < e->q->limits->hosts; i++) {
		const struct slice name = slice_str(ptr->records[i].name);
		const int is = slice_ieq(name, domain)           ? 3
			       : domain_is_beneath(name, domain) ? 2
			       : any                             ? 1
								 : 0;
		const struct dns_answer *answer;

		if (is <= rank)
			continue;
		answer = ask(e, name, address_type(e));
		if (answer->found != FOUND || !has_client(e, answer, IP_BITS))
			continue;
		best = name;
		rank = is;
	}
	return best;
}

/* ---- macros ---- */

/* At most 253 bytes: labels go from the left (7.3). */
static struct slice
cut_name(struct slice name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	while (name.n > NAME_MAX_LENGTH) {
		const size_t dot = slice_find(name, '.');

		name = slice_from(name, dot + 1);
	}
	return name;
}

static struct slice
expand(struct eval *e, struct slice text, struct slice domain, size_t max)
{
	struct buf out = { .max = max };
	struct slice done;

	e->values.domain = domain;
	e->values.valid = SLICE("unknown");
	if (spf_macro_uses(text, 'p')) {
		const struct slice name = valid_name(e, domain, true);

		if (name.n > 0)
			e->values.valid = name;
	}
	spf_macro_expand(text, &e->values, &out);
	/* a part of a name would be another name */
	done = out.failed ? (struct slice){ NULL, 0 }
			  : arena_slice(e->arena, buf_slice(&out));
	buf_fini(&out);
	return done;
}

/* The name a term is about. */
static struct slice
target(struct eval *e, struct slice spec, struct slice domain)
{
	if (spec.n == 0)
		return domain;
	return cut_name(expand(e, spec, domain, EXPANDED_MAX));
}

/* ---- mechanisms ---- */

static enum match
match_a(struct eval *e, const struct spf_term *t, struct slice name)
{
	const struct dns_answer *answer = ask(e, name, address_type(e));

	if (answer->found == TEMPFAIL)
		return temporary(e, answer);
	if (!count_void(e, answer, address_type(e), false))
		return too_many_voids(e);
	return has_client(e, answer, bits_of(e, t)) ? MATCH : NO_MATCH;
}

static enum match
match_mx(struct eval *e, const struct spf_term *t, struct slice name)
{
	const struct dns_answer *mx = ask(e, name, DNS_MX);
	enum match match = NO_MATCH;

	if (mx->found == TEMPFAIL)
		return temporary(e, mx);
	if (!count_void(e, mx, DNS_MX, false))
		return too_many_voids(e);
	if (mx->n > e->q->limits->hosts)
		return say(e, MATCH_PERMERROR, "too many MX hosts");
	/* all are asked for before the first that is missing is waited for */
	for (size_t i = 0; i < mx->n && (match == NO_MATCH || e->waits); i++) {
		const struct dns_answer *answer =
		    ask(e, slice_str(mx->records[i].mx.host), address_type(e));

		if (answer->found == TEMPFAIL)
			match = temporary(e, answer);
		else if (!count_void(e, answer, address_type(e), true))
			match = too_many_voids(e);
		else if (has_client(e, answer, bits_of(e, t)))
			match = MATCH;
	}
	return match;
}

static enum match
match_exists(struct eval *e, struct slice name)
{
	const struct dns_answer *answer = ask(e, name, DNS_A);

	if (answer->found == TEMPFAIL)
		return temporary(e, answer);
	if (!count_void(e, answer, DNS_A, false))
		return too_many_voids(e);
	return answer->found == FOUND ? MATCH : NO_MATCH;
}

/* 5.2 */
static enum match
match_include(struct eval *e, struct slice name)
{
	const enum spf_result result = evaluate(e, name, NULL);

	switch (result) {
	case SPF_PASS:
		return MATCH;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return NO_MATCH;
	case SPF_TEMPERROR:
		return MATCH_TEMPERROR;
	case SPF_NONE:
		return say(e, MATCH_PERMERROR, "included domain has no record");
	case SPF_PERMERROR:
		break;
	}
	return MATCH_PERMERROR;
}

static bool
count_lookup(struct eval *e)
{
	if (++e->lookups <= e->q->limits->lookups)
		return true;
	e->why = SLICE("too many terms that ask the DNS");
	return false;
}

static enum match
match_term(struct eval *e, const struct spf_term *t, struct slice domain)
{
	struct slice name;

	switch (t->mechanism) {
	case SPF_ALL:
		return MATCH;
	case SPF_IP4:
		return e->v4 && same_network(t->ip, e->q->ip, bits_of(e, t))
			   ? MATCH
			   : NO_MATCH;
	case SPF_IP6:
		return !e->v4 && same_network(t->ip, e->q->ip, t->bits6)
			   ? MATCH
			   : NO_MATCH;
	case SPF_INCLUDE:
	case SPF_A:
	case SPF_MX:
	case SPF_PTR:
	case SPF_EXISTS:
		break;
	}
	if (!count_lookup(e))
		return MATCH_PERMERROR;
	name = target(e, t->domain, domain);
	if (e->waits)
		return MATCH_TEMPERROR;
	switch (t->mechanism) {
	case SPF_INCLUDE:
		return match_include(e, name);
	case SPF_A:
		return match_a(e, t, name);
	case SPF_MX:
		return match_mx(e, t, name);
	case SPF_PTR:
		return valid_name(e, name, false).n > 0 ? MATCH : NO_MATCH;
	case SPF_EXISTS:
		return match_exists(e, name);
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
		break;
	}
	return NO_MATCH;
}

/* ---- records ---- */

/* 4.4, 4.5: SPF_PASS when there is one. */
static enum spf_result
find_record(struct eval *e, struct slice domain, struct slice *txt)
{
	const struct dns_answer *answer = ask(e, domain, DNS_TXT);
	size_t n = 0;

	if (answer->found == TEMPFAIL) {
		(void)temporary(e, answer);
		return SPF_TEMPERROR;
	}
	for (size_t i = 0; i < answer->n; i++) {
		if (!spf_record_is(answer->records[i].txt))
			continue;
		*txt = answer->records[i].txt;
		n++;
	}
	if (n == 0)
		e->why = SLICE("no record");
	else if (n > 1)
		e->why = SLICE("more than one record");
	return n == 0 ? SPF_NONE : n == 1 ? SPF_PASS : SPF_PERMERROR;
}

static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]))
			return false;
	return true;
}

/* 6.2: whatever goes wrong, there is no explanation then. */
static struct slice
explain(struct eval *e, struct slice spec, struct slice domain)
{
	const struct slice none = { 0 };
	const struct dns_answer *answer;
	struct slice name, text;

	if (spec.n == 0)
		return none;
	name = target(e, spec, domain);
	if (e->waits)
		return none;
	answer = ask(e, name, DNS_TXT);
	if (answer->n != 1)
		return none;
	text = answer->records[0].txt;
	if (!is_printable(text) || !spf_macro_is(text, SPF_MACRO_EXP))
		return none;
	text = expand(e, text, domain, EXPLANATION_MAX);
	return is_printable(text) ? text : none;
}

static enum spf_result
result_of(char qualifier)
{
	switch (qualifier) {
	case '-':
		return SPF_FAIL;
	case '~':
		return SPF_SOFTFAIL;
	case '?':
		return SPF_NEUTRAL;
	default:
		return SPF_PASS;
	}
}

/* 6.1 */
static enum spf_result
redirect(struct eval *e, struct slice spec, struct slice domain,
    struct slice *explanation)
{
	enum spf_result result;
	struct slice name;

	if (!count_lookup(e))
		return SPF_PERMERROR;
	name = target(e, spec, domain);
	if (e->waits)
		return SPF_TEMPERROR;
	result = evaluate(e, name, explanation);
	if (result != SPF_NONE)
		return result;
	e->why = SLICE("redirect to a domain without a record");
	return SPF_PERMERROR;
}

/* check_host() (4); EXPLANATION: NULL within an include. */
static enum spf_result
evaluate(struct eval *e, struct slice domain, struct slice *explanation)
{
	enum spf_result result;
	struct spf_record r;
	struct slice txt, where;

	result = find_record(e, domain, &txt);
	if (result != SPF_PASS)
		return result;
	if (!spf_record_parse(txt, e->arena, &r, &where)) {
		e->why = where;
		return SPF_PERMERROR;
	}
	for (size_t i = 0; i < r.n; i++) {
		const enum match match = match_term(e, &r.terms[i], domain);

		if (e->waits || match == MATCH_TEMPERROR)
			return SPF_TEMPERROR;
		if (match == MATCH_PERMERROR)
			return SPF_PERMERROR;
		if (match == NO_MATCH)
			continue;
		e->why = r.terms[i].text;
		result = result_of(r.terms[i].qualifier);
		if (result == SPF_FAIL && explanation != NULL)
			*explanation = explain(e, r.exp, domain);
		return result;
	}
	if (r.redirect.n > 0)
		return redirect(e, r.redirect, domain, explanation);
	e->why = SLICE("no term matches");
	return SPF_NEUTRAL;
}

/* 4.3: a name of several labels, which is no address. */
static bool
can_have_record(struct slice domain)
{
	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (slice_find(domain, '.') == domain.n || domain.n > NAME_MAX_LENGTH)
		return false;
	for (size_t i = 0, label = 0; i <= domain.n; i++) {
		if (i < domain.n && domain.p[i] != '.') {
			label++;
			continue;
		}
		if (label == 0 || label > 63)
			return false;
		label = 0;
	}
	for (size_t i = slice_rfind(domain, '.') + 1; i < domain.n; i++)
		if (!ascii_isdigit(domain.p[i]))
			return domain.p[domain.n - 1] != ']';
	return false;
}

/* For a log: a record's bytes may be any. */
static struct slice
printable(struct arena *a, struct slice s)
{
	char *copy;

	s = slice_sub(s, 0, WHY_MAX);
	copy = arena_str(a, s);
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(copy[i]))
			copy[i] = '?';
	return slice_of(copy, s.n);
}

/* Whom the check is about (2.3, 2.4, 4.1). */
static void
set_identity(struct eval *e, struct spf_verdict *v)
{
	const struct spf_question *q = e->q;
	struct buf b = { .max = EXPANDED_MAX };
	struct slice local = { 0 }, domain = q->helo;

	if (q->sender.n > 0)
		address_split(q->sender, &local, &domain);
	v->by_helo = q->sender.n == 0;
	if (local.n == 0)
		local = SLICE("postmaster");
	if (domain_to_ascii(domain, &b))
		domain = arena_slice(e->arena, buf_slice(&b));
	buf_reset(&b);
	buf_add(&b, local);
	buf_addc(&b, '@');
	buf_add(&b, domain);
	e->values.sender = arena_slice(e->arena, buf_slice(&b));
	buf_fini(&b);
	e->values.local = local;
	e->values.sender_domain = domain;
	v->domain = domain;
}

bool
spf_check(const struct spf_question *q, struct dns_answers *answers,
    struct arena *a, struct spf_verdict *v)
{
	struct eval e = { .q = q, .answers = answers, .arena = a };

	*v = (struct spf_verdict){ .result = SPF_NONE };
	e.v4 = same_network(
	    q->ip, (const uint8_t[16]){ [10] = 0xff, [11] = 0xff }, V4_BITS);
	e.values.ip = q->ip;
	e.values.helo = q->helo;
	e.values.receiver = q->receiver.n > 0 ? q->receiver : SLICE("unknown");
	e.values.now_s = q->now_s;
	set_identity(&e, v);
	if (!can_have_record(v->domain)) {
		v->why = SLICE("no domain that could have a record");
		return true;
	}
	v->result = evaluate(&e, v->domain, &v->explanation);
	v->why = printable(a, e.why);
	return !e.waits;
}

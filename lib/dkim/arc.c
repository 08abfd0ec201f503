/* SPDX-License-Identifier: ISC */
#include "dkim/arc.h"

#include "base/cur.h"
#include "base/must.h"
#include "dkim/verify.h"
#include "mime/taglist.h"

/* One set: what one hop has added. */
struct arc_set {
	const struct dkim_head *results, *message, *seal;
	struct dkim_signature ams, as;
};

struct arc_chain {
	const struct dkim_message *m;
	struct arena *arena;
	struct dkim_arc_verdict *v;
	struct arc_set sets[DKIM_ARC_MAX + 1]; /* from 1 on */
};

const char *
dkim_arc_result_name(enum dkim_arc_result result)
{
	static const char *const names[] = { DKIM_ARC_RESULTS(WORDS_TEXT) };

	return names[result];
}

static bool
fail(struct arc_chain *c, unsigned instance, const char *why)
{
	c->v->result = DKIM_ARC_FAIL;
	c->v->failed = instance;
	c->v->why = why;
	return false;
}

/* "i=1; ..." of ARC-Authentication-Results; 0: it has none. */
static unsigned
results_instance(struct slice value)
{
	struct slice rest, number;
	const struct slice tag = slice_cut(value, ';', &rest);
	struct cur c;

	if (!slice_is(slice_trim(slice_cut(tag, '=', &number)), "i"))
		return 0;
	c = cur_of(slice_trim(number));
	rest.n = (size_t)cur_u64(&c, DKIM_ARC_MAX);
	return cur_end(&c) ? (unsigned)rest.n : 0;
}

/* Put H into the set it names; false: it names none, or there is one. */
static bool
place(struct arc_chain *c, const struct dkim_head *h)
{
	const struct dkim_head **to;
	struct dkim_signature sig;
	enum dkim_result wrong;
	struct arc_set *set;
	const char *why;

	if (slice_is(h->name, "arc-authentication-results")) {
		const unsigned i = results_instance(h->value);

		set = &c->sets[i];
		to = &set->results;
		if (i == 0 || *to != NULL)
			return false;
		*to = h;
		return true;
	}
	if (!dkim_signature_parse(
		slice_is(h->name, "arc-seal") ? DKIM_AS : DKIM_AMS, h->raw,
		h->value, c->arena, &sig, &wrong, &why))
		return false;
	set = &c->sets[sig.instance];
	to = sig.kind == DKIM_AS ? &set->seal : &set->message;
	if (*to != NULL)
		return false;
	*to = h;
	*(sig.kind == DKIM_AS ? &set->as : &set->ams) = sig;
	return true;
}

static bool
is_arc(struct slice name)
{
	return slice_is(name, "arc-seal") ||
	       slice_is(name, "arc-message-signature") ||
	       slice_is(name, "arc-authentication-results");
}

/* The sets, each whole, from 1 on without a gap.  False: there are none, or
 * there is no chain in them. */
static bool
collect(struct arc_chain *c)
{
	unsigned n = 0;

	for (const struct dkim_head *h = c->m->first; h != NULL; h = h->next) {
		if (!is_arc(h->name))
			continue;
		c->v->result = DKIM_ARC_PASS;
		if (!place(c, h))
			return fail(c, 0, "a field is malformed or twice");
	}
	for (unsigned i = 1; i <= DKIM_ARC_MAX; i++)
		if (c->sets[i].results != NULL || c->sets[i].message != NULL ||
		    c->sets[i].seal != NULL)
			n = i;
	c->v->instances = n;
	for (unsigned i = 1; i <= n; i++)
		if (c->sets[i].results == NULL || c->sets[i].message == NULL ||
		    c->sets[i].seal == NULL)
			return fail(c, i, "a set is not whole");
	if (n == 0)
		return false;
	c->v->sealer = c->sets[n].as.domain;
	c->v->selector = c->sets[n].as.selector;
	c->v->results = c->sets[n].results->value;
	return true;
}

/* cv= as it must be (5.2, steps 2 and 3). */
static bool
check_states(struct arc_chain *c)
{
	const unsigned n = c->v->instances;

	if (slice_iis(c->sets[n].as.chain, "fail"))
		return fail(c, n, "cv= says that it failed earlier");
	for (unsigned i = 1; i <= n; i++)
		if (!slice_iis(c->sets[i].as.chain, i == 1 ? "none" : "pass"))
			return fail(c, i, "cv= is not what it must be");
	return true;
}

static void
settle(struct arc_chain *c, unsigned instance, const struct dkim_verdict *v)
{
	if (v->result == DKIM_PASS || c->v->result == DKIM_ARC_FAIL)
		return;
	(void)fail(c, instance, v->why);
	if (v->result == DKIM_TEMPERROR)
		c->v->result = DKIM_ARC_TEMPERROR;
}

/* 5.1.1: all sets up to its own, each as results, message signature and seal,
 * the last without its signature. */
static void
verify_seals(struct arc_chain *c, struct dns_answers *answers)
{
	struct buf input = { .max = SIZE_MAX };

	for (unsigned i = 1; i <= c->v->instances; i++) {
		const struct arc_set *set = &c->sets[i];
		struct dkim_verdict v = { .sig = &set->as };
		size_t before;

		dkim_canon_field(DKIM_RELAXED, set->results->raw, &input);
		dkim_canon_field(DKIM_RELAXED, set->message->raw, &input);
		before = input.n;
		dkim_message_input(
		    c->m, DKIM_RELAXED, NULL, 0, set->seal->raw, &input);
		dkim_verify_input(&set->as, buf_slice(&input),
		    dkim_verify_key(&set->as, answers), c->m->limits, &v);
		settle(c, i, &v);
		buf_truncate(&input, before);
		dkim_canon_field(DKIM_RELAXED, set->seal->raw, &input);
	}
	buf_fini(&input);
}

bool
dkim_arc_verify(const struct dkim_message *m, struct dns_answers *answers,
    int64_t now_s, struct arena *a, struct dkim_arc_verdict *v)
{
	struct arc_chain *c = arena_new(a, struct arc_chain);
	struct dkim_verdict ams;
	bool all = true;

	must(m->state == DKIM_ENDED);
	*v = (struct dkim_arc_verdict){ .result = DKIM_ARC_NONE };
	c->m = m;
	c->arena = a;
	c->v = v;
	if (!collect(c) || !check_states(c))
		return true;
	all &= dkim_verify_key(&c->sets[v->instances].ams, answers) != NULL;
	for (unsigned i = 1; i <= v->instances; i++)
		all &= dkim_verify_key(&c->sets[i].as, answers) != NULL;
	if (!all)
		return false;
	ams = (struct dkim_verdict){ .sig = &c->sets[v->instances].ams };
	dkim_verify_one(m, ams.sig, answers, now_s, &ams);
	settle(c, v->instances, &ams);
	verify_seals(c, answers);
	return true;
}

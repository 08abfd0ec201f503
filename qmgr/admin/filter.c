/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/filter.h"

#include <fnmatch.h>

#include "base/cur.h"
#include "base/mem.h"
#include "sys/clock.h"

typedef bool (*term_fn)(const struct filter_term *t, const struct entry *e,
    const struct message *m);

struct filter_key {
	const char *name;
	const char *ops;
	bool needs_message;
	bool admin; /* about what only administrators see */
	term_fn match;
};

static bool
globs(const struct filter_term *t, struct slice s)
{
	char text[1024];

	if (!slice_copy(slice_sub(s, 0, sizeof text - 1), text, sizeof text))
		return false;
	return fnmatch(t->pattern, text, FNM_CASEFOLD) == 0;
}

static bool
compares(const struct filter_term *t, int64_t v)
{
	return t->op == '<' ? v < t->number : v > t->number;
}

static bool
on_id(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)m;
	return globs(t, slice_str(e->id));
}

static bool
on_state(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	static const char *const words[] = { "waiting", "active", "held" };

	(void)m;
	return globs(t, slice_str(words[e->state]));
}

static bool
on_age(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)m;
	return compares(t, clock_wall_s() - e->arrived_us / 1000000);
}

static bool
on_size(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)e;
	return compares(t, m->env.size);
}

static bool
on_sender(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)e;
	return globs(t, m->env.sender.n > 0 ? m->env.sender : SLICE("<>"));
}

/* Recipients that are still open. */
static bool
any_rcpt(const struct filter_term *t, const struct message *m,
    struct slice (*part)(const struct rcpt *r))
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (!rcpt_is_final(m->rcpts[i]) && globs(t, part(m->rcpts[i])))
			return true;
	return false;
}

static struct slice
address_of(const struct rcpt *r)
{
	return r->env.address;
}

static struct slice
domain_of(const struct rcpt *r)
{
	return slice_from(r->env.address, slice_rfind(r->env.address, '@') + 1);
}

static struct slice
reason_of(const struct rcpt *r)
{
	return r->text;
}

static bool
on_recipient(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)e;
	return any_rcpt(t, m, address_of);
}

static bool
on_domain(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)e;
	return any_rcpt(t, m, domain_of);
}

static bool
on_reason(
    const struct filter_term *t, const struct entry *e, const struct message *m)
{
	(void)e;
	return any_rcpt(t, m, reason_of);
}

/* clang-format off */
static const struct filter_key keys[] = {
	{ "id",        "=",  false, false, on_id },
	{ "state",     "=",  false, false, on_state },
	{ "age",       "<>", false, false, on_age },
	{ "size",      "<>", true,  false, on_size },
	{ "sender",    "=",  true,  false, on_sender },
	{ "recipient", "=",  true,  false, on_recipient },
	{ "domain",    "=",  true,  false, on_domain },
	{ "reason",    "=",  true, true,  on_reason },
};
/* clang-format on */

/* KEY OP VALUE into T. */
static bool
parse_term(struct slice word, struct filter_term *t)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct slice name = slice_str(keys[i].name);
		struct slice value = slice_from(word, name.n + 1);
		struct cur c = cur_of(value);

		if (word.n <= name.n || !slice_starts(word, name) ||
		    slice_find(slice_str(keys[i].ops), word.p[name.n]) ==
			slice_str(keys[i].ops).n)
			continue;
		t->key = &keys[i];
		t->op = word.p[name.n];
		if (t->op == '=')
			return slice_copy(value, t->pattern, sizeof t->pattern);
		t->number = (int64_t)cur_u64(&c, INT64_MAX);
		return cur_end(&c);
	}
	return false;
}

int
filter_parse(struct filter *f, struct slice text, struct err *err)
{
	*f = (struct filter){ 0 };
	while ((text = slice_trim(text)).n > 0) {
		const struct slice word = slice_cut(text, ' ', &text);

		if (f->n == FILTER_MAX_TERMS ||
		    !parse_term(word, &f->terms[f->n]))
			return err_set(err, ERR_PERM,
			    "filter \"%.*s\": expected id=, sender=, "
			    "recipient=, domain=, reason= or state= with a "
			    "pattern, or age or size with > or < and a number",
			    SLICE_FMT(slice_sub(word, 0, 60)));
		f->needs_message |= f->terms[f->n].key->needs_message;
		f->admin |= f->terms[f->n].key->admin;
		f->n++;
	}
	return 0;
}

bool
filter_match(
    const struct filter *f, const struct entry *e, const struct message *m)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->terms[i].key->match(&f->terms[i], e, m))
			return false;
	return true;
}

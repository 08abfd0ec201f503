/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/filter.h"

#include <fnmatch.h>

#include "base/cur.h"
#include "base/mem.h"
#include "sys/clock.h"

typedef bool (*term_fn)(const struct filter_term *t, const struct qrecord *r);

enum needs { BASE, KNOWN, WHOLE };

struct filter_key {
	const char *name;
	const char *ops;
	enum needs needs; /* of a record */
	bool admin;       /* about what only administrators see */
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
on_id(const struct filter_term *t, const struct qrecord *r)
{
	return globs(t, slice_str(r->id));
}

static bool
on_state(const struct filter_term *t, const struct qrecord *r)
{
	static const char *const words[] = { "waiting", "active", "held" };

	return globs(t, slice_str(words[r->state]));
}

static bool
on_age(const struct filter_term *t, const struct qrecord *r)
{
	return compares(t, clock_wall_s() - r->arrived_us / 1000000);
}

static bool
on_size(const struct filter_term *t, const struct qrecord *r)
{
	return compares(t, r->size);
}

static bool
on_sender(const struct filter_term *t, const struct qrecord *r)
{
	return globs(t, r->sender.n > 0 ? r->sender : SLICE("<>"));
}

static bool
on_login(const struct filter_term *t, const struct qrecord *r)
{
	return globs(t, r->login);
}

/* Recipients that are still open. */
static bool
any_rcpt(const struct filter_term *t, const struct qrecord *r,
    struct slice (*part)(const struct qrecord_rcpt *rcpt))
{
	for (size_t i = 0; i < r->nrcpts; i++)
		if (globs(t, part(&r->rcpts[i])))
			return true;
	return false;
}

static struct slice
address_of(const struct qrecord_rcpt *r)
{
	return r->address;
}

static struct slice
domain_of(const struct qrecord_rcpt *r)
{
	return slice_from(r->address, slice_rfind(r->address, '@') + 1);
}

static struct slice
host_of(const struct qrecord_rcpt *r)
{
	return r->host;
}

static struct slice
reason_of(const struct qrecord_rcpt *r)
{
	return r->text;
}

/* As it is, and without its transport; the domain of who was not attempted. */
static bool
on_site(const struct filter_term *t, const struct qrecord *r)
{
	for (size_t i = 0; i < r->nrcpts; i++) {
		const struct qrecord_rcpt *p = &r->rcpts[i];
		const struct slice site =
		    p->site.n > 0 ? p->site : domain_of(p);

		if (globs(t, site) ||
		    globs(t, slice_from(site, slice_find(site, ':') + 1)))
			return true;
	}
	return false;
}

static bool
on_recipient(const struct filter_term *t, const struct qrecord *r)
{
	return any_rcpt(t, r, address_of);
}

static bool
on_domain(const struct filter_term *t, const struct qrecord *r)
{
	return any_rcpt(t, r, domain_of);
}

static bool
on_host(const struct filter_term *t, const struct qrecord *r)
{
	return any_rcpt(t, r, host_of);
}

static bool
on_reason(const struct filter_term *t, const struct qrecord *r)
{
	return any_rcpt(t, r, reason_of);
}

/* clang-format off */
static const struct filter_key keys[] = {
	{ "id",        "=",  BASE,  false, on_id },
	{ "state",     "=",  BASE,  false, on_state },
	{ "age",       "<>", BASE,  false, on_age },
	{ "size",      "<>", KNOWN, false, on_size },
	{ "sender",    "=",  KNOWN, false, on_sender },
	{ "login",     "=",  KNOWN, true,  on_login },
	{ "recipient", "=",  WHOLE, false, on_recipient },
	{ "domain",    "=",  WHOLE, false, on_domain },
	{ "host",      "=",  WHOLE, true,  on_host },
	{ "site",      "=",  WHOLE, true,  on_site },
	{ "reason",    "=",  WHOLE, true,  on_reason },
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

/* In the letters of ids, so that no other one is meant. */
static bool
is_plain_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z')))
			return false;
	return s.n > 0 && s.n < ENVELOPE_ID_BYTES - 1;
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
			    "recipient=, domain=, site=, login=, host=, "
			    "reason= "
			    "or state= with a pattern, or age or size with > "
			    "or < "
			    "and a number",
			    SLICE_FMT(slice_sub(word, 0, 60)));
		f->needs_known |= f->terms[f->n].key->needs >= KNOWN;
		f->needs_whole |= f->terms[f->n].key->needs >= WHOLE;
		f->admin |= f->terms[f->n].key->admin;
		f->n++;
	}
	return 0;
}

struct slice
filter_only(const struct filter *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct slice id = slice_str(f->terms[i].pattern);

		if (f->terms[i].key->match == on_id && is_plain_id(id))
			return id;
	}
	return SLICE("");
}

bool
filter_match(const struct filter *f, const struct qrecord *r)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->terms[i].key->match(&f->terms[i], r))
			return false;
	return true;
}

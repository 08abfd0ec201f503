/* SPDX-License-Identifier: ISC */
#include "proto/mtasts.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "proto/address.h"
#include "proto/domain.h"

static const char *const modes[] = { MTASTS_MODES(WORDS_TEXT) };

const char *
mtasts_mode_name(enum mtasts_mode mode)
{
	return mode < ARRAY_LEN(modes) ? modes[mode] : "?";
}

/* ---- the record ---- */

bool
mtasts_is_record(struct slice txt)
{
	return slice_starts(txt, SLICE("v=STSv1;")) ||
	       slice_starts(txt, SLICE("v=STSv1 ")) || slice_is(txt, "v=STSv1");
}

static bool
is_id(struct slice s)
{
	if (s.n == 0 || s.n > MTASTS_ID_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]))
			return false;
	return true;
}

bool
mtasts_record_id(struct slice txt, struct slice *id)
{
	bool found = false;

	(void)slice_cut(txt, ';', &txt);
	while (txt.n > 0) {
		const struct slice field =
		    slice_trim(slice_cut(txt, ';', &txt));
		struct slice value;

		if (field.n == 0)
			continue;
		if (slice_find(field, '=') == field.n)
			return false;
		if (!slice_is(slice_cut(field, '=', &value), "id") || found)
			continue;
		*id = value;
		found = true;
	}
	return found && is_id(*id);
}

/* ---- the policy ---- */

struct mtasts_reading {
	struct mtasts_policy *p;
	struct buf *mx;
	bool version, mode, max_age;
	const char *wrong; /* NULL: nothing so far */
};

/* Where a field stands twice the first counts (3.2). */
static void
take_version(struct mtasts_reading *r, struct slice value)
{
	if (!r->version && !slice_is(value, "STSv1"))
		r->wrong = "unknown version";
	r->version = true;
}

static void
take_mode(struct mtasts_reading *r, struct slice value)
{
	if (r->mode)
		return;
	r->mode = true;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (slice_is(value, modes[i])) {
			r->p->mode = (enum mtasts_mode)i;
			return;
		}
	r->wrong = "unknown mode";
}

/* What is longer than the RFC allows is as long as it allows. */
static void
take_max_age(struct mtasts_reading *r, struct slice value)
{
	struct cur c = cur_of(value);
	const uint64_t age = cur_u64(&c, 9999999999);

	if (r->max_age)
		return;
	r->max_age = true;
	if (!cur_end(&c) || value.n > 10)
		r->wrong = "invalid max_age";
	r->p->max_age_s = age < MTASTS_AGE_MAX ? (int64_t)age : MTASTS_AGE_MAX;
}

static void
take_mx(struct mtasts_reading *r, struct slice value)
{
	const bool wild = slice_starts(value, SLICE("*."));

	if (!address_is_domain(slice_from(value, wild ? 2 : 0), 0)) {
		r->wrong = "invalid mx";
		return;
	}
	if (r->mx->n > 0)
		buf_addc(r->mx, ' ');
	for (size_t i = 0; i < value.n; i++)
		buf_addc(r->mx, ascii_lower(value.p[i]));
	if (r->mx->failed || r->mx->n > MTASTS_MX_MAX)
		r->wrong = "too many mx";
}

static const struct {
	const char *name;
	void (*take)(struct mtasts_reading *r, struct slice value);
} fields[] = {
	{ "version", take_version },
	{ "mode", take_mode },
	{ "max_age", take_max_age },
	{ "mx", take_mx },
};

/* Fields that are not known are left for later versions. */
static void
take_line(struct mtasts_reading *r, struct slice line)
{
	struct slice value;
	const struct slice name = slice_cut(line, ':', &value);

	if (name.n == line.n) {
		r->wrong = "a line without a colon";
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (slice_is(name, fields[i].name))
			fields[i].take(r, slice_trim(value));
}

static const char *
lacking(const struct mtasts_reading *r)
{
	if (!r->version)
		return "no version";
	if (!r->mode)
		return "no mode";
	if (!r->max_age)
		return "no max_age";
	return r->p->mode != MTASTS_NONE && r->mx->n == 0 ? "no mx" : NULL;
}

int
mtasts_parse(
    struct slice text, struct mtasts_policy *p, struct buf *mx, struct err *err)
{
	struct mtasts_reading r = { .p = p, .mx = mx };

	*p = (struct mtasts_policy){ .mode = MTASTS_NONE };
	if (text.n > MTASTS_TEXT_MAX)
		r.wrong = "too large";
	while (text.n > 0 && r.wrong == NULL) {
		const struct slice line =
		    slice_trim(slice_cut(text, '\n', &text));

		if (line.n > 0)
			take_line(&r, line);
	}
	if (r.wrong == NULL)
		r.wrong = lacking(&r);
	if (r.wrong != NULL)
		return err_set(err, ERR_PERM, "%s", r.wrong);
	return 0;
}

static bool
fits(struct slice pattern, struct slice host)
{
	struct slice parent;

	if (!slice_starts(pattern, SLICE("*.")))
		return domain_same(pattern, host);
	return slice_cut(host, '.', &parent).n > 0 && parent.n > 0 &&
	       domain_same(slice_from(pattern, 2), parent);
}

bool
mtasts_matches(struct slice mx, struct slice host)
{
	if (slice_ends(host, SLICE(".")))
		host.n--;
	while (mx.n > 0)
		if (fits(slice_cut(mx, ' ', &mx), host))
			return true;
	return false;
}

/* SPDX-License-Identifier: ISC */
#include "conf/edit.h"

#include <stdlib.h>

#include "base/arena.h"
#include "conf/conf.h"
#include "conf/errors.h"
#include "conf/lex.h"

/* One edit under way: TEXT is copied to OUT up to AT. */
struct conf_edit {
	struct slice text;
	struct slice section;
	struct slice name;
	struct conf_items items;
	struct buf *out;
	size_t at;
};

static void
edit_begin(struct conf_edit *e, struct arena *a)
{
	const struct conf_text t = { "", e->text };
	struct conf_errors errors = { 0 };

	arena_init(a);
	conf_lex(&t, a, &e->items, &errors);
	conf_errors_fini(&errors); /* mistakes elsewhere are left alone */
}

static void
copy_to(struct conf_edit *e, size_t to)
{
	if (to > e->at)
		buf_add(e->out, slice_sub(e->text, e->at, to - e->at));
	e->at = to > e->at ? to : e->at;
}

/* Whole lines follow, so what was written so far must end in a newline. */
static void
end_line(struct conf_edit *e)
{
	if (e->out->n > 0 && e->out->p[e->out->n - 1] != '\n')
		buf_addc(e->out, '\n');
}

static void
put(struct conf_edit *e, struct slice value)
{
	end_line(e);
	buf_add(e->out, e->name);
	buf_adds(e->out, value.n > 0 ? " = " : " =");
	buf_add(e->out, value);
	buf_addc(e->out, '\n');
}

static struct slice
next_line(struct slice text, size_t at)
{
	const struct slice rest = slice_from(text, at);
	const size_t n = slice_find(rest, '\n');

	return slice_sub(rest, 0, n + (n < rest.n));
}

/* Leave item IT out, but keep the comment lines between its lines. */
static void
drop(struct conf_edit *e, const struct conf_item *it)
{
	struct slice line;

	copy_to(e, it->from);
	for (; e->at < it->to; e->at += line.n) {
		line = next_line(e->text, e->at);
		if (slice_starts(slice_trim(line), SLICE("#")))
			buf_add(e->out, line);
	}
}

static bool
is_ours(const struct conf_edit *e, const struct conf_item *it)
{
	return !it->header && slice_eq(it->section, e->section) &&
	       slice_eq(it->name, e->name);
}

/* Whether LINE is "#name = ...", a sample of our parameter. */
static bool
is_sample(const struct conf_edit *e, struct slice line)
{
	struct slice value;

	if (!slice_starts(line, SLICE("#")))
		return false;
	return slice_eq(
	    slice_trim(slice_cut(slice_from(line, 1), '=', &value)), e->name);
}

/* Where a parameter that is not there yet goes: behind its sample or behind
 * the last line of its section that is not blank. */
static size_t
new_place(const struct conf_edit *e, bool *found)
{
	size_t from = 0, to = e->text.n, place;
	struct slice line;

	*found = e->section.n == 0;
	for (size_t i = 0; i < e->items.n; i++) {
		const struct conf_item *it = &e->items.v[i];

		if (!it->header)
			continue;
		if (*found) {
			to = it->from;
			break;
		}
		if (slice_eq(it->section, e->section)) {
			*found = true;
			from = it->to;
		}
	}
	place = from;
	for (size_t at = from; at < to; at += line.n) {
		line = next_line(e->text, at);
		if (is_sample(e, line))
			return at + line.n;
		if (slice_trim(line).n > 0)
			place = at + line.n;
	}
	return place;
}

static void
put_new(struct conf_edit *e, struct slice value)
{
	bool found;
	const size_t place = new_place(e, &found);

	if (found) {
		copy_to(e, place);
		put(e, value);
		return;
	}
	copy_to(e, e->text.n);
	end_line(e);
	if (e->out->n > 0)
		buf_addc(e->out, '\n');
	buf_addc(e->out, '[');
	buf_add(e->out, e->section);
	buf_adds(e->out, "]\n");
	put(e, value);
}

void
conf_edit_set(struct slice text, struct slice section, struct slice name,
    struct slice value, struct buf *out)
{
	struct conf_edit e = {
		.text = text, .section = section, .name = name, .out = out
	};
	struct arena a;
	bool done = false;

	edit_begin(&e, &a);
	for (size_t i = 0; i < e.items.n; i++) {
		if (!is_ours(&e, &e.items.v[i]))
			continue;
		copy_to(&e, e.items.v[i].from);
		if (!done)
			put(&e, value);
		drop(&e, &e.items.v[i]);
		done = true;
	}
	if (!done)
		put_new(&e, value);
	copy_to(&e, text.n);
	free(e.items.v);
	arena_fini(&a);
}

/* Is nothing but our parameter set in our section? */
static bool
is_alone(const struct conf_edit *e)
{
	for (size_t i = 0; i < e->items.n; i++) {
		const struct conf_item *it = &e->items.v[i];

		if (!it->header && slice_eq(it->section, e->section) &&
		    !is_ours(e, it))
			return false;
	}
	return e->section.n > 0;
}

bool
conf_edit_unset(struct slice text, struct slice section, struct slice name,
    bool tidy, struct buf *out)
{
	struct conf_edit e = {
		.text = text, .section = section, .name = name, .out = out
	};
	struct arena a;
	bool found = false;

	edit_begin(&e, &a);
	tidy = tidy && is_alone(&e);
	for (size_t i = 0; i < e.items.n; i++) {
		const struct conf_item *it = &e.items.v[i];

		if (!is_ours(&e, it) &&
		    (!tidy || !it->header || !slice_eq(it->section, section)))
			continue;
		drop(&e, it);
		found = true;
	}
	copy_to(&e, text.n);
	free(e.items.v);
	arena_fini(&a);
	return found;
}

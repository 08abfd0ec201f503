/* SPDX-License-Identifier: ISC */
#include "maildir/keywords.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/must.h"

bool
keywords_byte(char c)
{
	return ascii_isprint(c) && strchr(" (){%*\"\\]", c) == NULL;
}

bool
keywords_next(struct slice *names, struct slice *name)
{
	do
		*name = slice_cut(*names, ' ', names);
	while (name->n == 0 && names->n > 0);
	return name->n > 0;
}

int
keywords_check(struct slice names, struct err *err)
{
	struct slice name;
	unsigned n = 0;

	while (keywords_next(&names, &name)) {
		bool ok = name.n <= KEYWORD_SIZE_MAX;

		for (size_t i = 0; i < name.n && ok; i++)
			ok = keywords_byte(name.p[i]);
		if (!ok)
			return err_set_code(
			    err, ERR_PERM, ERR_LIMIT, "invalid keyword");
		if (++n > KEYWORDS_PER_MESSAGE)
			return err_set_code(err, ERR_PERM, ERR_LIMIT,
			    "too many keywords for a message");
	}
	return 0;
}

void
keywords_fini(struct keyword_table *t)
{
	for (unsigned n = 0; n < t->size; n++)
		free(t->names[n]);
	xfree(&t->names);
	map_fini(&t->by_name);
	*t = (struct keyword_table){ 0 };
}

/* NAME as the map has it, into TEXT; one that is too long is in no table. */
static struct slice
folded(struct slice name, char text[KEYWORD_SIZE_MAX])
{
	if (name.n > KEYWORD_SIZE_MAX)
		name.n = 0;
	for (size_t i = 0; i < name.n; i++)
		text[i] = ascii_lower(name.p[i]);
	return slice_of(text, name.n);
}

int
keywords_find(const struct keyword_table *t, struct slice name)
{
	char text[KEYWORD_SIZE_MAX];
	const void *v = map_find(&t->by_name, folded(name, text));

	return (int)(uintptr_t)v - 1;
}

const char *
keywords_name(const struct keyword_table *t, unsigned n)
{
	return n < t->size ? t->names[n] : NULL;
}

/* Somebody else's table may give a name two numbers: another than N with NAME;
 * -1: there is none. */
static int
other_of(const struct keyword_table *t, unsigned n, struct slice name)
{
	for (unsigned i = 0; i < t->size; i++)
		if (i != n && t->names[i] != NULL &&
		    slice_ieq(slice_str(t->names[i]), name))
			return (int)i;
	return -1;
}

/* N has no name any more; if another number has it, the name is that one's. */
static void
forget(struct keyword_table *t, unsigned n)
{
	const struct slice name = slice_str(t->names[n]);
	char text[KEYWORD_SIZE_MAX];

	if (keywords_find(t, name) == (int)n) {
		const int other = other_of(t, n, name);

		if (other == -1)
			map_del(&t->by_name, folded(name, text));
		else
			map_put(&t->by_name, folded(name, text),
			    (void *)(uintptr_t)(other + 1));
	}
	xfree(&t->names[n]);
	t->used--;
}

static void
grow(struct keyword_table *t, unsigned n)
{
	const unsigned size = (n / 32 + 1) * 32;

	if (n < t->size)
		return;
	t->names = xreallocarray(t->names, size, sizeof *t->names);
	while (t->size < size)
		t->names[t->size++] = NULL;
}

void
keywords_set(struct keyword_table *t, unsigned n, const struct slice *name)
{
	char text[KEYWORD_SIZE_MAX];

	must(n < KEYWORDS_MAX);
	t->dirty = true;
	t->letters_dirty = t->letters_dirty || n < KEYWORD_LETTERS;
	t->modseq = 0;
	if (keywords_name(t, n) != NULL)
		forget(t, n);
	if (name == NULL)
		return;
	grow(t, n);
	t->names[n] = xslicedup(*name);
	t->used++;
	if (keywords_find(t, *name) == -1)
		map_put(&t->by_name, folded(*name, text),
		    (void *)(uintptr_t)(n + 1));
}

int
keywords_add(struct keyword_table *t, struct slice name, unsigned min)
{
	int n = keywords_find(t, name);

	for (unsigned i = min; n == -1 && i < KEYWORDS_MAX; i++)
		if (keywords_name(t, i) == NULL) {
			keywords_set(t, i, &name);
			n = (int)i;
		}
	return n;
}

void
keywords_all(const struct keyword_table *t, struct keyword_set *s)
{
	*s = (struct keyword_set){ 0 };
	for (unsigned n = 0; n < KEYWORDS_MAX; n++)
		if (keywords_name(t, n) != NULL)
			keyword_set_add(s, n);
}

uint32_t
keywords_letters(const struct keyword_table *t)
{
	uint32_t letters = 0;

	for (unsigned n = 0; n < KEYWORD_LETTERS; n++)
		if (keywords_name(t, n) != NULL)
			letters |= UINT32_C(1) << n;
	return letters;
}

void
keywords_parse(struct keyword_table *t, struct slice text, unsigned limit)
{
	while (text.n > 0) {
		char name[KEYWORD_SIZE_MAX];
		struct cur c = cur_of(slice_cut(text, '\n', &text));
		const uint64_t n = cur_u64(&c, limit - 1);
		struct slice rest;

		cur_lit(&c, " ");
		rest = cur_rest(&c);
		if (slice_ends(rest, SLICE("\r")))
			rest.n--;
		if (!cur_ok(&c) || rest.n == 0 || rest.n > sizeof name)
			continue;
		for (size_t i = 0; i < rest.n; i++)
			name[i] = '_';
		for (size_t i = 0; i < rest.n; i++)
			if (keywords_byte(rest.p[i]))
				name[i] = rest.p[i];
		rest.p = name;
		keywords_set(t, (unsigned)n, &rest);
	}
	t->dirty = t->letters_dirty = false;
}

void
keywords_format(const struct keyword_table *t, struct buf *out, unsigned limit)
{
	for (unsigned n = 0; n < limit; n++)
		if (keywords_name(t, n) != NULL)
			buf_addf(out, "%u %s\n", n, t->names[n]);
}

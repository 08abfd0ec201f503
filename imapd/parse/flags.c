/* SPDX-License-Identifier: ISC */
#include "imapd/parse/flags.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/parse.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"

/* As long as a command. */
enum { KEYWORDS_TEXT = 8 << 20 };

/* clang-format off */
static const struct {
	const char *name;
	unsigned flag;
} names[] = {
	{ "\\Answered", MSG_ANSWERED },
	{ "\\Flagged",  MSG_FLAGGED },
	{ "\\Deleted",  MSG_DELETED },
	{ "\\Seen",     MSG_SEEN },
	{ "\\Draft",    MSG_DRAFT },
};
/* clang-format on */

unsigned
flags_find(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(name, names[i].name))
			return names[i].flag;
	return 0;
}

/* flag: "\" atom / atom */
static void
read_flag(struct parse *p, unsigned *flags, struct buf *keywords)
{
	const char *from = p->c.p;
	const bool system = cur_try_byte(&p->c, '\\');
	const struct slice atom = parse_atom(p);
	struct slice name;

	if (!parse_ok(p))
		return;
	name = slice_of(from, (size_t)(p->c.p - from));
	if (!system) {
		buf_addf(keywords, "%.*s ", SLICE_FMT(atom));
		return;
	}
	*flags |= flags_find(name);
	if (flags_find(name) == 0)
		parse_fail(p, "flag cannot be set");
}

struct flag_names
flags_parse(struct parse *p, bool bare)
{
	struct flag_names f = { 0 };
	const bool list = parse_try_open(p);
	struct buf keywords;

	if (!list && !bare)
		parse_fail(p, "expected a list of flags");
	if (!parse_ok(p) || (list && parse_try_close(p)))
		return f;
	buf_init(&keywords, KEYWORDS_TEXT);
	do
		read_flag(p, &f.flags, &keywords);
	while (parse_ok(p) && (list ? parse_next(p) : parse_try_space(p)));
	if (keywords.failed)
		parse_fail(p, "too many keywords");
	f.keywords = arena_slice(p->arena, buf_slice(&keywords));
	buf_fini(&keywords);
	return f;
}

static void
put_word(struct buf *out, size_t start, struct slice word)
{
	if (out->n > start)
		buf_addc(out, ' ');
	buf_add(out, word);
}

void
flags_put(struct buf *out, unsigned flags, bool recent,
    const struct keyword_set *keywords, const struct keyword_table *t)
{
	const size_t start = out->n;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if ((flags & names[i].flag) != 0)
			put_word(out, start, slice_str(names[i].name));
	if (recent)
		put_word(out, start, SLICE("\\Recent"));
	if (t->used == 0)
		return;
	for (unsigned n = 0; (n = keyword_set_next(keywords, n)) < KEYWORDS_MAX;
	     n++)
		if (keywords_name(t, n) != NULL)
			put_word(out, start, slice_str(keywords_name(t, n)));
}

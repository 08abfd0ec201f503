/* SPDX-License-Identifier: ISC */
#include "imapd/flags.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse.h"
#include "store/message.h"

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
read_flag(struct parse *p, struct flag_names *f)
{
	const char *from = p->c.p;
	const bool system = cur_try_byte(&p->c, '\\');
	const struct slice atom = parse_atom(p);
	struct slice name;

	if (!parse_ok(p))
		return;
	name = slice_of(from, (size_t)(p->c.p - from));
	if (!system) {
		f->keywords[f->nkeywords++] = atom;
		return;
	}
	f->flags |= flags_find(name);
	if (flags_find(name) == 0)
		parse_fail(p, "a flag that can be set");
}

struct flag_names
flags_parse(struct parse *p, bool bare)
{
	const struct slice rest = cur_rest(&p->c);
	struct flag_names f = { 0 };
	const bool list = parse_try_open(p);
	size_t max = 1;

	if (!list && !bare)
		parse_fail(p, "a list of flags");
	if (!parse_ok(p) || (list && parse_try_close(p)))
		return f;
	for (size_t i = 0; i < rest.n && rest.p[i] != '\r'; i++)
		max += rest.p[i] == ' ';
	f.keywords = arena_alloc(p->arena, max * sizeof *f.keywords);
	do
		read_flag(p, &f);
	while (parse_ok(p) && (list ? parse_next(p) : parse_try_space(p)));
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
flags_put(struct buf *out, unsigned flags, uint32_t keywords, bool recent,
    struct mailbox *m)
{
	const size_t start = out->n;
	struct buf name;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if ((flags & names[i].flag) != 0)
			put_word(out, start, slice_str(names[i].name));
	if (recent)
		put_word(out, start, SLICE("\\Recent"));
	if (keywords == 0)
		return;
	buf_init(&name, 256);
	for (unsigned n = 0; n < MAILBOX_KEYWORDS; n++) {
		buf_reset(&name);
		if ((keywords >> n & 1) != 0 &&
		    mailbox_keyword_name(m, n, &name))
			put_word(out, start, buf_slice(&name));
	}
	buf_fini(&name);
}

uint32_t
flags_all_keywords(struct mailbox *m)
{
	uint32_t all = 0;
	struct buf name;

	buf_init(&name, 256);
	for (unsigned n = 0; n < MAILBOX_KEYWORDS; n++) {
		buf_reset(&name);
		if (mailbox_keyword_name(m, n, &name))
			all |= 1u << n;
	}
	buf_fini(&name);
	return all;
}

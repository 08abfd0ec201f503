/* SPDX-License-Identifier: ISC */
#include "imapd/parse/special.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/parse.h"
#include "maildir/special.h"

/* clang-format off */
static const struct {
	const char *name;
	unsigned special;
} names[] = {
	{ "\\Drafts",    MAILBOX_DRAFTS },
	{ "\\Sent",      MAILBOX_SENT },
	{ "\\Junk",      MAILBOX_JUNK },
	{ "\\Trash",     MAILBOX_TRASH },
	{ "\\Archive",   MAILBOX_ARCHIVE },
	{ "\\Flagged",   MAILBOX_FLAGGED },
	{ "\\Important", MAILBOX_IMPORTANT },
};
/* clang-format on */

unsigned
special_parse(struct parse *p)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (parse_try_word(p, names[i].name))
			return names[i].special;
	if (!cur_try_byte(&p->c, '\\'))
		parse_fail(p, "expected a special-use attribute");
	(void)parse_atom(p);
	return SPECIAL_UNKNOWN;
}

void
special_put(struct buf *out, unsigned special)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if ((special & names[i].special) != 0)
			buf_addf(out, " %s", names[i].name);
}

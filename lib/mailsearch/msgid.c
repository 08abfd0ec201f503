/* SPDX-License-Identifier: ISC */
#include "mailsearch/msgid.h"

#include "base/buf.h"
#include "base/cur.h"

static void
read_quoted(struct cur *c, struct buf *text)
{
	while (cur_left(c) > 0 && !cur_try_byte(c, '"')) {
		cur_try_byte(c, '\\');
		if (cur_left(c) > 0)
			buf_addc(text, (char)cur_byte(c));
	}
}

static void
skip_comment(struct cur *c)
{
	unsigned depth = 1;

	while (depth > 0 && cur_left(c) > 0) {
		const int b = cur_byte(c);

		if (b == '\\' && cur_left(c) > 0)
			(void)cur_byte(c);
		else if (b == '(')
			depth++;
		else if (b == ')')
			depth--;
	}
}

/* Behind "<".  False: what is there up to where it ended is none; "<" ends it
 * too, and is not read. */
static bool
read_id(struct cur *c, struct buf *text)
{
	size_t at = 0; /* where the last "@" stands, from 1 */

	buf_reset(text);
	while (cur_left(c) > 0 && cur_peek(c) != '<') {
		const int b = cur_byte(c);

		switch (b) {
		case '>':
			return at > 1 && text->n > at && text->n <= MSGID_MAX;
		case '"':
			read_quoted(c, text);
			break;
		case '(':
			skip_comment(c);
			break;
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			break;
		default:
			buf_addc(text, (char)b);
			if (b == '@')
				at = text->n;
		}
	}
	return false;
}

bool
msgid_next(struct slice *value, struct buf *text)
{
	struct cur c = cur_of(*value);
	bool found = false;

	while (!found && cur_left(&c) > 0) {
		const int b = cur_byte(&c);

		if (b == '<')
			found = read_id(&c, text);
		else if (b == '(')
			skip_comment(&c);
	}
	*value = cur_rest(&c);
	return found;
}

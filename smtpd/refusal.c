/* SPDX-License-Identifier: ISC */
#include "smtpd/refusal.h"

#include "base/arena.h"
#include "base/buf.h"
#include "queue/refusal.h"

enum { LINE_BYTES = 400 /* of 512 (RFC 5321 4.5.3.1.5) */ };

/* How many bytes of LINE go on one line: up to a blank, or a character. */
static size_t
fits(struct slice line)
{
	size_t n = slice_rfind(slice_sub(line, 0, LINE_BYTES), ' ');

	if (line.n <= LINE_BYTES)
		return line.n;
	if (n > 0 && n < LINE_BYTES)
		return n;
	for (n = LINE_BYTES; n > 1 && ((unsigned char)line.p[n] & 0xc0) == 0x80;
	     n--)
		;
	return n;
}

static void
put(struct buf *out, struct slice line, bool utf8)
{
	for (size_t i = 0; i < line.n; i++) {
		const unsigned char c = (unsigned char)line.p[i];

		if (c < ' ' || c == 0x7f)
			buf_addc(out, ' ');
		else
			buf_addc(out, c >= 0x80 && !utf8 ? '?' : line.p[i]);
	}
}

/* LINE on as many lines as it takes. */
static void
put_line(struct buf *out, struct slice line, bool utf8)
{
	do {
		const struct slice piece = slice_sub(line, 0, fits(line));

		put(out, piece, utf8);
		line = slice_from(line, piece.n);
		if (line.n > 0)
			buf_addc(out, '\n');
	} while (line.n > 0);
}

bool
smtpd_refusal_reply(struct slice refused, uint32_t number, struct slice prefix,
    bool utf8, struct buf *out)
{
	struct arena arena;
	struct slice text;
	bool found;

	arena_init(&arena);
	found = refusal_find(refused, number, &arena, &text);
	if (found) {
		buf_adds(out, "550 5.7.1 ");
		buf_add(out, prefix);
		text = slice_trim(text);
		put_line(out, slice_chomp(slice_cut(text, '\n', &text)), utf8);
	}
	while (found && text.n > 0) {
		buf_addc(out, '\n');
		put_line(out, slice_chomp(slice_cut(text, '\n', &text)), utf8);
	}
	arena_fini(&arena);
	return found;
}

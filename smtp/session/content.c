/* SPDX-License-Identifier: ISC */
#include "smtp/session/content.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "mime/downgrade.h"
#include "mime/sevenbit.h"
#include "smtp/session/text.h"

enum { STEP_BYTES = 1 << 20 };

struct smtp_content *
smtp_content_new(const struct smtp_text *text, bool binary)
{
	struct smtp_content *c = xcalloc(1, sizeof *c);

	c->text = text;
	c->binary = binary;
	c->line_start = true;
	smtp_lines_init(&c->lines, false);
	return c;
}

void
smtp_content_free(struct smtp_content **c)
{
	if (*c == NULL)
		return;
	downgrade_free(&(*c)->downgrade);
	xfree(c);
}

bool
smtp_content_unfit(const struct smtp_content *c, unsigned takes)
{
	if (c->binary)
		return (takes & SMTP_TAKES_BINARY) == 0;
	return c->long_line || (c->eightbit && (takes & SMTP_TAKES_8BIT) == 0);
}

/* ---- the first pass ---- */

/* Where the header ends in IN, or IN.n: an empty line, LF or CRLF. */
static size_t
header_end(struct smtp_content *c, struct slice in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n') {
			if (c->line_start)
				return i;
			c->line_start = true;
		} else if (in.p[i] != '\r') {
			c->line_start = false;
		}
	}
	return in.n;
}

/* As they will go out, where a CR ends a line as well. */
static void
scan_lines(struct smtp_content *c, struct slice in)
{
	while (in.n > 0) {
		const size_t n = slice_find(in, '\n');
		const size_t cr = c->column + n > SEVENBIT_LINE_MAX
				      ? slice_find(slice_sub(in, 0, n), '\r')
				      : n;

		c->column += cr;
		c->long_line |= c->column > SEVENBIT_LINE_MAX;
		if (cr < in.n)
			c->column = 0;
		in = slice_from(in, cr + 1);
	}
}

static void
scan(struct smtp_content *c, struct slice in)
{
	const bool eightbit = sevenbit_is_8bit(in);

	c->eightbit |= eightbit;
	if (!c->long_line)
		scan_lines(c, in);
	if (!c->in_body) {
		const size_t head = header_end(c, in);

		c->in_body = head < in.n;
		c->eightbit_header |=
		    eightbit && sevenbit_is_8bit(slice_sub(in, 0, head));
	}
}

/* ---- the second and the third ---- */

static void
convert(struct smtp_content *c, struct slice in)
{
	if (c->pass == SMTP_CONTENT_READ)
		downgrade_read(c->downgrade, in);
	else
		downgrade_measure(c->downgrade, in);
}

static void
convert_lines(struct smtp_content *c, struct slice in, bool last)
{
	struct buf plain;

	buf_init(&plain, 2 * in.n + 2);
	smtp_lines_feed(&c->lines, in, &plain);
	if (last)
		smtp_lines_end(&c->lines, &plain);
	convert(c, buf_slice(&plain));
	buf_fini(&plain);
}

static void
begin_conversion(struct smtp_content *c)
{
	c->downgrade = downgrade_new();
	if (c->binary)
		downgrade_set_binary(c->downgrade);
}

static void
end_pass(struct smtp_content *c)
{
	if (c->pass == SMTP_CONTENT_SCAN)
		begin_conversion(c);
	else if (c->pass == SMTP_CONTENT_READ)
		downgrade_read_end(c->downgrade);
	smtp_lines_init(&c->lines, false);
	c->at = 0;
	c->pass++;
}

static int
read_piece(struct smtp_content *c, struct err *err)
{
	char room[SMTP_BODY_PIECE];
	struct slice piece;

	if (smtp_text_read(c->text, c->at, room, &piece, err) == -1)
		return -1;
	c->at += (int64_t)piece.n;
	if (c->pass == SMTP_CONTENT_SCAN)
		scan(c, piece);
	else if (c->binary)
		convert(c, piece);
	else
		convert_lines(c, piece, c->at == c->text->size);
	return 0;
}

int
smtp_content_step(struct smtp_content *c, unsigned takes, struct err *err)
{
	for (int64_t done = 0; done < STEP_BYTES; done += SMTP_BODY_PIECE) {
		if (c->scanned && (c->pass == SMTP_CONTENT_READY ||
				      !smtp_content_unfit(c, takes)))
			return 1;
		if (c->at < c->text->size && read_piece(c, err) == -1)
			return -1;
		if (c->at < c->text->size)
			continue;
		if (c->pass != SMTP_CONTENT_SCAN || c->scanned)
			end_pass(c);
		c->scanned = true;
	}
	return 0;
}

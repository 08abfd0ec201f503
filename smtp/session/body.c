/* SPDX-License-Identifier: ISC */
#include "smtp/session/body.h"

#include <string.h>

#include "base/crc32c.h"
#include "mime/downgrade.h"
#include "smtp/session/text.h"

/* ---- lines ---- */

void
smtp_lines_init(struct smtp_lines *l, bool dots)
{
	*l = (struct smtp_lines){ .line_start = true, .dots = dots };
}

static void
end_line(struct smtp_lines *l, struct buf *out)
{
	buf_add(out, SLICE("\r\n"));
	l->line_start = true;
	l->after_cr = false;
}

/* Bytes up to the next CR or LF. */
static size_t
run_length(struct slice in)
{
	const char *lf = memchr(in.p, '\n', in.n);
	const size_t n = lf != NULL ? (size_t)(lf - in.p) : in.n;
	const char *cr = memchr(in.p, '\r', n);

	return cr != NULL ? (size_t)(cr - in.p) : n;
}

void
smtp_lines_feed(struct smtp_lines *l, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		size_t n;

		if (*in.p == '\n') {
			end_line(l, out);
			in = slice_from(in, 1);
			continue;
		}
		/* The CR before stood alone. */
		if (l->after_cr)
			end_line(l, out);
		if (*in.p == '\r') {
			l->after_cr = true;
			in = slice_from(in, 1);
			continue;
		}
		if (l->dots && l->line_start && *in.p == '.')
			buf_addc(out, '.');
		l->line_start = false;
		n = run_length(in);
		buf_add(out, slice_sub(in, 0, n));
		in = slice_from(in, n);
	}
}

void
smtp_lines_end(struct smtp_lines *l, struct buf *out)
{
	if (l->after_cr || !l->line_start)
		end_line(l, out);
}

/* ---- the message ---- */

void
smtp_body_init(struct smtp_body *b, const struct smtp_text *text, uint32_t crc,
    struct downgrade *downgrade, bool binary)
{
	*b = (struct smtp_body){
		.text = text,
		.want_crc32c = crc,
		.downgrade = downgrade,
		.binary = binary,
		.chunk = binary && downgrade == NULL,
	};
	smtp_lines_init(&b->lines, true);
	smtp_lines_init(&b->plain, false);
}

static void
convert(struct smtp_body *b, struct slice in, bool last, struct buf *out)
{
	struct buf plain, text;

	buf_init(&plain, 2 * SMTP_BODY_PIECE + 2);
	buf_init(&text, SIZE_MAX / 2);
	if (!b->binary) {
		smtp_lines_feed(&b->plain, in, &plain);
		if (last)
			smtp_lines_end(&b->plain, &plain);
		in = buf_slice(&plain);
	}
	downgrade_write(b->downgrade, in, &text);
	smtp_lines_feed(&b->lines, buf_slice(&text), out);
	buf_fini(&plain);
	buf_fini(&text);
}

enum smtp_body_end
smtp_body_next(struct smtp_body *b, struct buf *out, struct err *err)
{
	char room[SMTP_BODY_PIECE];
	struct slice in;

	if (smtp_text_read(b->text, b->at, room, &in, err) == -1)
		return SMTP_BODY_ERROR;
	if (in.n > 0) {
		if ((uint64_t)b->at >= b->text->front.n)
			b->crc32c = crc32c(b->crc32c, in);
		b->at += (int64_t)in.n;
		if (b->downgrade != NULL)
			convert(b, in, b->at == b->text->size, out);
		else if (b->chunk)
			buf_add(out, in);
		else
			smtp_lines_feed(&b->lines, in, out);
	}
	if (b->at < b->text->size)
		return SMTP_BODY_MORE;
	if (b->crc32c != b->want_crc32c)
		return SMTP_BODY_DAMAGED;
	if (b->chunk)
		return SMTP_BODY_DONE;
	smtp_lines_end(&b->lines, out);
	buf_add(out, SLICE(".\r\n"));
	return SMTP_BODY_DONE;
}

/* SPDX-License-Identifier: ISC */
#include "ctl/out.h"

#include <stdio.h>

#include "base/must.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 1 << 20 };

void
out_json(struct buf *b, struct slice s)
{
	buf_addc(b, '"');
	while (s.n > 0) {
		const unsigned char c = (unsigned char)s.p[0];
		size_t n = 1;

		if (c == '"' || c == '\\') {
			buf_addc(b, '\\');
			buf_addc(b, (char)c);
		} else if (c < 0x20 || c == 0x7f) {
			buf_addf(b, "\\u%04x", c);
		} else if (c < 0x80) {
			buf_addc(b, (char)c);
		} else if (utf8_len(s) > 0) {
			n = utf8_len(s);
			buf_add(b, slice_sub(s, 0, n));
		} else {
			buf_adds(b, "\xef\xbf\xbd");
		}
		s = slice_from(s, n);
	}
	buf_addc(b, '"');
}

void
out_plain(struct buf *b, struct slice s)
{
	const bool utf8 = utf8_valid(s);

	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		buf_addc(b, c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)
				? '?'
				: (char)c);
	}
}

static void
send_line(struct out *o)
{
	if (!o->json)
		while (o->line.n > 0 && o->line.p[o->line.n - 1] == ' ')
			buf_truncate(&o->line, o->line.n - 1);
	buf_addc(&o->line, '\n');
	fwrite(o->line.p, 1, o->line.n, stdout);
	buf_reset(&o->line);
}

static void
add_padded(struct out *o, struct slice text, int width)
{
	const size_t want = (size_t)(width < 0 ? -width : width);
	const size_t pad = want > text.n ? want - text.n : 0;

	for (size_t i = 0; width < 0 && i < pad; i++)
		buf_addc(&o->line, ' ');
	out_plain(&o->line, text);
	for (size_t i = 0; width > 0 && i < pad; i++)
		buf_addc(&o->line, ' ');
	buf_adds(&o->line, "  ");
}

static void
add_heading(struct out *o)
{
	for (size_t i = 0; i < o->ncols; i++) {
		char title[32];
		size_t n = 0;

		for (const char *c = o->cols[i].key;
		     *c != '\0' && n < sizeof title; c++)
			title[n++] = *c == '_' ? '-' : ascii_upper(*c);
		add_padded(o, slice_of(title, n), o->cols[i].width);
	}
	send_line(o);
}

void
out_begin(struct out *o, bool json, const struct out_col *cols, size_t ncols)
{
	*o = (struct out){ .cols = cols, .ncols = ncols, .json = json };
	buf_init(&o->line, LINE_MAX_BYTES);
}

/* TEXT is for people, or is JSON already. */
static void
cell(struct out *o, struct slice text)
{
	must(o->ncols > 0);
	if (o->at == 0 && o->json)
		buf_adds(&o->line, o->rows == 0 ? "[{" : ",{");
	if (o->at == 0 && !o->json && o->rows == 0)
		add_heading(o);
	if (o->json) {
		buf_addf(&o->line, "%s\"%s\":", o->at > 0 ? "," : "",
		    o->cols[o->at].key);
		buf_add(&o->line, text);
	} else {
		add_padded(o, text, o->cols[o->at].width);
	}
	if (++o->at < o->ncols)
		return;
	if (o->json)
		buf_addc(&o->line, '}');
	send_line(o);
	o->at = 0;
	o->rows++;
}

void
out_str(struct out *o, struct slice s)
{
	struct buf b;

	if (!o->json) {
		cell(o, s);
		return;
	}
	buf_init(&b, LINE_MAX_BYTES);
	out_json(&b, s);
	cell(o, buf_slice(&b));
	buf_fini(&b);
}

void
out_num(struct out *o, int64_t v)
{
	char text[24];
	const int n = snprintf(text, sizeof text, "%lld", (long long)v);

	cell(o, slice_of(text, (size_t)n));
}

void
out_bool(struct out *o, bool v)
{
	if (o->json)
		cell(o, slice_str(v ? "true" : "false"));
	else
		cell(o, slice_str(v ? "yes" : "no"));
}

void
out_none(struct out *o)
{
	cell(o, slice_str(o->json ? "null" : "-"));
}

void
out_end(struct out *o)
{
	must(o->at == 0);
	if (o->json)
		puts(o->rows == 0 ? "[]" : "]");
	buf_fini(&o->line);
}

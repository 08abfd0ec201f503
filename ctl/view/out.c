/* SPDX-License-Identifier: ISC */
#include "ctl/view/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/json.h"
#include "base/must.h"
#include "base/utf8.h"
#include "conf/value.h"
#include "table/account.h"

enum { LINE_MAX_BYTES = 1 << 20 };

void
out_json(struct buf *b, struct slice s)
{
	json_put(b, s);
}

/* Without the characters of KEEP. */
static void
add_plain(struct buf *b, struct slice s, const char *keep)
{
	while (s.n > 0) {
		const size_t n = utf8_len(s);

		if (n == 1 && strchr(keep, s.p[0]) != NULL && s.p[0] != '\0')
			buf_addc(b, s.p[0]);
		else if (n == 0 || utf8_is_control(utf8_code(s)))
			buf_addc(b, '?');
		else
			buf_add(b, slice_sub(s, 0, n));
		s = slice_from(s, n > 0 ? n : 1);
	}
}

void
out_plain(struct buf *b, struct slice s)
{
	add_plain(b, s, "");
}

void
out_text(FILE *f, struct slice s)
{
	while (s.n > 0) {
		struct buf b = { .max = LINE_MAX_BYTES };
		const size_t end = slice_find(s, '\n');
		const size_t n = end < s.n ? end + 1 : s.n;
		struct slice line = slice_sub(s, 0, n < 65536 ? n : 65536);

		s = slice_from(s, line.n);
		if (slice_ends(line, SLICE("\r\n"))) {
			add_plain(&b, slice_sub(line, 0, line.n - 2), "\t");
			buf_addc(&b, '\n');
		} else {
			add_plain(&b, line, "\t\n");
		}
		fwrite(b.p, 1, b.n, f);
		buf_fini(&b);
	}
}

void
out_vprintf(FILE *f, const char *fmt, va_list ap)
{
	char *text = NULL;
	const int n = vasprintf(&text, fmt, ap);

	if (n > 0)
		out_text(f, slice_of(text, (size_t)n));
	free(text);
}

void
out_printf(FILE *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out_vprintf(f, fmt, ap);
	va_end(ap);
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
out_quota(struct out *o, const struct account_entry *a)
{
	struct buf bytes = { .max = 64 };

	if (a == NULL || !a->has_quota) {
		out_none(o);
		out_none(o);
		return;
	}
	if (o->json) {
		out_num(o, (int64_t)a->quota_bytes);
	} else {
		conf_format_size((int64_t)a->quota_bytes, &bytes);
		out_str(o, buf_slice(&bytes));
	}
	out_num(o, (int64_t)a->quota_messages);
	buf_fini(&bytes);
}

void
out_end(struct out *o)
{
	out_end_or(o, NULL);
}

void
out_end_or(struct out *o, const char *none)
{
	must(o->at == 0);
	if (o->json)
		puts(o->rows == 0 ? "[]" : "]");
	else if (o->rows == 0 && none != NULL)
		puts(none);
	buf_fini(&o->line);
}

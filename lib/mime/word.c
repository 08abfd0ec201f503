/* SPDX-License-Identifier: ISC */
#include "mime/word.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/transfer.h"

/* RFC 2047 allows 75; senders do not keep to it.  A limit keeps the search
 * for the end of what only looks like a word from taking square time. */
enum { WORD_MAX = 1000 };

struct word {
	struct slice charset;
	char encoding; /* 'b' or 'q' */
	struct slice text;
};

/* Words of one charset whose bytes wait to be converted together. */
struct word_run {
	struct slice charset;
	struct buf bytes;
};

/* "=?" charset ["*" language] "?" encoding "?" text "?=" */
static bool
read_word(struct cur *c, struct word *w)
{
	const struct slice near = slice_sub(cur_rest(c), 0, WORD_MAX);
	struct cur in = cur_of(near);
	size_t end;

	if (!cur_try(&in, "=?"))
		return false;
	w->charset = cur_until(&in, '?');
	w->charset = slice_sub(w->charset, 0, slice_find(w->charset, '*'));
	w->encoding = ascii_lower((char)cur_byte(&in));
	cur_lit(&in, "?");
	if (!cur_ok(&in) || w->charset.n == 0 ||
	    (w->encoding != 'b' && w->encoding != 'q'))
		return false;
	end = slice_search(cur_rest(&in), SLICE("?="));
	if (end == cur_left(&in))
		return false;
	w->text = cur_take(&in, end);
	if (slice_find(w->text, '\n') < w->text.n)
		return false;
	c->p = in.p + 2;
	return true;
}

void
word_unescape(struct buf *out, struct slice s, char esc)
{
	for (size_t i = 0; i < s.n; i++) {
		const int hi = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		const int lo = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] == esc && hi >= 0 && lo >= 0) {
			buf_addc(out, (char)(hi * 16 + lo));
			i += 2;
		} else {
			buf_addc(out, s.p[i]);
		}
	}
}

static void
decode_q(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		const size_t n = slice_find(slice_from(text, i), '_');

		word_unescape(out, slice_sub(text, i, n), '=');
		i += n;
		if (i < text.n)
			buf_addc(out, ' ');
	}
}

static void
flush_run(struct word_run *r, struct buf *out)
{
	if (r->bytes.n > 0)
		charset_to_utf8(out, r->charset, buf_slice(&r->bytes));
	buf_reset(&r->bytes);
}

static void
add_word(struct word_run *r, const struct word *w, struct buf *out)
{
	struct transfer t;

	if (!slice_ieq(r->charset, w->charset))
		flush_run(r, out);
	r->charset = w->charset;
	if (w->encoding == 'q') {
		decode_q(&r->bytes, w->text);
		return;
	}
	transfer_init(&t, TRANSFER_BASE64);
	transfer_feed(&t, w->text, &r->bytes);
	transfer_finish(&t, &r->bytes);
}

/* ISO 2022 in seven bits: behind ESC or SO. */
static bool
is_shifted(struct slice line, struct slice charset)
{
	return slice_istarts(charset, SLICE("iso-2022-")) &&
	       (slice_find(line, '\x1b') < line.n ||
		   slice_find(line, '\x0e') < line.n);
}

static void
add_line(struct slice line, struct slice charset, struct buf *out)
{
	const bool shifted = is_shifted(line, charset);
	struct charset *cs = NULL;

	if (utf8_ascii(line) == line.n && !shifted) {
		buf_add(out, line);
		return;
	}
	if (charset.n > 0 && (shifted || !utf8_valid(line)))
		cs = charset_open(charset);
	if (cs == NULL)
		cs = charset_guess();
	charset_feed(cs, line, out);
	charset_finish(cs, out);
	charset_close(&cs);
}

/* Text between words: line ends go. */
static void
add_plain(struct slice s, struct slice charset, struct buf *out)
{
	while (s.n > 0) {
		struct slice rest;
		struct slice line = slice_cut(s, '\n', &rest);

		if (line.n < s.n && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		add_line(line, charset, out);
		s = rest;
	}
}

/* Decode word after word as long as nothing but white space is between. */
static void
decode_run(struct cur *c, struct word *w, struct buf *out)
{
	struct word_run r = { .charset = w->charset };

	buf_init(&r.bytes, cur_left(c) + WORD_MAX);
	for (;;) {
		struct cur probe;

		add_word(&r, w, out);
		probe = *c;
		cur_while(&probe, ascii_isspace);
		if (!read_word(&probe, w))
			break;
		*c = probe;
	}
	flush_run(&r, out);
	buf_fini(&r.bytes);
}

void
word_decode(struct buf *out, struct slice value)
{
	word_decode_in(out, value, (struct slice){ NULL, 0 });
}

void
word_decode_in(struct buf *out, struct slice value, struct slice charset)
{
	struct cur c = cur_of(value);
	const char *plain = c.p;

	while (cur_left(&c) > 0 && !out->failed) {
		const struct slice rest = cur_rest(&c);
		const size_t at = slice_search(rest, SLICE("=?"));
		struct word w;

		c.p += at;
		if (at == rest.n)
			break;
		if (!read_word(&c, &w)) {
			c.p += 2;
			continue;
		}
		add_plain(slice_of(plain, (size_t)(rest.p + at - plain)),
		    charset, out);
		decode_run(&c, &w, out);
		plain = c.p;
	}
	if (plain != NULL)
		add_plain(
		    slice_of(plain, (size_t)(c.end - plain)), charset, out);
}

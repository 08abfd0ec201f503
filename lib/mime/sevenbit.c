/* SPDX-License-Identifier: ISC */
#include "mime/sevenbit.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mime/encode.h"
#include "mime/header.h"

enum {
	FOLD_AT = 76,
	CUT_AT = SEVENBIT_LINE_MAX - 3, /* not within a UTF-8 character */
	PARAM_VALUE_MAX = 240,          /* in %XX it still fits a line */
};

bool
sevenbit_is_8bit(struct slice s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return (all & 0x80) != 0;
}

void
sevenbit_text(struct buf *out, struct slice text, bool ascii, size_t *column)
{
	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];

		if (c == '\r' || c == '\n') {
			*column = 0;
		} else if (++*column > SEVENBIT_LINE_MAX ||
			   (*column > CUT_AT && (c & 0xc0) != 0x80)) {
			buf_adds(out, "\r\n ");
			*column = 2;
		}
		buf_addc(out, ascii && (c & 0x80) != 0 ? '?' : c);
	}
}

/* ---- pieces of a value ---- */

static void
add_safe(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, (s.p[i] & 0x80) != 0 ? '?' : s.p[i]);
}

/* Text whose words are 8-bit from FIRST to END: those become encoded words,
 * with the blanks between them. */
static void
add_words(struct buf *out, struct slice text)
{
	size_t first = 0, end = text.n;

	if (!sevenbit_is_8bit(text)) {
		buf_add(out, text);
		return;
	}
	for (size_t i = 0; (text.p[i] & 0x80) == 0; i++)
		if (text.p[i] == ' ' || text.p[i] == '\t')
			first = i + 1;
	for (size_t i = text.n; (text.p[i - 1] & 0x80) == 0; i--)
		if (text.p[i - 1] == ' ' || text.p[i - 1] == '\t')
			end = i - 1;
	buf_add(out, slice_sub(text, 0, first));
	encode_words(out, slice_sub(text, first, end - first));
	buf_add(out, slice_from(text, end));
}

/* Without the backslashes of quoted pairs. */
static void
unquote(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		buf_addc(out, s.p[i]);
	}
}

/* Bytes of S (which begins with OPEN) to the CLOSE that belongs to it; all of
 * it when there is none. */
static size_t
enclosed(struct slice s, char open, char close)
{
	size_t depth = 1;

	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == close && --depth == 0)
			return i + 1;
		else if (s.p[i] == open)
			depth++;
	}
	return s.n;
}

/* ---- phrases and addresses (RFC 5322 3.4, RFC 2047 5) ---- */

/* "name" as encoded words, which may not stand in quotes. */
static void
add_quoted(struct buf *out, struct slice s)
{
	struct buf plain;

	buf_init(&plain, s.n);
	unquote(&plain, slice_sub(s, 1, s.n - 2));
	encode_words(out, buf_slice(&plain));
	buf_fini(&plain);
}

static void
add_comment(struct buf *out, struct slice s)
{
	const struct slice inside = slice_sub(s, 1, s.n - 2);

	if (slice_find(inside, '(') < inside.n ||
	    slice_find(inside, '\\') < inside.n) {
		add_safe(out, s);
		return;
	}
	buf_addc(out, '(');
	add_words(out, inside);
	buf_addc(out, ')');
}

static bool
is_phrase(char c)
{
	static const struct slice specials = SLICE("\"(<,;:");

	return slice_find(specials, c) == specials.n;
}

/* Words up to a special: a name, or an address without angle brackets. */
static void
add_phrase(struct buf *out, struct slice s)
{
	if (slice_find(s, '@') < s.n)
		add_safe(out, s);
	else
		add_words(out, s);
}

static void
add_addresses(struct buf *out, struct slice s)
{
	while (s.n > 0) {
		size_t n = 1;
		struct slice part;

		if (*s.p == '"')
			n = enclosed(s, '"', '"');
		else if (*s.p == '(')
			n = enclosed(s, '(', ')');
		else if (*s.p == '<')
			n = enclosed(s, '<', '>');
		else
			while (n < s.n && is_phrase(s.p[n]) && is_phrase(*s.p))
				n++;
		part = slice_sub(s, 0, n);
		s = slice_from(s, n);
		if (!sevenbit_is_8bit(part))
			buf_add(out, part);
		else if (slice_ends(part, SLICE("\"")) && *part.p == '"')
			add_quoted(out, part);
		else if (slice_ends(part, SLICE(")")) && *part.p == '(')
			add_comment(out, part);
		else if (*part.p == '<')
			add_safe(out, part);
		else
			add_phrase(out, part);
	}
}

/* ---- parameters (RFC 2231) ---- */

static bool
is_attr(char c)
{
	static const struct slice others = SLICE("-._~!#$&+^`{}|");

	return ascii_isalnum(c) || slice_find(others, c) < others.n;
}

static void
add_percent(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_attr(s.p[i]))
			buf_addc(out, s.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
	}
}

/* NAME=VALUE as it stands, blanks around it.  The boundary is also in the
 * body, where it becomes '?'. */
static void
add_param(struct buf *out, struct slice s)
{
	struct slice value, name = slice_cut(s, '=', &value);
	struct buf plain;

	value = slice_trim(value);
	buf_init(&plain, value.n);
	if (value.n >= 2 && *value.p == '"')
		unquote(&plain, slice_sub(value, 1, value.n - 2));
	else
		buf_add(&plain, value);
	if (sevenbit_is_8bit(name) || slice_find(name, '*') < name.n ||
	    slice_iis(slice_trim(name), "boundary") || plain.n == 0 ||
	    plain.n > PARAM_VALUE_MAX) {
		add_safe(out, s);
	} else {
		buf_addf(out, "%.*s*=%s''", SLICE_FMT(slice_trim(name)),
		    utf8_valid(buf_slice(&plain)) ? "utf-8" : "unknown-8bit");
		add_percent(out, buf_slice(&plain));
	}
	buf_fini(&plain);
}

static void
add_params(struct buf *out, struct slice s)
{
	while (s.n > 0) {
		size_t n = 0;
		struct slice part;

		while (n < s.n && s.p[n] != ';')
			n += s.p[n] == '"'
				 ? enclosed(slice_from(s, n), '"', '"')
				 : 1;
		part = slice_trim(slice_sub(s, 0, n));
		if (!sevenbit_is_8bit(part))
			buf_add(out, part);
		else
			add_param(out, part);
		if (n + 1 < s.n)
			buf_adds(out, ";\r\n ");
		s = slice_from(s, n + 1);
	}
}

/* ---- fields ---- */

/* clang-format off */
static const struct {
	const char *name;
	void (*add)(struct buf *out, struct slice value);
} kinds[] = {
	{ "From",                      add_addresses },
	{ "Sender",                    add_addresses },
	{ "Reply-To",                  add_addresses },
	{ "To",                        add_addresses },
	{ "Cc",                        add_addresses },
	{ "Bcc",                       add_addresses },
	{ "Resent-From",               add_addresses },
	{ "Resent-Sender",             add_addresses },
	{ "Resent-To",                 add_addresses },
	{ "Resent-Cc",                 add_addresses },
	{ "Resent-Bcc",                add_addresses },
	{ "Mail-Followup-To",          add_addresses },
	{ "Disposition-Notification-To", add_addresses },
	{ "List-Id",                   add_addresses },
	{ "Keywords",                  add_addresses },
	{ "Content-Type",              add_params },
	{ "Content-Disposition",       add_params },
	{ "Content-Transfer-Encoding", add_safe },
	{ "Content-ID",                add_safe },
	{ "Content-Location",          add_safe },
	{ "MIME-Version",              add_safe },
	{ "Message-ID",                add_safe },
	{ "In-Reply-To",               add_safe },
	{ "References",                add_safe },
	{ "Date",                      add_safe },
	{ "Received",                  add_safe },
	{ "Return-Path",               add_safe },
	{ "DKIM-Signature",            add_safe },
	{ "Authentication-Results",    add_safe },
};
/* clang-format on */

static void
add_value(struct buf *out, struct slice name, struct slice value, bool ascii)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_iis(name, kinds[i].name) &&
		    (ascii || kinds[i].add == add_params)) {
			kinds[i].add(out, value);
			return;
		}
	if (ascii)
		add_words(out, value);
	else
		buf_add(out, value);
}

static bool
has_long_line(struct slice text)
{
	while (text.n > 0)
		if (slice_cut(text, '\n', &text).n > SEVENBIT_LINE_MAX)
			return true;
	return false;
}

/* Where LINE, which is too long, is to be folded: before a blank behind its
 * 20th byte, the last up to FOLD_AT or the first after it; 0: nowhere. */
static size_t
fold_place(struct slice line)
{
	size_t at = 0;

	for (size_t i = 20; i < line.n && (i <= FOLD_AT || at == 0); i++)
		if ((line.p[i] == ' ' || line.p[i] == '\t') &&
		    i < SEVENBIT_LINE_MAX)
			at = i;
	return at;
}

/* A line of a field without its end, in lines that are short enough. */
static void
add_line(struct buf *out, struct slice line, bool fold)
{
	size_t column = 0;

	while (line.n > (fold ? (size_t)FOLD_AT : SEVENBIT_LINE_MAX)) {
		const size_t at = fold_place(line);

		if (at == 0)
			break;
		buf_add(out, slice_sub(line, 0, at));
		buf_adds(out, "\r\n");
		line = slice_from(line, at);
	}
	sevenbit_text(out, line, false, &column);
	buf_adds(out, "\r\n");
}

/* No line is blank: it would end the header. */
static void
add_lines(struct buf *out, struct slice text, bool fold)
{
	while (text.n > 0) {
		struct slice line = slice_cut(text, '\n', &text);

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (slice_trim(line).n > 0)
			add_line(out, line, fold);
	}
}

void
sevenbit_field(struct buf *out, const struct header_field *f, bool ascii)
{
	struct buf plain, text;

	if (!(ascii && sevenbit_is_8bit(f->raw)) && !has_long_line(f->raw)) {
		add_lines(out, f->raw, false);
		return;
	}
	buf_init(&plain, f->value.n + 1);
	/* A byte becomes three, and four with every word around it. */
	buf_init(&text, 8 * f->raw.n + 100);
	header_unfold(&plain, f->value);
	buf_addf(&text, "%.*s: ", SLICE_FMT(f->name));
	add_value(&text, f->name, buf_slice(&plain), ascii);
	add_lines(out, buf_slice(&text), true);
	buf_fini(&plain);
	buf_fini(&text);
}

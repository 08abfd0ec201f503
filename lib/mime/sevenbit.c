/* SPDX-License-Identifier: ISC */
#include "mime/sevenbit.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/param.h"

enum {
	FOLD_AT = 76,
	CUT_AT = SEVENBIT_LINE_MAX - 3, /* not within a UTF-8 character */
	/* These fit a line together. */
	PARAM_NAME_MAX = 200,
	PARAM_STRING_MAX = 256, /* twice that when all is quoted */
	PARAM_VALUE_MAX = 720,  /* in %XX */
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
sevenbit_text(struct buf *out, struct slice text, char instead, size_t *column)
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
		buf_addc(out, instead != 0 && (c & 0x80) != 0 ? instead : c);
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

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_attr(s.p[i]))
			return false;
	return s.n > 0;
}

/* In %XX, except for the bytes of AS_IS. */
static void
add_percent(struct buf *out, struct slice s, const char *as_is)
{
	const struct slice others = slice_str(as_is);

	for (size_t i = 0; i < s.n; i++) {
		if (is_attr(s.p[i]) || slice_find(others, s.p[i]) < others.n)
			buf_addc(out, s.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
	}
}

/* The beginning of S, which is in %XX, that fits a line: no %XX is cut. */
static struct slice
one_piece(struct slice s)
{
	size_t n = PARAM_VALUE_MAX;

	if (s.n <= n)
		return s;
	if (s.p[n - 1] == '%')
		n -= 1;
	else if (s.p[n - 2] == '%')
		n -= 2;
	return slice_sub(s, 0, n);
}

/* NAME with VALUE, which is in %XX: whole, or in pieces (RFC 2231 4.1). */
static void
add_pieces(struct buf *out, struct slice name, struct slice value)
{
	struct slice piece = one_piece(value);
	const bool whole = piece.n == value.n;
	unsigned n = 0;

	do {
		buf_adds(out, ";\r\n ");
		buf_add(out, name);
		if (whole)
			buf_adds(out, "*=");
		else
			buf_addf(out, "*%u*=", n++);
		buf_add(out, piece);
		value = slice_from(value, piece.n);
		piece = one_piece(value);
	} while (value.n > 0);
}

static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]))
			return false;
	return true;
}

static void
add_string(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static void
add_param(struct buf *out, struct slice name, struct slice value)
{
	struct buf percent;

	if (is_printable(value) && value.n <= PARAM_STRING_MAX) {
		buf_adds(out, ";\r\n ");
		buf_add(out, name);
		buf_addc(out, '=');
		if (is_token(value))
			buf_add(out, value);
		else
			add_string(out, value);
		return;
	}
	buf_init(&percent, 3 * value.n + 100);
	buf_adds(&percent, utf8_valid(value) ? "utf-8''" : "unknown-8bit''");
	add_percent(&percent, value, "");
	add_pieces(out, name, buf_slice(&percent));
	buf_fini(&percent);
}

/* "name*": its value is in %XX already, except where it is not. */
static void
add_extended(struct buf *out, struct slice name, struct slice value)
{
	struct buf percent;

	buf_init(&percent, 3 * value.n);
	add_percent(&percent, value, "%'");
	add_pieces(out, name, buf_slice(&percent));
	buf_fini(&percent);
}

/* The one that counts. It is also in the body, where it becomes '?'. */
static void
add_boundary(struct buf *out, struct arena *a, const struct param *params)
{
	const struct slice value = param_value(a, params, "boundary");
	struct buf safe;

	buf_init(&safe, value.n);
	add_safe(&safe, value);
	if (value.n > 0)
		add_param(out, SLICE("boundary"), buf_slice(&safe));
	buf_fini(&safe);
}

static void
add_params(struct buf *out, struct arena *a, const struct param *params)
{
	add_boundary(out, a, params);
	for (const struct param *p = params; p != NULL; p = p->next) {
		const size_t star = slice_find(p->name, '*');
		const struct slice name = slice_sub(p->name, 0, star);

		if (slice_iis(name, "boundary") || name.n > PARAM_NAME_MAX)
			continue;
		if (star == p->name.n)
			add_param(out, name, p->value);
		else if (star + 1 == p->name.n && star > 0)
			add_extended(out, name, p->value);
	}
}

/* ---- MIME fields: written anew from what the parser made of them, so that it
 * makes the same of the result ---- */

static void
add_type(struct buf *out, struct slice value)
{
	struct arena a;
	struct slice type, subtype;
	struct param *params;

	arena_init(&a);
	if (param_content_type(&a, value, &type, &subtype, &params)) {
		buf_add(out, type);
		buf_addc(out, '/');
		buf_add(out, subtype);
		add_params(out, &a, params);
	} else {
		buf_adds(out, "text/plain"); /* RFC 2045 5.2 */
	}
	arena_fini(&a);
}

static void
add_disposition(struct buf *out, struct slice value)
{
	struct arena a;
	struct slice token;
	struct param *params;

	arena_init(&a);
	if (param_disposition(&a, value, &token, &params)) {
		buf_add(out, token);
		add_params(out, &a, params);
	} else {
		buf_adds(out, "attachment"); /* RFC 2183 2.8 */
	}
	arena_fini(&a);
}

static void
add_encoding(struct buf *out, struct slice value)
{
	const struct slice token = param_token(value);

	if (token.n > 0)
		buf_add(out, token);
	else
		buf_addc(out, '?');
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
}, mime[] = { /* these take the value folded, as the parser does */
	{ "Content-Type",              add_type },
	{ "Content-Disposition",       add_disposition },
	{ "Content-Transfer-Encoding", add_encoding },
};
/* clang-format on */

static bool
add_mime(struct buf *out, const struct header_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(mime); i++)
		if (slice_iis(f->name, mime[i].name)) {
			mime[i].add(out, f->value);
			return true;
		}
	return false;
}

static void
add_ascii(struct buf *out, struct slice name, struct slice value)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_iis(name, kinds[i].name)) {
			kinds[i].add(out, value);
			return;
		}
	add_words(out, value);
}

static void
add_value(struct buf *out, const struct header_field *f, bool ascii)
{
	struct buf plain;

	if (add_mime(out, f))
		return;
	buf_init(&plain, f->value.n + 1);
	header_unfold(&plain, f->value);
	if (ascii)
		add_ascii(out, f->name, buf_slice(&plain));
	else
		buf_add(out, buf_slice(&plain));
	buf_fini(&plain);
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
	sevenbit_text(out, line, 0, &column);
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
	struct buf text;

	if (!(ascii && sevenbit_is_8bit(f->raw)) && !has_long_line(f->raw)) {
		add_lines(out, f->raw, false);
		return;
	}
	/* A byte becomes three, and four with every word around it. */
	buf_init(&text, 8 * f->raw.n + 100);
	buf_addf(&text, "%.*s: ", SLICE_FMT(f->name));
	add_value(&text, f, ascii);
	add_lines(out, buf_slice(&text), true);
	buf_fini(&text);
}

/* SPDX-License-Identifier: ISC */
#include "sieve/lex.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/utf8.h"

void
sieve_lex_init(struct sieve_lex *l, struct slice text, struct slice script,
    struct arena *a, struct sieve_report *report)
{
	*l = (struct sieve_lex){ .text = text,
		.pos = { 1, 1 },
		.script = script,
		.arena = a,
		.report = report };
	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		l->at = 3;
}

static int
peek(const struct sieve_lex *l, size_t ahead)
{
	return l->at + ahead < l->text.n
		   ? (unsigned char)l->text.p[l->at + ahead]
		   : -1;
}

static void
skip(struct sieve_lex *l, size_t n)
{
	for (; n > 0 && l->at < l->text.n; n--, l->at++) {
		const unsigned char c = (unsigned char)l->text.p[l->at];

		if (c == '\n') {
			l->pos.line++;
			l->pos.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			l->pos.column++;
		}
	}
}

/* ---- white space ---- */

static void
skip_line(struct sieve_lex *l)
{
	while (peek(l, 0) != -1 && peek(l, 0) != '\n')
		skip(l, 1);
}

static void
skip_comment(struct sieve_lex *l)
{
	const struct sieve_pos from = l->pos;

	skip(l, 2);
	while (peek(l, 0) != -1) {
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			skip(l, 2);
			return;
		}
		skip(l, 1);
	}
	sieve_report_error(l->report, l->script, from,
	    "the comment that begins here does not end: expected */");
}

static void
skip_white(struct sieve_lex *l)
{
	for (;;) {
		const int c = peek(l, 0);

		if (c == '#')
			skip_line(l);
		else if (c == '/' && peek(l, 1) == '*')
			skip_comment(l);
		else if (c != -1 && ascii_isspace((char)c))
			skip(l, 1);
		else
			return;
	}
}

/* ---- strings ---- */

static void
take_string(struct sieve_lex *l, struct sieve_token *t, struct buf *b)
{
	t->kind = SIEVE_STRING;
	t->text = arena_slice(l->arena, buf_slice(b));
	if (slice_find(t->text, '\0') != t->text.n) {
		sieve_report_error(l->report, l->script, t->pos,
		    "a string with a NUL byte in it");
		t->kind = SIEVE_BAD;
	} else if (!utf8_valid(t->text)) {
		sieve_report_error(
		    l->report, l->script, t->pos, "a string that is not UTF-8");
		t->kind = SIEVE_BAD;
	}
	buf_fini(b);
}

/* One byte of a string or text, line ends as CRLF. */
static void
take_byte(struct sieve_lex *l, struct buf *b)
{
	const int c = peek(l, 0);

	if (c == '\n')
		buf_add(b, SLICE("\r\n"));
	else if (c != '\r' || peek(l, 1) != '\n')
		buf_addc(b, (char)c);
	skip(l, 1);
}

static void
unfinished(const struct sieve_lex *l, struct sieve_pos from)
{
	/* Where a quote is missing, all behind it is turned inside out. */
	if (l->lines_from > 0)
		sieve_report_error(l->report, l->script, from,
		    "the string that begins here does not end: expected \" "
		    "(or at the end of the one that begins in line %u)",
		    l->lines_from);
	else
		sieve_report_error(l->report, l->script, from,
		    "the string that begins here does not end: expected \"");
}

static void
lex_quoted(struct sieve_lex *l, struct sieve_token *t)
{
	struct buf b;

	buf_init(&b, 2 * l->text.n + 2);
	skip(l, 1);
	while (peek(l, 0) != -1 && peek(l, 0) != '"') {
		if (peek(l, 0) == '\\' && peek(l, 1) != -1)
			skip(l, 1);
		take_byte(l, &b);
	}
	if (peek(l, 0) == -1) {
		unfinished(l, t->pos);
		buf_fini(&b);
		t->kind = SIEVE_BAD;
		return;
	}
	skip(l, 1);
	if (l->pos.line > t->pos.line)
		l->lines_from = t->pos.line;
	take_string(l, t, &b);
}

/* Is what comes the line with the dot that ends a text? */
static bool
at_final_dot(const struct sieve_lex *l)
{
	return peek(l, 0) == '.' &&
	       (peek(l, 1) == '\n' || peek(l, 1) == -1 ||
		   (peek(l, 1) == '\r' && peek(l, 2) == '\n'));
}

/* "text:" *(SP / HTAB) (hash-comment / CRLF) lines "." CRLF */
static void
lex_text(struct sieve_lex *l, struct sieve_token *t)
{
	struct buf b;

	while (peek(l, 0) == ' ' || peek(l, 0) == '\t')
		skip(l, 1);
	if (peek(l, 0) == '#')
		skip_line(l);
	if (peek(l, 0) == '\r')
		skip(l, 1);
	if (peek(l, 0) != '\n') {
		sieve_report_error(l->report, l->script, l->pos,
		    "expected the end of the line behind text:");
		t->kind = SIEVE_BAD;
		return;
	}
	skip(l, 1);
	buf_init(&b, 2 * l->text.n + 2);
	while (peek(l, 0) != -1 && !at_final_dot(l)) {
		if (peek(l, 0) == '.' && peek(l, 1) == '.')
			skip(l, 1);
		while (peek(l, 0) != -1 && peek(l, 0) != '\n')
			take_byte(l, &b);
		take_byte(l, &b);
	}
	if (peek(l, 0) == -1) {
		sieve_report_error(l->report, l->script, t->pos,
		    "the text that begins here does not end: expected a line "
		    "with a dot alone");
		buf_fini(&b);
		t->kind = SIEVE_BAD;
		return;
	}
	skip(l, 1);
	take_string(l, t, &b);
}

/* ---- numbers, names ---- */

static unsigned
shift_of(int c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return 0;
	}
}

static void
lex_number(struct sieve_lex *l, struct sieve_token *t)
{
	bool fits = true;
	uint64_t v = 0;
	unsigned shift;

	for (; peek(l, 0) != -1 && ascii_isdigit((char)peek(l, 0)); skip(l, 1))
		fits = fits && mul_ok(v, 10u, &v) &&
		       add_ok(v, (unsigned)(peek(l, 0) - '0'), &v);
	shift = shift_of(peek(l, 0));
	if (shift > 0)
		skip(l, 1);
	if (!fits || (v << shift) >> shift != v)
		sieve_report_error(l->report, l->script, t->pos,
		    "this number is too large: expected at most %llu",
		    (unsigned long long)UINT64_MAX);
	t->kind = SIEVE_NUMBER;
	t->number = v << shift;
}

static bool
is_name(int c)
{
	return c != -1 && (ascii_isalnum((char)c) || c == '_');
}

static void
lex_name(struct sieve_lex *l, struct sieve_token *t, enum sieve_token_kind kind)
{
	const size_t from = l->at;

	while (is_name(peek(l, 0)))
		skip(l, 1);
	t->kind = kind;
	t->text = slice_sub(l->text, from, l->at - from);
	if (t->text.n > SIEVE_NAME_MAX) {
		sieve_report_error(l->report, l->script, t->pos,
		    "this name has more than %d characters", SIEVE_NAME_MAX);
		t->kind = SIEVE_BAD;
	} else if (kind == SIEVE_WORD && slice_iis(t->text, "text") &&
		   peek(l, 0) == ':') {
		skip(l, 1);
		lex_text(l, t);
	}
}

static bool
is_token(int c)
{
	return c == -1 || ascii_isspace((char)c) || is_name(c) ||
	       memchr("[](){},;:\"#", c, 11) != NULL;
}

static void
lex_trash(struct sieve_lex *l, struct sieve_token *t)
{
	const size_t from = l->at;

	do
		skip(l, 1);
	while (!is_token(peek(l, 0)));
	t->kind = SIEVE_TRASH;
	t->text = slice_sub(l->text, from, l->at - from);
	sieve_report_error(l->report, l->script, t->pos,
	    "unexpected characters '%.*s'",
	    (int)(t->text.n > 20 ? 20 : t->text.n), t->text.p);
}

void
sieve_lex_next(struct sieve_lex *l, struct sieve_token *t)
{
	int c;

	skip_white(l);
	*t = (struct sieve_token){ .pos = l->pos };
	c = peek(l, 0);
	if (c == -1) {
		t->kind = SIEVE_END;
	} else if (c == '"') {
		lex_quoted(l, t);
	} else if (ascii_isdigit((char)c)) {
		lex_number(l, t);
	} else if (c == ':' && is_name(peek(l, 1)) &&
		   !ascii_isdigit((char)peek(l, 1))) {
		skip(l, 1);
		lex_name(l, t, SIEVE_TAG);
	} else if (is_name(c)) {
		lex_name(l, t, SIEVE_WORD);
	} else if (memchr("[](){},;", c, 8) != NULL) {
		t->kind = SIEVE_SIGN;
		t->sign = (char)c;
		skip(l, 1);
	} else {
		lex_trash(l, t);
	}
}

const char *
sieve_token_text(const struct sieve_token *t, char *out, size_t n)
{
	switch (t->kind) {
	case SIEVE_END:
		return "the end of the script";
	case SIEVE_NUMBER:
		return "a number";
	case SIEVE_STRING:
		return "a string";
	case SIEVE_TAG:
		snprintf(out, n, "':%.*s'", SLICE_FMT(t->text));
		return out;
	case SIEVE_SIGN:
		snprintf(out, n, "'%c'", t->sign);
		return out;
	case SIEVE_WORD:
	case SIEVE_BAD:
	case SIEVE_TRASH:
		break;
	}
	snprintf(out, n, "'%.*s'", (int)(t->text.n > 40 ? 40 : t->text.n),
	    t->text.n > 0 ? t->text.p : "");
	return out;
}

/* SPDX-License-Identifier: ISC */
#include "mime/param.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "mime/charset.h"
#include "mime/word.h"

static void
skip_comment(struct cur *c)
{
	size_t depth = 0;

	do {
		const int b = cur_byte(c);

		depth += b == '(';
		depth -= b == ')';
		if (b == '\\' && cur_left(c) > 0)
			cur_byte(c);
	} while (depth > 0 && cur_left(c) > 0);
}

static void
skip_cfws(struct cur *c)
{
	for (;;) {
		const int b = cur_peek(c);

		if (b == '(')
			skip_comment(c);
		else if (b != -1 && ascii_isspace((char)b))
			cur_byte(c);
		else
			return;
	}
}

/* tspecials of RFC 2045 end a token; "/" is asked for by name. */
static bool
is_token(char c)
{
	static const struct slice specials = SLICE("()<>@,;:\\\"/[]?=");

	return c > ' ' && c < 0x7f && slice_find(specials, c) == specials.n;
}

/* char may be signed: bytes from 0x80 on are let through in values. */
static bool
is_value(char c)
{
	return c != ';' && c != '\r' && c != '\n';
}

static struct slice
read_quoted(struct arena *a, struct cur *c)
{
	const size_t max = cur_left(c);
	struct buf b;
	struct slice s;

	buf_init(&b, max);
	cur_byte(c);
	while (cur_left(c) > 0 && cur_peek(c) != '"') {
		int byte = cur_byte(c);

		if (byte == '\\' && cur_left(c) > 0)
			byte = cur_byte(c);
		if (byte != '\r' && byte != '\n')
			buf_addc(&b, (char)byte);
	}
	cur_try_byte(c, '"');
	s = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return s;
}

/* Quoted, or up to the semicolon less a comment at its end: boundaries with "="
 * and file names with spaces come unquoted, too. */
static struct slice
read_value(struct arena *a, struct cur *c)
{
	struct slice s;

	skip_cfws(c);
	if (cur_peek(c) == '"')
		return read_quoted(a, c);
	s = slice_trim(cur_while(c, is_value));
	if (slice_ends(s, SLICE(")")))
		s = slice_sub(s, 0, slice_search(s, SLICE(" (")));
	return arena_slice(a, slice_trim(s));
}

/* A list that knows its end. */
struct param_list {
	struct param *first;
	struct param **tail;
	size_t n;
};

static struct param *
append(struct arena *a, struct param_list *l, struct slice name,
    struct slice value)
{
	struct param *p = arena_new(a, struct param);

	p->name = name;
	p->value = value;
	*l->tail = p;
	l->tail = &p->next;
	l->n++;
	return p;
}

/* A parameter with its name taken apart: n is the number in "base*N" and
 * "base*N*", -1 for other names. */
struct piece {
	const struct param *param;
	struct slice base;
	int n;
	bool extended;
};

static struct piece
piece_of(const struct param *p)
{
	const size_t star = slice_find(p->name, '*');
	struct cur c = cur_of(slice_from(p->name, star + 1));
	struct piece piece = { .param = p };

	piece.n = (int)cur_u64(&c, PARAM_MAX);
	piece.extended = cur_try_byte(&c, '*');
	piece.base = slice_sub(p->name, 0, star);
	if (star == 0 || !cur_end(&c))
		piece.n = -1;
	return piece;
}

/* The pieces of one header; each number of a base counts once. */
struct pieces {
	struct piece v[PARAM_MAX];
	size_t n;
};

static const struct piece *
find_piece(const struct pieces *all, struct slice base, int n)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].n == n && slice_ieq(all->v[i].base, base))
			return &all->v[i];
	return NULL;
}

static bool
is_attribute_char(char c)
{
	return c > 0 && is_token(c) && c != '*' && c != '\'' && c != '%';
}

/* A piece that was not extended, among pieces that are. */
static void
put_escaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_attribute_char(s.p[i]))
			buf_addc(out, s.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
}

/* All pieces of BASE from 0 on, as "base" or, when one is extended, "base*". */
static void
join(struct arena *a, const struct pieces *all, struct slice base,
    struct param_list *out)
{
	const struct piece *chain[PARAM_MAX];
	bool any = false;
	struct buf name, value;
	size_t n, total = 0;

	for (n = 0; n < PARAM_MAX; n++) {
		chain[n] = find_piece(all, base, (int)n);
		if (chain[n] == NULL)
			break;
		any = any || chain[n]->extended;
		total += chain[n]->param->value.n;
	}
	buf_init(&name, base.n + 1);
	buf_add(&name, base);
	buf_adds(&name, any ? "*" : "");
	buf_init(&value, total * 3 + 2);
	if (any && !chain[0]->extended)
		buf_adds(&value, "''");
	for (size_t i = 0; i < n; i++)
		if (any && !chain[i]->extended)
			put_escaped(&value, chain[i]->param->value);
		else
			buf_add(&value, chain[i]->param->value);
	append(a, out, arena_slice(a, buf_slice(&name)),
	    arena_slice(a, buf_slice(&value)));
	buf_fini(&name);
	buf_fini(&value);
}

/* The list with pieces put together where their first one stands; pieces
 * without a first one stay as they are. */
static struct param *
join_pieces(struct arena *a, struct param *in)
{
	struct param_list out = { .tail = &out.first };
	struct pieces all = { .n = 0 };

	for (struct param *p = in; p != NULL; p = p->next)
		all.v[all.n++] = piece_of(p);
	for (size_t i = 0; i < all.n; i++) {
		const struct piece *p = &all.v[i];
		const struct piece *first = find_piece(&all, p->base, 0);

		if (p->n == -1 || first == NULL)
			append(a, &out, p->param->name, p->param->value);
		else if (p == first)
			join(a, &all, p->base, &out);
	}
	return out.first;
}

/* *( ";" attribute "=" value ) */
static struct param *
read_params(struct arena *a, struct cur *c)
{
	struct param_list l = { .tail = &l.first };
	bool pieces = false;

	while (cur_left(c) > 0 && l.n < PARAM_MAX) {
		struct slice name;

		cur_while(c, is_value);
		if (!cur_try_byte(c, ';') && cur_left(c) > 0)
			cur_byte(c);
		skip_cfws(c);
		name = arena_slice(a, cur_while(c, is_token));
		skip_cfws(c);
		if (name.n == 0 || !cur_try_byte(c, '='))
			continue;
		append(a, &l, name, read_value(a, c));
		pieces = pieces || slice_find(name, '*') < name.n;
	}
	return pieces ? join_pieces(a, l.first) : l.first;
}

bool
param_content_type(struct arena *a, struct slice value, struct slice *type,
    struct slice *subtype, struct param **params)
{
	struct cur c = cur_of(value);

	skip_cfws(&c);
	*type = arena_slice(a, cur_while(&c, is_token));
	skip_cfws(&c);
	if (!cur_try_byte(&c, '/'))
		return false;
	skip_cfws(&c);
	*subtype = arena_slice(a, cur_while(&c, is_token));
	if (type->n == 0 || subtype->n == 0)
		return false;
	*params = read_params(a, &c);
	return true;
}

bool
param_disposition(struct arena *a, struct slice value, struct slice *token,
    struct param **params)
{
	struct cur c = cur_of(value);

	skip_cfws(&c);
	*token = arena_slice(a, cur_while(&c, is_token));
	if (token->n == 0)
		return false;
	*params = read_params(a, &c);
	return true;
}

struct param *
param_languages(struct arena *a, struct slice value)
{
	struct param_list l = { .tail = &l.first };
	struct cur c = cur_of(value);

	while (cur_left(&c) > 0 && l.n < PARAM_MAX) {
		struct slice tag;

		skip_cfws(&c);
		tag = cur_while(&c, is_token);
		if (tag.n > 0)
			append(a, &l, arena_slice(a, tag), (struct slice){ 0 });
		else if (cur_left(&c) > 0)
			cur_byte(&c);
	}
	return l.first;
}

struct slice
param_token(struct slice value)
{
	struct cur c = cur_of(value);

	skip_cfws(&c);
	return cur_while(&c, is_token);
}

struct slice
param_find(const struct param *params, const char *name)
{
	for (const struct param *p = params; p != NULL; p = p->next)
		if (slice_iis(p->name, name))
			return p->value;
	return (struct slice){ NULL, 0 };
}

/* The value of "name*"; p == NULL when there is none. */
static struct slice
find_extended(const struct param *params, const char *name)
{
	for (const struct param *p = params; p != NULL; p = p->next)
		if (slice_ends(p->name, SLICE("*")) &&
		    slice_iis(slice_sub(p->name, 0, p->name.n - 1), name))
			return p->value;
	return (struct slice){ NULL, 0 };
}

/* charset'language'%XX... (RFC 2231 4): the bytes to OUT, which holds as many
 * as VALUE.  Gives the charset, empty when it was not told. */
static struct slice
unescape(struct slice value, struct buf *out)
{
	struct slice charset = { NULL, 0 }, text = value;
	const size_t first = slice_find(value, '\'');
	const size_t second = slice_find(slice_from(value, first + 1), '\'');

	if (first + 1 + second < value.n) {
		charset = slice_sub(value, 0, first);
		text = slice_from(value, first + 1 + second + 1);
	}
	word_unescape(out, text, '%');
	return charset;
}

struct slice
param_value(struct arena *a, const struct param *params, const char *name)
{
	const struct slice value = find_extended(params, name);
	struct slice s;
	struct buf b;

	if (value.p == NULL)
		return param_find(params, name);
	buf_init(&b, value.n + 1);
	(void)unescape(value, &b);
	s = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return s;
}

bool
param_text(const struct param *params, const char *name, struct buf *out)
{
	struct slice value = find_extended(params, name);
	struct slice charset;
	struct buf bytes;

	if (value.p == NULL) {
		value = param_find(params, name);
		if (value.p != NULL)
			word_decode(out, value);
		return value.p != NULL;
	}
	buf_init(&bytes, value.n + 1);
	charset = unescape(value, &bytes);
	charset_to_utf8(out, charset, buf_slice(&bytes));
	buf_fini(&bytes);
	return true;
}

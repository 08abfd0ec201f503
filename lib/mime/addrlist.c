/* SPDX-License-Identifier: ISC */
#include "mime/addrlist.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"

/* Nobody's domain literal is longer; looking no further keeps time linear. */
enum { LITERAL_MAX = 256 };

/*
 * Words are collected until a special byte says what they were: the name of
 * a group (:), a display name (<), a local part (@) or a bare mailbox.
 */
struct addrlist_run {
	struct arena *arena;
	struct cur c;
	struct addrlist_item *first;
	struct addrlist_item **tail;
	size_t left;
	bool in_group;
	struct buf phrase;  /* the words with one space between them */
	struct buf local;   /* the words without spaces */
	struct buf comment; /* the last comment */
	struct buf domain;
	bool any_word;
	/* Where the words and the domain stand; dotted: dots are between the
	 * words and nowhere else, so they are a local part. */
	const char *begin, *end;
	bool dotted;
	struct addrlist_item *angle; /* "<...>" with no comma behind it yet */
};

static struct addrlist_item *
append(struct addrlist_run *l, enum addrlist_kind kind)
{
	struct addrlist_item *a = arena_new(l->arena, struct addrlist_item);

	a->kind = kind;
	*l->tail = a;
	l->tail = &a->next;
	if (l->left > 0)
		l->left--;
	return a;
}

static void
forget(struct addrlist_run *l)
{
	buf_reset(&l->phrase);
	buf_reset(&l->local);
	buf_reset(&l->comment);
	buf_reset(&l->domain);
	l->any_word = false;
	l->begin = l->end = NULL;
	l->dotted = true;
}

static bool
is_atom(char c)
{
	static const struct slice specials = SLICE("()<>@,;:\\\"");

	return !ascii_isspace(c) && slice_find(specials, c) == specials.n;
}

/* One byte of quoted text or comment at C, its backslash taken off; line ends
 * of folding give -1. */
static int
quoted_byte(struct cur *c)
{
	int b = cur_byte(c);

	if (b == '\\' && cur_left(c) > 0)
		b = cur_byte(c);
	return b == '\r' || b == '\n' ? -1 : b;
}

static void
read_comment(struct addrlist_run *l)
{
	size_t depth = 1;

	buf_reset(&l->comment);
	cur_byte(&l->c);
	while (cur_left(&l->c) > 0) {
		const int next = cur_peek(&l->c);
		int b;

		depth += next == '(';
		depth -= next == ')';
		b = quoted_byte(&l->c);
		if (depth == 0)
			return;
		if (b != -1)
			buf_addc(&l->comment, (char)b);
	}
}

static void
skip_cfws(struct addrlist_run *l)
{
	for (;;) {
		const int b = cur_peek(&l->c);

		if (b == '(')
			read_comment(l);
		else if (b != -1 && ascii_isspace((char)b))
			cur_byte(&l->c);
		else
			return;
	}
}

static void
read_quoted(struct addrlist_run *l, struct buf *out)
{
	cur_byte(&l->c);
	while (cur_left(&l->c) > 0 && cur_peek(&l->c) != '"') {
		const int b = quoted_byte(&l->c);

		if (b != -1)
			buf_addc(out, (char)b);
	}
	cur_try_byte(&l->c, '"');
}

/* A word into OUT; false when none is next. */
static bool
read_word(struct addrlist_run *l, struct buf *out)
{
	const int b = cur_peek(&l->c);

	if (b == '"') {
		read_quoted(l, out);
		return true;
	}
	if (b == -1 || !is_atom((char)b))
		return false;
	buf_add(out, cur_while(&l->c, is_atom));
	return true;
}

/* The next word of a local part, or what may be one. */
static bool
read_local(struct addrlist_run *l)
{
	const char *at = l->c.p;

	if (!read_word(l, &l->local))
		return false;
	if (l->begin == NULL)
		l->begin = at;
	else if ((l->end[-1] == '.') == (*at == '.'))
		l->dotted = false;
	l->end = l->c.p;
	return true;
}

static void
add_word(struct addrlist_run *l)
{
	const size_t from = l->local.n;

	if (!read_local(l))
		return;
	if (l->any_word)
		buf_addc(&l->phrase, ' ');
	buf_add(&l->phrase, slice_from(buf_slice(&l->local), from));
	l->any_word = true;
}

/* "[" anything "]", brackets kept. */
static bool
read_literal(struct addrlist_run *l, struct buf *out)
{
	const struct slice near = slice_sub(cur_rest(&l->c), 0, LITERAL_MAX);
	const size_t at = slice_find(near, ']');

	if (cur_peek(&l->c) != '[' || at == near.n)
		return false;
	buf_add(out, cur_take(&l->c, at + 1));
	return true;
}

static bool
ends_in_dot(const struct buf *b)
{
	return b->n > 0 && b->p[b->n - 1] == '.';
}

/* A word of a domain; a quoted one is none, though it is read. */
static bool
read_label(struct addrlist_run *l, struct buf *out)
{
	if (cur_peek(&l->c) == '"')
		l->dotted = false;
	if (!read_word(l, out))
		return false;
	l->end = l->c.p;
	return true;
}

/* domain: atoms with dots and comments between them, or a literal */
static void
read_domain(struct addrlist_run *l, struct buf *out)
{
	bool more;

	skip_cfws(l);
	if (read_literal(l, out)) {
		l->end = l->c.p;
		more = false;
	} else {
		more = read_label(l, out);
	}
	skip_cfws(l);
	while (more && (ends_in_dot(out) || cur_peek(&l->c) == '.')) {
		more = read_label(l, out);
		skip_cfws(l);
	}
}

static struct slice
keep(struct addrlist_run *l, const struct buf *b)
{
	return arena_slice(l->arena, buf_slice(b));
}

/* What was read is an addr-spec, if one of AFTER or nothing follows. */
static struct slice
spec_of(const struct addrlist_run *l, const char *after)
{
	const int next = cur_peek(&l->c);
	const bool ends = next == -1 || strchr(after, next) != NULL;

	if (!ends || !l->dotted || l->begin == NULL || l->end == NULL ||
	    l->local.n == 0 || l->domain.n == 0)
		return SLICE("");
	return slice_of(l->begin, (size_t)(l->end - l->begin));
}

/* name = what the caller found, else the last comment, else absent. */
static struct addrlist_item *
put_mailbox(struct addrlist_run *l, const struct buf *name)
{
	struct addrlist_item *a = append(l, ADDRLIST_MAILBOX);

	if (name != NULL && name->n > 0)
		a->name = keep(l, name);
	else if (l->comment.n > 0)
		a->name = keep(l, &l->comment);
	a->mailbox = keep(l, &l->local);
	a->host = keep(l, &l->domain);
	return a;
}

/* "@a,@b:" inside <>; without the colon nothing of it was a route. */
static struct slice
read_route(struct addrlist_run *l)
{
	struct buf route;
	struct slice s = { NULL, 0 };

	buf_init(&route, cur_left(&l->c) + 2);
	while (cur_peek(&l->c) == '@' || cur_peek(&l->c) == ',') {
		if (cur_byte(&l->c) == '@') {
			if (route.n > 0)
				buf_addc(&route, ',');
			buf_addc(&route, '@');
			read_domain(l, &route);
		}
		skip_cfws(l);
	}
	if (cur_try_byte(&l->c, ':') && route.n > 0)
		s = keep(l, &route);
	buf_fini(&route);
	return s;
}

static void
read_angle(struct addrlist_run *l)
{
	struct slice route = { NULL, 0 }, spec;
	struct addrlist_item *a;

	cur_byte(&l->c);
	buf_reset(&l->local);
	buf_reset(&l->domain);
	skip_cfws(l);
	if (cur_peek(&l->c) == '@')
		route = read_route(l);
	l->begin = l->end = NULL;
	l->dotted = true;
	do
		skip_cfws(l);
	while (read_local(l));
	if (cur_try_byte(&l->c, '@'))
		read_domain(l, &l->domain);
	spec = cur_left(&l->c) > 0 ? spec_of(l, ">") : SLICE("");
	/* "<a@b@c>" and worse: up to the bracket, or the next address. */
	while (cur_left(&l->c) > 0 && !strchr(">,;", cur_peek(&l->c)))
		cur_byte(&l->c);
	cur_try_byte(&l->c, '>');
	a = put_mailbox(l, &l->phrase);
	a->route = route;
	a->spec = spec;
	l->angle = a;
}

/* local@domain; when "<" follows, it was a display name left unquoted. */
static void
read_addr_spec(struct addrlist_run *l)
{
	cur_byte(&l->c);
	read_domain(l, &l->domain);
	if (cur_peek(&l->c) == '<') {
		buf_addc(&l->phrase, '@');
		buf_add(&l->phrase, buf_slice(&l->domain));
		read_angle(l);
	} else {
		put_mailbox(l, NULL)->spec = spec_of(l, ",;");
	}
}

/* Words or a comment behind "<a@b>" are its name, if it has none. */
static void
end_item(struct addrlist_run *l)
{
	const struct buf *behind = l->any_word ? &l->phrase : &l->comment;

	if (l->angle != NULL && l->angle->name.p == NULL && behind->n > 0)
		l->angle->name = keep(l, behind);
	else if (l->angle == NULL && l->any_word && l->left > 0)
		put_mailbox(l, NULL);
	l->angle = NULL;
	forget(l);
}

static void
begin_group(struct addrlist_run *l)
{
	if (l->in_group || !l->any_word) {
		end_item(l);
		return;
	}
	append(l, ADDRLIST_GROUP)->mailbox = keep(l, &l->phrase);
	l->in_group = true;
	l->angle = NULL;
	forget(l);
}

static void
end_group(struct addrlist_run *l)
{
	if (l->in_group)
		append(l, ADDRLIST_GROUP_END);
	l->in_group = false;
}

/* One word or one special byte. */
static void
step(struct addrlist_run *l)
{
	switch (cur_peek(&l->c)) {
	case '<':
		read_angle(l);
		forget(l);
		break;
	case '@':
		l->angle = NULL;
		read_addr_spec(l);
		forget(l);
		break;
	case ':':
		cur_byte(&l->c);
		begin_group(l);
		break;
	case ';':
	case ',':
		end_item(l);
		if (cur_byte(&l->c) == ';')
			end_group(l);
		break;
	case ')':
	case '>':
	case '\\':
		cur_byte(&l->c);
		l->dotted = false;
		break;
	default:
		add_word(l);
	}
}

struct addrlist_item *
addrlist_parse(struct arena *a, struct slice value, size_t max)
{
	struct addrlist_run l = { .arena = a, .c = cur_of(value), .left = max };

	l.tail = &l.first;
	l.dotted = true;
	buf_init(&l.phrase, 2 * value.n + 2);
	buf_init(&l.local, value.n);
	buf_init(&l.comment, value.n);
	buf_init(&l.domain, value.n);
	for (skip_cfws(&l); cur_left(&l.c) > 0 && l.left > 0; skip_cfws(&l))
		step(&l);
	end_item(&l);
	end_group(&l);
	buf_fini(&l.phrase);
	buf_fini(&l.local);
	buf_fini(&l.comment);
	buf_fini(&l.domain);
	return l.first;
}

/* SPDX-License-Identifier: ISC */
#include "imapd/append/appendtext.h"

#include "base/arena.h"

struct reader {
	struct parse *p;
	struct appendtext *t;
	struct append_op **tail;
};

static struct append_op *
add_op(struct reader *r, enum append_op_kind kind)
{
	struct append_op *op = arena_new(r->p->arena, struct append_op);

	op->kind = kind;
	*r->tail = op;
	r->tail = &op->next;
	return op;
}

/* Does the literal stand here? */
static bool
at_literal(const struct reader *r)
{
	return parse_ok(r->p) && cur_left(&r->p->c) == 0 &&
	       r->t->literal != NULL;
}

/* [flag-list SP] [date-time SP] */
static void
read_arguments(struct parse *p, struct append_arguments *a)
{
	if (parse_peek(p) == '(') {
		a->names = flags_parse(p, false);
		parse_space(p);
	}
	if (parse_peek(p) == '"') {
		const struct slice s = parse_string(p);

		a->has_date = true;
		if (parse_ok(p) && !date_parse_imap_time(s, &a->date))
			parse_fail(p, "expected a date and time");
		parse_space(p);
	}
}

static enum append_text_end
bad(struct reader *r, const char *why)
{
	parse_fail(r->p, why);
	return APPEND_TEXT_BAD;
}

static enum append_text_end
data(struct reader *r, enum append_place next)
{
	r->t->place = next;
	return APPEND_TEXT_LITERAL;
}

static enum append_text_end read_message(struct reader *r);

/* Behind a message: the end, or SP and another one. */
static enum append_text_end
read_behind(struct reader *r)
{
	(void)add_op(r, APPEND_OP_END);
	if (r->t->literal == NULL && parse_ok(r->p) && cur_left(&r->p->c) == 0)
		return APPEND_TEXT_END;
	if (!r->t->many)
		return bad(r, "expected the end of the command");
	return read_message(r);
}

/* cat-part: "TEXT" SP literal / "URL" SP astring.  One more than this: the text
 * goes on behind it. */
static bool
read_part(struct reader *r, enum append_text_end *end)
{
	struct parse *p = r->p;
	struct append_op *op;

	if (parse_try_word(p, "TEXT")) {
		parse_space(p);
		if (at_literal(r) && !r->t->literal->binary)
			*end = data(r, APPEND_IN_PARTS);
		else
			*end = bad(r, "expected a literal");
		return false;
	}
	if (!parse_try_word(p, "URL")) {
		*end = bad(r, "expected TEXT or URL");
		return false;
	}
	parse_space(p);
	if (at_literal(r)) {
		*end = r->t->literal->binary ? bad(r, "expected a string")
					     : APPEND_TEXT_MORE;
		return false;
	}
	op = add_op(r, APPEND_OP_URL);
	op->url = parse_astring(p);
	if (op->url.n == 0)
		parse_fail(p, "expected a URL");
	*end = APPEND_TEXT_BAD;
	return parse_ok(p);
}

/* *(SP cat-part) ")" */
static enum append_text_end
read_parts(struct reader *r, bool first)
{
	enum append_text_end end;

	while (first || !parse_try_close(r->p)) {
		if (!first)
			parse_space(r->p);
		first = false;
		if (!read_part(r, &end))
			return end;
	}
	return read_behind(r);
}

/* SP [flag-list SP] [date-time SP] append-data */
static enum append_text_end
read_message(struct reader *r)
{
	struct parse *p = r->p;
	struct append_arguments *a = &add_op(r, APPEND_OP_BEGIN)->arguments;

	parse_space(p);
	read_arguments(p, a);
	if (at_literal(r))
		return data(r, APPEND_BEHIND);
	if (parse_try_word(p, "CATENATE")) {
		a->catenate = true;
		parse_space(p);
		parse_open(p);
		return read_parts(r, true);
	}
	if (!parse_try_word(p, "UTF8"))
		return bad(r, "expected flags, a date and a message");
	if (!p->utf8)
		return bad(r, "UTF8 is not enabled");
	parse_space(p);
	parse_open(p);
	if (!at_literal(r) || !r->t->literal->binary)
		return bad(r, "expected a literal8");
	return data(r, APPEND_IN_UTF8);
}

enum append_text_end
appendtext_read(struct parse *p, struct appendtext *t)
{
	struct reader r = { .p = p, .t = t, .tail = &t->ops };

	t->ops = NULL;
	switch (t->place) {
	case APPEND_BEFORE:
		return read_message(&r);
	case APPEND_BEHIND:
		return read_behind(&r);
	case APPEND_IN_UTF8:
		if (!parse_try_close(p))
			return bad(&r, "expected a closing parenthesis");
		return read_behind(&r);
	case APPEND_IN_PARTS:
		return read_parts(&r, false);
	}
	return APPEND_TEXT_BAD;
}

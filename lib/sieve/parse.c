/* SPDX-License-Identifier: ISC */
/*
 * Recursive descent.  After an error the rest of the command is passed over: up
 * to its semicolon, its block, which is read, or the end of the block it is in.
 * The command stays in the tree, marked as broken.
 */
#include "sieve/parse.h"

#include <stdio.h>

#include "sieve/lex.h"
#include "sieve/limits.h"

struct parser {
	struct sieve_lex lex;
	struct sieve_token t; /* the next one */
	struct arena *arena;
	const struct sieve_limits *limits;
	uint32_t depth; /* blocks and tests around */
};

static void
advance(struct parser *p)
{
	sieve_lex_next(&p->lex, &p->t);
}

static bool
is_sign(const struct parser *p, char c)
{
	return p->t.kind == SIEVE_SIGN && p->t.sign == c;
}

static bool
try_sign(struct parser *p, char c)
{
	if (!is_sign(p, c))
		return false;
	advance(p);
	return true;
}

static bool
expected(struct parser *p, const char *what)
{
	char text[64];

	if (p->t.kind != SIEVE_BAD)
		sieve_report_error(p->lex.report, p->lex.script, p->t.pos,
		    "expected %s, but found %s", what,
		    sieve_token_text(&p->t, text, sizeof text));
	return false;
}

/* ---- arguments ---- */

static struct sieve_arg *
new_arg(struct parser *p, enum sieve_arg_kind kind)
{
	struct sieve_arg *a = arena_new(p->arena, struct sieve_arg);

	a->kind = kind;
	a->pos = p->t.pos;
	a->number = p->t.number;
	a->text = p->t.text;
	return a;
}

/* "[" string *("," string) "]" */
static bool
parse_list(struct parser *p, struct sieve_arg *list)
{
	struct sieve_arg **tail = &list->items;
	uint32_t n = 0;

	do {
		if (p->t.kind != SIEVE_STRING)
			return expected(p, "a string in the list");
		if (n++ == p->limits->list_items) {
			sieve_report_error(p->lex.report, p->lex.script,
			    p->t.pos, "a list of more than %u strings",
			    p->limits->list_items);
			return false;
		}
		*tail = new_arg(p, SIEVE_ARG_STRING);
		tail = &(*tail)->next;
		advance(p);
	} while (try_sign(p, ','));
	if (!is_sign(p, ']'))
		return expected(p, "',' or ']' in the list");
	advance(p);
	return true;
}

static bool
is_argument(const struct parser *p)
{
	return p->t.kind == SIEVE_NUMBER || p->t.kind == SIEVE_STRING ||
	       p->t.kind == SIEVE_TAG || is_sign(p, '[');
}

static bool
parse_arguments(struct parser *p, struct sieve_node *n)
{
	struct sieve_arg **tail = &n->args;

	for (uint32_t count = 0; is_argument(p); count++) {
		if (count == p->limits->arguments) {
			sieve_report_error(p->lex.report, p->lex.script,
			    p->t.pos, "more than %u arguments of '%.*s'",
			    p->limits->arguments, SLICE_FMT(n->name));
			return false;
		}
		*tail =
		    new_arg(p, p->t.kind == SIEVE_NUMBER   ? SIEVE_ARG_NUMBER
			       : p->t.kind == SIEVE_STRING ? SIEVE_ARG_STRING
			       : p->t.kind == SIEVE_TAG    ? SIEVE_ARG_TAG
							   : SIEVE_ARG_LIST);
		advance(p);
		if ((*tail)->kind == SIEVE_ARG_LIST && !parse_list(p, *tail))
			return false;
		tail = &(*tail)->next;
	}
	return true;
}

/* ---- tests ---- */

static struct sieve_node *
new_node(struct parser *p)
{
	struct sieve_node *n = arena_new(p->arena, struct sieve_node);

	n->pos = p->t.pos;
	n->name = p->t.text;
	return n;
}

static bool
deeper(struct parser *p, const char *what)
{
	if (p->depth < p->limits->nesting) {
		p->depth++;
		return true;
	}
	sieve_report_error(p->lex.report, p->lex.script, p->t.pos,
	    "%s nested more than %u deep", what, p->limits->nesting);
	return false;
}

static bool parse_test(struct parser *p, struct sieve_node **out);

/* [test / "(" test *("," test) ")"] */
static bool
parse_tests(struct parser *p, struct sieve_node *n)
{
	struct sieve_node **tail = &n->tests;

	if (p->t.kind == SIEVE_WORD) {
		n->has_tests = SIEVE_TESTS_ONE;
		return parse_test(p, tail);
	}
	if (!try_sign(p, '('))
		return true;
	n->has_tests = SIEVE_TESTS_LIST;
	do {
		if (p->t.kind != SIEVE_WORD)
			return expected(p, "a test in the list");
		if (!parse_test(p, tail))
			return false;
		tail = &(*tail)->next;
	} while (try_sign(p, ','));
	if (!is_sign(p, ')'))
		return expected(p, "',' or ')' in the list of tests");
	advance(p);
	return true;
}

static bool
parse_test(struct parser *p, struct sieve_node **out)
{
	bool ok;

	if (!deeper(p, "tests"))
		return false;
	*out = new_node(p);
	advance(p);
	ok = parse_arguments(p, *out) && parse_tests(p, *out);
	p->depth--;
	return ok;
}

/* ---- commands ---- */

static struct sieve_node *parse_commands(struct parser *p, bool in_block);

static bool
parse_block(struct parser *p, struct sieve_node *n)
{
	const uint32_t line = p->t.pos.line;
	char what[64];

	if (!deeper(p, "blocks"))
		return false;
	advance(p);
	n->has_block = true;
	n->block = parse_commands(p, true);
	p->depth--;
	snprintf(what, sizeof what,
	    "'}' at the end of the block that begins in line %u", line);
	if (!is_sign(p, '}'))
		return expected(p, what);
	advance(p);
	return true;
}

/* Pass over what is left of N, which is wrong, but for its block. */
static void
recover(struct parser *p, struct sieve_node *n)
{
	uint32_t open = 0;

	for (; p->t.kind != SIEVE_END; advance(p)) {
		if (is_sign(p, '{')) {
			if (open == 0 && p->depth < p->limits->nesting) {
				(void)parse_block(p, n);
				return;
			}
			open++;
		} else if (is_sign(p, '}')) {
			if (open == 0)
				return;
			if (--open == 0)
				break;
		} else if (is_sign(p, ';') && open == 0) {
			break;
		}
	}
	if (p->t.kind != SIEVE_END)
		advance(p);
}

/* identifier arguments [tests] (";" / block) */
static bool
parse_command(struct parser *p, struct sieve_node *n)
{
	if (p->t.kind != SIEVE_WORD)
		return expected(p, "the name of a command");
	advance(p);
	if (!parse_arguments(p, n) || !parse_tests(p, n))
		return false;
	if (is_sign(p, '{'))
		return parse_block(p, n);
	if (!is_sign(p, ';'))
		return expected(p, "';' or '{' behind the command");
	advance(p);
	return true;
}

static struct sieve_node *
parse_commands(struct parser *p, bool in_block)
{
	struct sieve_node *first = NULL;
	struct sieve_node **tail = &first;

	while (p->t.kind != SIEVE_END) {
		const uint32_t depth = p->depth;
		struct sieve_node *n;

		if (is_sign(p, '}')) {
			if (in_block)
				break;
			expected(p, "the name of a command");
			advance(p);
			continue;
		}
		n = *tail = new_node(p);
		tail = &n->next;
		if (!parse_command(p, n)) {
			n->broken = true;
			p->depth = depth;
			recover(p, n);
		}
	}
	return first;
}

struct sieve_node *
sieve_parse(struct slice text, struct slice script, struct arena *a,
    const struct sieve_limits *limits, struct sieve_report *report)
{
	struct parser p = { .arena = a, .limits = limits };

	if (text.n > limits->script_bytes) {
		sieve_report_error(report, script, (struct sieve_pos){ 1, 1 },
		    "the script has %zu bytes: at most %zu are allowed", text.n,
		    limits->script_bytes);
		return NULL;
	}
	sieve_lex_init(&p.lex, text, script, a, report);
	advance(&p);
	return parse_commands(&p, false);
}

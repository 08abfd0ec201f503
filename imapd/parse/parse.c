/* SPDX-License-Identifier: ISC */
#include "imapd/parse/parse.h"
#include "proto/seqset.h"

#include "base/ascii.h"

struct parse
parse_of(struct slice text, struct arena *arena)
{
	return (struct parse){ .c = cur_of(text), .arena = arena };
}

void
parse_fail(struct parse *p, const char *what)
{
	cur_fail(&p->c);
	if (p->why == NULL)
		p->why = what;
}

bool
parse_end(struct parse *p)
{
	if (parse_ok(p) && !cur_end(&p->c))
		parse_fail(p, "expected the end of the command");
	return parse_ok(p);
}

bool
parse_try_space(struct parse *p)
{
	return cur_try_byte(&p->c, ' ');
}

void
parse_space(struct parse *p)
{
	if (!parse_try_space(p))
		parse_fail(p, "expected a space");
}

bool
parse_try_open(struct parse *p)
{
	return cur_try_byte(&p->c, '(');
}

void
parse_open(struct parse *p)
{
	if (!parse_try_open(p))
		parse_fail(p, "expected an opening parenthesis");
}

bool
parse_try_close(struct parse *p)
{
	return cur_try_byte(&p->c, ')');
}

bool
parse_next(struct parse *p)
{
	if (parse_try_space(p))
		return true;
	if (!parse_try_close(p))
		parse_fail(p, "expected a space or a closing parenthesis");
	return false;
}

/* atom-specials: "(" ")" "{" SP CTL list-wildcards quoted-specials "]" */
bool
parse_is_atom_char(char c)
{
	static const struct slice specials = { "(){ %*\"\\]", 9 };

	return c > ' ' && c < 0x7f && slice_find(specials, c) == specials.n;
}

static bool
is_astring_char(char c)
{
	return parse_is_atom_char(c) || c == ']';
}

static bool
is_list_char(char c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

static bool
is_name_char(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-';
}

bool
parse_is_tag(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_astring_char(s.p[i]) || s.p[i] == '+')
			return false;
	return s.n > 0;
}

bool
parse_try_word(struct parse *p, const char *word)
{
	struct cur c = p->c;

	if (!cur_try(&c, word))
		return false;
	if (cur_peek(&c) != -1 && parse_is_atom_char((char)cur_peek(&c)))
		return false;
	p->c = c;
	return true;
}

static struct slice
read_while(struct parse *p, bool (*is)(char), const char *what)
{
	const struct slice s = cur_while(&p->c, is);

	if (s.n == 0)
		parse_fail(p, what);
	return s;
}

struct slice
parse_atom(struct parse *p)
{
	return read_while(p, parse_is_atom_char, "expected an atom");
}

struct slice
parse_name(struct parse *p)
{
	return read_while(p, is_name_char, "expected a name");
}

/* Up to the closing quote, which is read too; ESCAPED when there are
 * backslashes to take off. */
static struct slice
quoted_text(struct parse *p, bool *escaped)
{
	const char *from = p->c.p;

	*escaped = false;
	while (cur_left(&p->c) > 0 && cur_peek(&p->c) != '"') {
		const int b = cur_byte(&p->c);

		if (b == '\r' || b == '\n' || b == '\0')
			parse_fail(p, "line break in a quoted string");
		if (b != '\\')
			continue;
		*escaped = true;
		if (cur_peek(&p->c) != '"' && cur_peek(&p->c) != '\\')
			parse_fail(p, "expected \\\" or \\\\ in a string");
		cur_byte(&p->c);
	}
	if (!cur_try_byte(&p->c, '"'))
		parse_fail(p, "expected a closing quote");
	return slice_of(from, (size_t)(p->c.p - from) - parse_ok(p));
}

static struct slice
read_quoted(struct parse *p)
{
	bool escaped;
	struct slice s;
	size_t n = 0;
	char *to;

	cur_byte(&p->c);
	s = quoted_text(p, &escaped);
	if (!parse_ok(p))
		return (struct slice){ "", 0 };
	if (!escaped)
		return s;
	to = arena_alloc(p->arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		i += s.p[i] == '\\';
		to[n++] = s.p[i];
	}
	return slice_of(to, n);
}

/* "{" number "}" CRLF *CHAR8; the reader has made sure that it is whole. */
static struct slice
read_literal(struct parse *p)
{
	struct slice s = { "", 0 };
	uint64_t n;

	cur_lit(&p->c, "{");
	n = cur_u64(&p->c, SIZE_MAX / 2);
	cur_try_byte(&p->c, '+');
	cur_lit(&p->c, "}\r\n");
	if (cur_ok(&p->c))
		s = cur_take(&p->c, (size_t)n);
	if (!cur_ok(&p->c) || slice_find(s, '\0') < s.n)
		parse_fail(p, "NUL in a literal");
	return s;
}

struct slice
parse_string(struct parse *p)
{
	const int b = parse_peek(p);

	if (b == '"')
		return read_quoted(p);
	if (b == '{')
		return read_literal(p);
	parse_fail(p, "expected a string");
	return (struct slice){ "", 0 };
}

static struct slice
string_or(struct parse *p, bool (*is)(char), const char *what)
{
	const int b = parse_peek(p);

	if (b == '"' || b == '{')
		return parse_string(p);
	return read_while(p, is, what);
}

struct slice
parse_astring(struct parse *p)
{
	return string_or(p, is_astring_char, "expected an atom or a string");
}

struct slice
parse_pattern(struct parse *p)
{
	return string_or(p, is_list_char, "expected a mailbox name or pattern");
}

struct slice
parse_nstring(struct parse *p)
{
	if (parse_try_word(p, "NIL"))
		return (struct slice){ NULL, 0 };
	return parse_string(p);
}

uint64_t
parse_number(struct parse *p, uint64_t max)
{
	const uint64_t n = cur_u64(&p->c, max);

	if (!parse_ok(p))
		parse_fail(p, "expected a number");
	return n;
}

uint64_t
parse_nz_number(struct parse *p, uint64_t max)
{
	const uint64_t n = parse_number(p, max);

	if (n == 0)
		parse_fail(p, "expected a number other than 0");
	return n;
}

static void
copy_seqset(struct seqset *to, const struct seqset *from, struct arena *a)
{
	to->n = from->n;
	to->v = arena_alloc(a, (from->n + 1) * sizeof *to->v);
	if (from->n > 0)
		memcpy(to->v, from->v, from->n * sizeof *to->v);
}

struct seqset
parse_seqset(struct parse *p)
{
	struct seqset set = { .n = 0 };

	if (parse_ok(p) && cur_try_byte(&p->c, '$')) {
		if (p->saved != NULL)
			copy_seqset(&set, p->saved, p->arena);
		set.uids = true;
	} else if (parse_ok(p))
		seqset_parse(&p->c, p->arena, &set);
	if (!parse_ok(p))
		parse_fail(p, "expected a set of numbers");
	return set;
}

/* Read backwards: what stands before the brace may be anything. */
bool
parse_literal(struct slice line, struct literal *l)
{
	size_t at = slice_rfind(line, '{');
	struct cur c = cur_of(slice_from(line, at + 1));
	struct slice digits;

	if (at == line.n)
		return false;
	digits = cur_while(&c, ascii_isdigit);
	l->nonsync = cur_try_byte(&c, '+');
	cur_lit(&c, "}");
	if (!cur_end(&c) || digits.n == 0)
		return false;
	c = cur_of(digits);
	l->size = cur_u64(&c, UINT64_MAX);
	if (!cur_ok(&c))
		l->size = UINT64_MAX;
	l->binary = at > 0 && line.p[at - 1] == '~';
	l->at = at - l->binary;
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "conf/lex.h"

#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"

struct lex {
	const struct conf_text *text;
	struct arena *arena;
	struct conf_items *items;
	struct conf_errors *errors;
	struct slice section;
	unsigned line;
	bool open;    /* the last item may go on in the next line */
	bool skip;    /* what goes on a bad line is not reported again */
	char *joined; /* room for the open value's lines */
	size_t room;
};

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_isdigit(c) || c == '_';
}

static bool
is_section(char c)
{
	return ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

bool
conf_lex_name_ok(struct slice name)
{
	struct cur c = cur_of(name);

	(void)cur_while(&c, is_name);
	return name.n > 0 && cur_end(&c);
}

/* LINE without its comment: a # at the start or behind a blank, outside of
 * quotes. */
static struct slice
strip_comment(struct slice line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		const char c = line.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == '#' &&
			 (i == 0 || ascii_isspace(line.p[i - 1])))
			return slice_sub(line, 0, i);
	}
	return line;
}

static struct conf_item *
add_item(struct lex *x)
{
	struct conf_items *s = x->items;

	s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n] =
	    (struct conf_item){ .section = x->section, .line = x->line };
	return &s->v[s->n++];
}

static void
lex_header(struct lex *x, struct slice line)
{
	struct slice name = slice_sub(line, 1, line.n - 2);
	struct cur c = cur_of(name);

	(void)cur_while(&c, is_section);
	if (line.p[line.n - 1] != ']' || name.n == 0 || !cur_end(&c)) {
		conf_errors_add(x->errors, x->text->name, x->line,
		    "expected [section] with letters, digits, - _ . between "
		    "the brackets");
		return;
	}
	x->section = name;
	add_item(x)->header = true;
}

static void
lex_param(struct lex *x, struct slice line)
{
	struct slice value;
	const struct slice name = slice_trim(slice_cut(line, '=', &value));
	struct conf_item *it;

	if (slice_find(line, '=') == line.n || !conf_lex_name_ok(name)) {
		conf_errors_add(x->errors, x->text->name, x->line,
		    "expected name = value, [section] or # comment, not "
		    "\"%.*s\"",
		    SLICE_FMT(slice_sub(line, 0, 60)));
		x->skip = true;
		return;
	}
	it = add_item(x);
	it->name = name;
	it->value = slice_trim(value);
	x->open = true;
	x->joined = NULL;
}

/* "name = value" behind a blank: meant as a parameter, not as more value. */
static bool
is_indented_param(struct slice line)
{
	struct slice value;
	const struct slice left = slice_cut(line, '=', &value);
	const struct slice name = slice_trim(left);

	return left.n < line.n && name.n < left.n && conf_lex_name_ok(name);
}

/* VALUE with LINE behind it.  The room doubles, so that ten thousand lines are
 * not copied ten thousand times. */
static void
join(struct lex *x, struct slice *value, struct slice line)
{
	const size_t n = value->n + 1 + line.n;

	if (value->p != x->joined || n > x->room) {
		x->room = 2 * n;
		x->joined = arena_alloc(x->arena, x->room);
		if (value->n > 0)
			memcpy(x->joined, value->p, value->n);
	}
	value->p = x->joined;
	if (value->n > 0)
		x->joined[value->n++] = ' ';
	memcpy(x->joined + value->n, line.p, line.n);
	value->n += line.n;
}

static void
lex_continuation(struct lex *x, struct slice line)
{
	if (x->skip)
		return;
	if (is_indented_param(line)) {
		conf_errors_add(x->errors, x->text->name, x->line,
		    "a line that begins with a blank continues the value "
		    "above: remove the blank before the parameter's name");
		return;
	}
	if (!x->open) {
		conf_errors_add(x->errors, x->text->name, x->line,
		    "this line begins with a blank, but there is no value "
		    "before it to continue");
		return;
	}
	join(x, &x->items->v[x->items->n - 1].value, line);
}

/* CR may only stand at the end (a file from another system). */
static bool
has_control(struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return true;
	return false;
}

/* One line; FROM and TO are its place in the text. */
static void
lex_line(struct lex *x, struct slice raw, size_t from, size_t to)
{
	const bool blank = raw.n > 0 && (raw.p[0] == ' ' || raw.p[0] == '\t');
	const struct slice line = slice_trim(strip_comment(raw));
	const size_t before = x->items->n;

	if (has_control(raw)) {
		conf_errors_add(x->errors, x->text->name, x->line,
		    "unexpected control character");
		x->open = false;
		return;
	}
	if (line.n == 0)
		return;
	if (blank) {
		lex_continuation(x, line);
	} else {
		x->open = x->skip = false;
		if (line.p[0] == '[')
			lex_header(x, line);
		else
			lex_param(x, line);
	}
	if (x->items->n > before)
		x->items->v[before].from = from;
	if (x->items->n > before || (blank && x->open))
		x->items->v[x->items->n - 1].to = to;
}

void
conf_lex(const struct conf_text *t, struct arena *a, struct conf_items *items,
    struct conf_errors *errors)
{
	struct lex x = { t, a, items, errors, { NULL, 0 }, 0, false, false,
		NULL, 0 };
	size_t at = 0;

	*items = (struct conf_items){ 0 };
	if (slice_starts(t->body, SLICE("\xef\xbb\xbf")))
		at = 3;
	while (at < t->body.n) {
		const struct slice rest = slice_from(t->body, at);
		const size_t len = slice_find(rest, '\n');
		const size_t next = at + len + (len < rest.n);

		x.line++;
		lex_line(&x, slice_sub(rest, 0, len), at, next);
		at = next;
	}
}

/* SPDX-License-Identifier: ISC */
#include "table/alias.h"

#include "base/ascii.h"
#include "proto/address.h"
#include "table/reader.h"

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The raw text of the next target: up to a comma or newline that is not in
 * quotes.  C fails at a quote that does not end. */
static struct slice
next_token(struct cur *c)
{
	const char *from = c->p;
	bool quoted = false;

	for (int b; (b = cur_peek(c)) != -1; (void)cur_byte(c)) {
		if (b == '\n' || (b == ',' && !quoted))
			break;
		if (b == '"')
			quoted = !quoted;
		else if (b == '\\' && quoted && cur_left(c) > 1)
			(void)cur_byte(c);
	}
	if (quoted)
		cur_fail(c);
	return slice_trim(slice_of(from, (size_t)(c->p - from)));
}

/* What S means: without the quotes around all of it, escapes undone. */
static struct slice
unquote(struct slice s, struct buf *out)
{
	buf_reset(out);
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		else if (s.p[i] == '"') /* ended before: not all of it */
			return s;
		buf_addc(out, s.p[i]);
	}
	return buf_slice(out);
}

static bool
is_path(struct slice s)
{
	return s.n > 1 && s.p[0] == '/' && s.p[s.n - 1] != '/';
}

static int
take_address(struct slice token, struct arena *arena, struct alias_target *t,
    struct err *err)
{
	struct buf out;
	bool ok;

	t->kind = ALIAS_ADDRESS;
	t->final = slice_starts(token, SLICE("\\"));
	buf_init(&out, ADDRESS_MAX);
	ok = address_parse(
	    slice_from(token, t->final), ADDRESS_UTF8 | ADDRESS_BARE, &out);
	t->text = arena_slice(arena, buf_slice(&out));
	buf_fini(&out);
	if (!ok)
		return err_set(err, ERR_PERM,
		    "expected an address, |command, :include:/file or "
		    "\\name");
	return 0;
}

/* |command may have its quotes inside as well: |"command". */
static int
take_command(struct slice meant, struct arena *arena, struct alias_target *t,
    struct err *err)
{
	struct buf out;

	buf_init(&out, TABLE_VALUE_MAX);
	meant = unquote(slice_trim(slice_from(meant, 1)), &out);
	t->kind = ALIAS_COMMAND;
	t->text = arena_slice(arena, slice_trim(meant));
	buf_fini(&out);
	if (t->text.n == 0)
		return err_set(err, ERR_PERM, "expected a command");
	return 0;
}

static int
take_target(struct slice token, struct slice meant, struct arena *arena,
    struct alias_target *t, struct err *err)
{
	for (size_t i = 0; i < token.n; i++)
		if (is_control(token.p[i]) && token.p[i] != '\t')
			return err_set(err, ERR_PERM, "no control characters");
	if (slice_starts(meant, SLICE("|")))
		return take_command(meant, arena, t, err);
	if (slice_istarts(meant, SLICE(":include:"))) {
		t->kind = ALIAS_INCLUDE;
		meant = slice_from(meant, sizeof ":include:" - 1);
	} else if (slice_starts(meant, SLICE("/"))) {
		t->kind = ALIAS_FILE;
	} else {
		return take_address(token, arena, t, err);
	}
	t->text = arena_slice(arena, meant);
	if (!is_path(meant))
		return err_set(
		    err, ERR_PERM, "expected a path that begins with /");
	return 0;
}

static void
skip_line(struct cur *c)
{
	while (cur_peek(c) != -1 && cur_peek(c) != '\n')
		(void)cur_byte(c);
}

/* Blanks, commas, empty lines and comments before a target. */
static void
skip_between(struct cur *c, bool line_start)
{
	for (;;) {
		const int b = cur_peek(c);

		if (b == '\n')
			line_start = true;
		else if (b == ',')
			line_start = false;
		else if (b == '#' && line_start)
			skip_line(c);
		else if (b == -1 || !ascii_isspace((char)b))
			return;
		if (b != '#')
			(void)cur_byte(c);
	}
}

static size_t
line_of(struct slice list, struct slice token)
{
	size_t line = 1;

	for (const char *p = list.p; p < token.p; p++)
		line += *p == '\n';
	return line;
}

/* Read one after the other; with TARGETS NULL only count. */
static int
read_list(struct slice list, struct arena *arena, struct alias *a,
    struct buf *scratch, struct err *err)
{
	struct cur c = cur_of(list);

	a->n = 0;
	for (skip_between(&c, true); cur_left(&c) > 0;
	     skip_between(&c, false)) {
		const struct slice token = next_token(&c);

		a->bad = token;
		if (!cur_ok(&c))
			return err_set(err, ERR_PERM, "a quote does not end");
		if (a->n == ALIAS_TARGETS_MAX)
			return err_set(err, ERR_PERM, "more than %d targets",
			    ALIAS_TARGETS_MAX);
		if (a->targets != NULL &&
		    take_target(token, unquote(token, scratch), arena,
			&a->targets[a->n], err) == -1)
			return -1;
		a->n++;
	}
	if (a->n == 0)
		return err_set(err, ERR_PERM, "expected a target");
	return 0;
}

int
alias_parse(
    struct slice list, struct arena *arena, struct alias *a, struct err *err)
{
	struct buf scratch;
	int rc;

	*a = (struct alias){ .bad = slice_sub(list, 0, 0) };
	rc = read_list(list, arena, a, NULL, err);
	if (rc == 0) {
		a->targets = arena_alloc(arena, a->n * sizeof *a->targets);
		buf_init(&scratch, list.n);
		rc = read_list(list, arena, a, &scratch, err);
		buf_fini(&scratch);
	}
	a->line = line_of(list, a->bad);
	return rc;
}

/* A letter for the kind, the text, a newline; "!" is an address that is
 * final. */
static const char letters[] = { [ALIAS_ADDRESS] = 'A',
	[ALIAS_COMMAND] = 'C',
	[ALIAS_FILE] = 'F',
	[ALIAS_INCLUDE] = 'I' };

void
alias_put(const struct alias_target *t, struct buf *out)
{
	buf_addc(out, t->final ? '!' : letters[t->kind]);
	buf_add(out, t->text);
	buf_addc(out, '\n');
}

bool
alias_next(struct cur *c, struct alias_target *t)
{
	int letter;
	size_t kind = 0;

	*t = (struct alias_target){ 0 };
	if (cur_left(c) == 0)
		return false;
	letter = cur_byte(c);
	t->final = letter == '!';
	while (!t->final && kind < sizeof letters && letters[kind] != letter)
		kind++;
	t->kind = (enum alias_kind)kind;
	t->text = cur_until(c, '\n');
	if (kind == sizeof letters || t->text.n == 0)
		cur_fail(c);
	return cur_ok(c);
}

int
alias_check(struct slice key, struct slice value, struct err *err)
{
	struct err why = { 0 };
	struct arena arena;
	struct alias a;
	struct buf out;
	bool ok;
	int rc;

	buf_init(&out, ADDRESS_MAX);
	if (slice_starts(key, SLICE("@"))) {
		struct cur c = cur_of(slice_from(key, 1));

		address_domain(&c, ADDRESS_UTF8, &out);
		ok = cur_end(&c);
	} else {
		ok = address_parse(key, ADDRESS_UTF8 | ADDRESS_BARE, &out);
	}
	buf_fini(&out);
	if (!ok)
		return err_set(
		    err, ERR_PERM, "expected NAME@DOMAIN:, NAME: or @DOMAIN:");
	arena_init(&arena);
	rc = alias_parse(value, &arena, &a, &why);
	if (rc == -1)
		err_set(err, ERR_PERM, "%.*s%s%s",
		    SLICE_FMT(slice_sub(a.bad, 0, 100)),
		    a.bad.n > 0 ? ": " : "", why.text);
	arena_fini(&arena);
	return rc;
}

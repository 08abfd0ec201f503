/* SPDX-License-Identifier: ISC */
#include "table/command.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"

enum { ARG_MAX_BYTES = 16384, NAME_MAX_BYTES = 64 };

static const char *const macros[MACRO_COUNT] = {
	[MACRO_SENDER] = "sender",
	[MACRO_RECIPIENT] = "recipient",
	[MACRO_ORIGINAL] = "original_recipient",
	[MACRO_MAILBOX] = "mailbox",
	[MACRO_USER] = "user",
	[MACRO_EXTENSION] = "extension",
	[MACRO_DOMAIN] = "domain",
	[MACRO_QUEUE_ID] = "queue_id",
	[MACRO_SIZE] = "size",
	[MACRO_CLIENT_ADDRESS] = "client_address",
};

/* The macro that C stands at, behind "${", up to and with its "}". */
static int
take_macro(struct cur *c)
{
	const struct slice name = cur_until(c, '}');

	if (!cur_ok(c))
		return -1;
	for (int i = 0; i < MACRO_COUNT; i++)
		if (slice_is(name, macros[i]))
			return i;
	return -1;
}

static bool
are_macros(struct slice arg)
{
	struct cur c = cur_of(arg);

	while (cur_left(&c) > 0) {
		if (cur_try(&c, "${")) {
			if (take_macro(&c) == -1)
				return false;
		} else if (cur_try_byte(&c, '$'))
			return false;
		else
			(void)cur_take(&c, 1);
	}
	return true;
}

/* A word, without its quotes; false: one is missing. */
static bool
take_word(struct cur *c, struct buf *word)
{
	bool quoted = false;

	buf_reset(word);
	while (cur_left(c) > 0) {
		const char b = (char)cur_peek(c);

		if (!quoted && (b == ' ' || b == '\t'))
			break;
		(void)cur_take(c, 1);
		if (b == '"')
			quoted = !quoted;
		else
			buf_addc(word, b);
	}
	return !quoted && !word->failed;
}

static int
take_uid(struct slice text, struct table_command *c, struct err *err)
{
	struct cur n = cur_of(text);

	c->uid = (uint32_t)cur_u64(&n, UINT32_MAX - 1);
	if (!cur_end(&n) || c->uid == 0)
		return err_set(err, ERR_PERM,
		    "expected uid=NUMBER, of a user who is not root");
	return 0;
}

static int
take_arg(struct slice word, struct arena *arena, struct table_command *c,
    struct err *err)
{
	if (c->n == 0 && c->uid == 0 && slice_starts(word, SLICE("uid=")))
		return take_uid(slice_from(word, 4), c, err);
	if (c->n == 0 &&
	    (!slice_starts(word, SLICE("/")) || slice_find(word, '$') < word.n))
		return err_set(err, ERR_PERM,
		    "expected [uid=NUMBER] /PATH/PROGRAM ARGUMENT...");
	if (c->n == TABLE_COMMAND_ARGS_MAX)
		return err_set(err, ERR_PERM, "more than %d arguments",
		    TABLE_COMMAND_ARGS_MAX);
	if (!are_macros(word))
		return err_set(err, ERR_PERM,
		    "\"%.*s\": expected ${sender}, ${recipient}, "
		    "${original_recipient}, ${mailbox}, ${user}, ${extension}, "
		    "${domain}, ${queue_id}, ${size} or ${client_address}",
		    SLICE_FMT(slice_sub(word, 0, 60)));
	c->args[c->n++] = arena_slice(arena, word);
	return 0;
}

int
table_command_parse(struct slice value, struct arena *arena,
    struct table_command *c, struct err *err)
{
	struct cur in = cur_of(value);
	struct buf word = { .max = ARG_MAX_BYTES };
	int rc = 0;

	c->uid = 0;
	c->n = 0;
	cur_skip_blank(&in);
	while (rc == 0 && cur_left(&in) > 0) {
		if (!take_word(&in, &word))
			rc = err_set(err, ERR_PERM,
			    "a quote is missing, or a word too long");
		else
			rc = take_arg(buf_slice(&word), arena, c, err);
		cur_skip_blank(&in);
	}
	buf_fini(&word);
	if (rc == 0 && c->n == 0)
		rc = err_set(err, ERR_PERM, "expected /PATH/PROGRAM");
	return rc;
}

static void
fill(struct slice arg, const struct slice *values, struct buf *out)
{
	struct cur c = cur_of(arg);

	while (cur_left(&c) > 0) {
		if (cur_try(&c, "${"))
			buf_add(out, values[take_macro(&c)]);
		else
			buf_add(out, cur_take(&c, 1));
	}
}

char *
table_command_fill(
    struct slice arg, const struct slice *values, struct arena *arena)
{
	struct buf out = { .max = ARG_MAX_BYTES };
	char *text = NULL;

	/* Of a macro that is not known there is nothing. */
	if (!are_macros(arg))
		return NULL;
	fill(arg, values, &out);
	/* Whoever writes an address writes no options. */
	if (!out.failed && slice_find(buf_slice(&out), '\0') == out.n &&
	    (!slice_starts(buf_slice(&out), SLICE("-")) ||
		slice_starts(arg, SLICE("-"))))
		text = arena_str(arena, buf_slice(&out));
	buf_fini(&out);
	return text;
}

bool
table_command_is_name(struct slice key)
{
	for (size_t i = 0; i < key.n; i++)
		if (!ascii_isalnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_')
			return false;
	return key.n > 0 && key.n <= NAME_MAX_BYTES;
}

int
table_command_check(struct slice key, struct slice value, struct err *err)
{
	struct table_command c;
	struct arena arena;
	int rc;

	if (!table_command_is_name(key))
		return err_set(err, ERR_PERM,
		    "expected a name of letters, digits, - and _");
	arena_init(&arena);
	rc = table_command_parse(value, &arena, &c, err);
	arena_fini(&arena);
	return rc;
}

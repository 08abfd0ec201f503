/* SPDX-License-Identifier: ISC */
/* Questions about the account and where the script runs: mailboxes and their
 * annotations (RFC 5490, 8579, 9042), duplicate (7352), environment (5183),
 * spamtest and virustest (5235), external lists (6134). */
#include <stdio.h>

#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/words.h"

static const struct sieve_calls none;

static const struct sieve_calls *
calls_of(const struct sieve_exec *x)
{
	return x->env->calls != NULL ? x->env->calls : &none;
}

static enum found
ask_mailbox(struct sieve_exec *x, struct slice name)
{
	if (calls_of(x)->mailbox != NULL)
		return calls_of(x)->mailbox(x->env, name);
	return slice_iis(name, "INBOX") ? FOUND : ABSENT;
}

static enum found
ask_mailbox_id(struct sieve_exec *x, struct slice id)
{
	return calls_of(x)->mailbox_id != NULL
		   ? calls_of(x)->mailbox_id(x->env, id)
		   : ABSENT;
}

/* All of the names? */
static int
all_of(struct sieve_exec *x, const struct sieve_operand *o,
    enum found (*ask)(struct sieve_exec *x, struct slice name), bool *result)
{
	struct slice *names;
	size_t n;

	if (sieve_exec_strings(x, o, &names, &n) == -1)
		return -1;
	*result = true;
	for (size_t i = 0; i < n && *result; i++) {
		const enum found f = ask(x, names[i]);

		if (f == TEMPFAIL)
			return sieve_exec_later(x, "mailboxes");
		*result = f == FOUND;
		sieve_exec_trace(x, "  %.*s %s", SLICE_FMT(names[i]),
		    *result ? "exists" : "does not exist");
		if (sieve_exec_spend(x, 16) == -1)
			return -1;
	}
	return 0;
}

int
sieve_do_mailboxexists(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return all_of(x, &c->args[0], ask_mailbox, result);
}

int
sieve_do_mailboxidexists(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return all_of(x, &c->args[0], ask_mailbox_id, result);
}

int
sieve_do_specialuse_exists(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice mailbox = { NULL, 0 };
	struct slice *uses;
	size_t n;

	if ((c->args[0].kind != SIEVE_NONE &&
		sieve_exec_string(x, &c->args[0], &mailbox) == -1) ||
	    sieve_exec_strings(x, &c->args[1], &uses, &n) == -1)
		return -1;
	*result = calls_of(x)->special_use != NULL;
	for (size_t i = 0; i < n && *result; i++) {
		const enum found f =
		    calls_of(x)->special_use(x->env, mailbox, uses[i]);

		if (f == TEMPFAIL)
			return sieve_exec_later(x, "mailboxes");
		*result = f == FOUND;
	}
	return 0;
}

/* ---- annotations ---- */

static enum found
ask_metadata(struct sieve_exec *x, struct slice mailbox, struct slice name,
    struct slice *value)
{
	struct buf b;
	enum found f = ABSENT;

	buf_init(&b, x->limits->value_bytes);
	if (calls_of(x)->metadata != NULL)
		f = calls_of(x)->metadata(x->env, mailbox, name, &b);
	*value = arena_slice(&x->tmp, buf_slice(&b));
	buf_fini(&b);
	return f;
}

/* MAILBOX p == NULL: the server's. */
static int
match_metadata(struct sieve_exec *x, const struct sieve_call *c,
    struct slice mailbox, const struct sieve_operand *name,
    const struct sieve_operand *keys, bool *result)
{
	struct sieve_match m;
	struct slice annotation, value;
	enum found f;

	if (sieve_match_init(x, &m, c, keys) == -1 ||
	    sieve_exec_string(x, name, &annotation) == -1)
		return -1;
	f = ask_metadata(x, mailbox, annotation, &value);
	if (f == TEMPFAIL)
		return sieve_exec_later(x, "annotations");
	if (f == FOUND && sieve_match_value(x, &m, value) == -1)
		return -1;
	return sieve_match_end(x, &m, result);
}

int
sieve_do_metadata(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice mailbox;

	if (sieve_exec_string(x, &c->args[0], &mailbox) == -1)
		return -1;
	return match_metadata(x, c, mailbox, &c->args[1], &c->args[2], result);
}

int
sieve_do_servermetadata(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return match_metadata(
	    x, c, (struct slice){ NULL, 0 }, &c->args[0], &c->args[1], result);
}

static int
all_metadata(struct sieve_exec *x, struct slice mailbox,
    const struct sieve_operand *o, bool *result)
{
	struct slice *names;
	struct slice value;
	size_t n;

	if (sieve_exec_strings(x, o, &names, &n) == -1)
		return -1;
	*result = true;
	for (size_t i = 0; i < n && *result; i++) {
		const enum found f = ask_metadata(x, mailbox, names[i], &value);

		if (f == TEMPFAIL)
			return sieve_exec_later(x, "annotations");
		*result = f == FOUND;
	}
	return 0;
}

int
sieve_do_metadataexists(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice mailbox;

	if (sieve_exec_string(x, &c->args[0], &mailbox) == -1)
		return -1;
	return all_metadata(x, mailbox, &c->args[1], result);
}

int
sieve_do_servermetadataexists(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return all_metadata(x, (struct slice){ NULL, 0 }, &c->args[0], result);
}

/* ---- duplicate ---- */

/* What tells this message from others; false: it has nothing of that. */
static int
duplicate_id(struct sieve_exec *x, const struct sieve_call *c, struct slice *id,
    bool *known)
{
	const struct sieve_operand *o = sieve_call_tag(c, SIEVE_TAG_UNIQUEID);
	struct slice name = SLICE("Message-ID");

	*known = true;
	if (o != NULL)
		return sieve_exec_string(x, o, id);
	o = sieve_call_tag(c, SIEVE_TAG_HEADER);
	if (o != NULL && sieve_exec_string(x, o, &name) == -1)
		return -1;
	for (size_t i = 0; i < x->message->fields.n; i++) {
		struct sieve_field *f = &x->message->fields.list[i];

		if (!slice_ieq(f->name, name))
			continue;
		*id = sieve_message_text(&x->message->arena, f);
		return 0;
	}
	*known = false;
	return 0;
}

int
sieve_do_duplicate(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const struct sieve_operand *within =
	    sieve_call_tag(c, SIEVE_TAG_WITHIN);
	const struct sieve_operand *handle =
	    sieve_call_tag(c, SIEVE_TAG_HANDLE);
	struct sieve_seen seen = { .seconds = x->limits->duplicate_default_s,
		.handle = SLICE(""),
		.last = sieve_call_has(c, SIEVE_TAG_SINCE_LAST) };
	enum found f = ABSENT;
	bool known;

	if (duplicate_id(x, c, &seen.id, &known) == -1 ||
	    (handle != NULL &&
		sieve_exec_string(x, handle, &seen.handle) == -1))
		return -1;
	if (within != NULL) {
		const uint64_t s = sieve_exec_number(within);

		seen.seconds = s < x->limits->duplicate_max_s
				   ? (uint32_t)s
				   : x->limits->duplicate_max_s;
	}
	if (known && calls_of(x)->duplicate != NULL)
		f = calls_of(x)->duplicate(x->env, &seen);
	if (f == TEMPFAIL)
		return sieve_exec_later(x, "duplicates");
	*result = f == FOUND;
	return 0;
}

/* ---- environment ---- */

int
sieve_do_environment(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_match m;
	struct slice name;
	struct buf b;
	enum found f = ABSENT;

	if (sieve_match_init(x, &m, c, &c->args[1]) == -1 ||
	    sieve_exec_string(x, &c->args[0], &name) == -1)
		return -1;
	buf_init(&b, x->limits->value_bytes);
	if (calls_of(x)->item != NULL)
		f = calls_of(x)->item(x->env, name, &b);
	name = arena_slice(&x->tmp, buf_slice(&b));
	buf_fini(&b);
	if (f == TEMPFAIL)
		return sieve_exec_later(x, "environment");
	*result = false;
	if (f == ABSENT) /* whatever was asked (RFC 5183 4) */
		return 0;
	if (sieve_match_value(x, &m, name) == -1)
		return -1;
	return sieve_match_end(x, &m, result);
}

/* ---- scores ---- */

/* 0: not tested. */
static int
match_score(struct sieve_exec *x, const struct sieve_call *c,
    enum sieve_score_kind kind, bool *result)
{
	struct sieve_match m;
	char text[16];
	unsigned score = 0;
	enum found f = ABSENT;

	if (sieve_match_init(x, &m, c, &c->args[0]) == -1)
		return -1;
	if (calls_of(x)->score != NULL)
		f = calls_of(x)->score(x->env, kind, &score);
	if (f == TEMPFAIL)
		return sieve_exec_later(x, "scores");
	snprintf(text, sizeof text, "%u", f == FOUND ? score : 0);
	if (sieve_match_value(x, &m, slice_str(text)) == -1)
		return -1;
	return sieve_match_end(x, &m, result);
}

int
sieve_do_spamtest(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return match_score(x, c,
	    sieve_call_has(c, SIEVE_TAG_PERCENT) ? SIEVE_SCORE_PERCENT
						 : SIEVE_SCORE_SPAM,
	    result);
}

int
sieve_do_virustest(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return match_score(x, c, SIEVE_SCORE_VIRUS, result);
}

static enum found
ask_list(struct sieve_exec *x, struct slice name)
{
	return calls_of(x)->list != NULL
		   ? calls_of(x)->list(x->env, name, (struct slice){ NULL, 0 })
		   : ABSENT;
}

int
sieve_do_valid_ext_list(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	return all_of(x, &c->args[0], ask_list, result);
}

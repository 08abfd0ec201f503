/* SPDX-License-Identifier: ISC */
/* set (RFC 5229 4), error (RFC 5463 5), the flags of RFC 5232. */
#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "sieve/exec.h"
#include "sieve/flags.h"
#include "sieve/match.h"
#include "sieve/modify.h"
#include "sieve/words.h"

int
sieve_do_set(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct buf *slot = sieve_exec_slot(x, &c->args[0]);
	struct slice v;

	(void)result;
	if (sieve_exec_string(x, &c->args[1], &v) == -1 ||
	    sieve_modify(x, c, &v) == -1)
		return -1;
	sieve_exec_set(x, slot, v);
	sieve_exec_trace(x, "set \"%.*s\"", (int)(v.n > 160 ? 160 : v.n),
	    v.n > 0 ? v.p : "");
	return 0;
}

int
sieve_do_error(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice text;

	(void)result;
	if (sieve_exec_string(x, &c->args[0], &text) == -1)
		return -1;
	return sieve_exec_fail(
	    x, "%.*s", (int)(text.n > 200 ? 200 : text.n), text.p);
}

/* ---- flags ---- */

enum flags_op { SET, ADD, REMOVE };

static int
change(struct sieve_exec *x, const struct sieve_call *c, enum flags_op op)
{
	struct buf *slot = sieve_exec_slot(x, &c->args[0]);
	struct slice *list;
	size_t n;

	if (sieve_exec_strings(x, &c->args[1], &list, &n) == -1)
		return -1;
	if (slot == NULL)
		slot = &x->flags;
	if (op == SET)
		buf_reset(slot);
	for (size_t i = 0; i < n; i++) {
		if (sieve_exec_spend(x, 1 + slot->n * list[i].n / 64) == -1)
			return -1;
		if (op == REMOVE)
			sieve_flags_remove(slot, list[i]);
		else
			sieve_flags_add(slot, list[i]);
	}
	sieve_exec_trace(
	    x, "%s: %.*s", c->word->name, SLICE_FMT(buf_slice(slot)));
	return 0;
}

int
sieve_do_setflag(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	(void)result;
	return change(x, c, SET);
}

int
sieve_do_addflag(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	(void)result;
	return change(x, c, ADD);
}

int
sieve_do_removeflag(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	(void)result;
	return change(x, c, REMOVE);
}

/* The keys are lists of flags, too: each flag is a key. */
static int
split_keys(struct sieve_exec *x, struct sieve_match *m)
{
	size_t room = 1;
	size_t n = 0;
	struct slice *keys;
	struct slice one;

	for (size_t i = 0; i < m->nkeys; i++)
		room += m->keys[i].n / 2 + 1;
	if (sieve_exec_spend(x, room) == -1)
		return -1;
	keys = arena_alloc(&x->tmp, room * sizeof *keys);
	for (size_t i = 0; i < m->nkeys; i++) {
		struct slice rest = m->keys[i];

		while (sieve_flags_next(&rest, &one))
			keys[n++] = one;
	}
	m->keys = keys;
	m->raw = keys;
	m->nkeys = n;
	return 0;
}

static int
match_flags(struct sieve_exec *x, struct sieve_match *m, struct slice flags)
{
	struct slice one;
	struct buf each;

	/* Each flag counts once (RFC 5232 4). */
	if (sieve_exec_spend(x, 1 + flags.n * flags.n / 64) == -1)
		return -1;
	buf_init(&each, x->limits->value_bytes);
	sieve_flags_add(&each, flags);
	flags = arena_slice(&x->tmp, buf_slice(&each));
	buf_fini(&each);
	while (sieve_flags_next(&flags, &one)) {
		const int rc = sieve_match_value(x, m, one);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
sieve_do_hasflag(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct buf **slots;
	struct sieve_match m;
	size_t n;
	int rc = 0;

	if (sieve_match_init(x, &m, c, &c->args[1]) == -1 ||
	    (m.type != SIEVE_MATCH_COUNT && split_keys(x, &m) == -1) ||
	    sieve_exec_slots(x, &c->args[0], &slots, &n) == -1)
		return -1;
	if (c->args[0].kind == SIEVE_NONE)
		rc = match_flags(x, &m, buf_slice(&x->flags));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = match_flags(x, &m, buf_slice(slots[i]));
	return rc == -1 ? -1 : sieve_match_end(x, &m, result);
}

/* SPDX-License-Identifier: ISC */
/* addheader and deleteheader (RFC 5293). */
#include "base/mem.h"
#include "sieve/address.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/parts.h"
#include "sieve/words.h"

/* What loops and robots are known by (RFC 5293 6). */
static bool
is_protected(struct slice name)
{
	static const char *const names[] = { "Received", "Auto-Submitted",
		"Delivered-To", "X-Sieve-Redirected-From" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(name, names[i]))
			return true;
	return false;
}

static bool
may_edit(struct sieve_exec *x, struct slice name, bool add)
{
	const struct sieve_calls *calls = x->env->calls;

	if (!add && is_protected(name))
		return false;
	return calls == NULL || calls->may_edit == NULL ||
	       calls->may_edit(x->env, name, add);
}

static int
take_name(struct sieve_exec *x, const struct sieve_call *c, struct slice *name)
{
	if (sieve_exec_string(x, &c->args[0], name) == -1)
		return -1;
	if (sieve_address_is_field_name(*name))
		return 0;
	return sieve_exec_fail(x, "%s: field name '%.*s' is invalid",
	    c->word->name, (int)(name->n > 60 ? 60 : name->n), name->p);
}

int
sieve_do_addheader(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice name, value;

	(void)result;
	if (take_name(x, c, &name) == -1 ||
	    sieve_exec_string(x, &c->args[1], &value) == -1)
		return -1;
	if (!sieve_address_is_field_value(value))
		return sieve_exec_fail(x, "addheader: invalid value");
	if (name.n + value.n > x->limits->field_bytes)
		return sieve_exec_fail(x,
		    "addheader: a field of more than %zu bytes",
		    x->limits->field_bytes);
	if (!may_edit(x, name, true)) {
		sieve_exec_trace(x, "addheader %.*s: not allowed, left out",
		    SLICE_FMT(name));
		return 0;
	}
	sieve_message_add(
	    x->message, name, value, sieve_call_has(c, SIEVE_TAG_AT_END));
	sieve_exec_trace(x, "addheader %.*s: %.*s", SLICE_FMT(name),
	    (int)(value.n > 160 ? 160 : value.n), value.n > 0 ? value.p : "");
	return sieve_exec_spend(x, 1 + x->message->fields.n / 8);
}

struct deletion {
	struct sieve_selected selected;
	struct sieve_exec *x;
	struct sieve_match match;
	bool any; /* whatever its value */
	bool *chosen;
};

static int
on_field(struct sieve_selected *s, size_t i)
{
	struct deletion *d = OUTER(s, struct deletion, selected);
	struct sieve_field *f = &d->x->message->fields.list[i];
	int rc = 1;

	if (!d->any)
		rc = sieve_match_value(d->x, &d->match,
		    sieve_message_text(&d->x->message->arena, f));
	d->chosen[i] = rc == 1;
	return rc == -1 ? -1 : 0;
}

int
sieve_do_deleteheader(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct deletion d = { .selected = { on_field },
		.x = x,
		.any = c->args[1].kind == SIEVE_NONE };
	const size_t n = x->message->fields.n;
	struct slice name;

	(void)result;
	if (take_name(x, c, &name) == -1 ||
	    (!d.any && sieve_match_init(x, &d.match, c, &c->args[1]) == -1) ||
	    sieve_exec_spend(x, 1 + n / 8) == -1)
		return -1;
	if (!may_edit(x, name, false)) {
		sieve_exec_trace(
		    x, "deleteheader %.*s: not allowed", SLICE_FMT(name));
		return 0;
	}
	d.chosen = arena_alloc(&x->tmp, (n + 1) * sizeof *d.chosen);
	if (sieve_parts_select(c, &x->message->fields, name, SIEVE_TAG_NTH,
		SIEVE_TAG_FROM_END, &d.selected) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (d.chosen[i])
			sieve_exec_trace(
			    x, "deleteheader %.*s", SLICE_FMT(name));
	sieve_message_delete(x->message, d.chosen);
	return 0;
}

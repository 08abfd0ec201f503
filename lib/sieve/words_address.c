/* SPDX-License-Identifier: ISC */
/* address and envelope with their parts (RFC 5228 5.1, 5.4; RFC 5233). */
#include "base/buf.h"
#include "base/mem.h"
#include "mime/addrlist.h"
#include "proto/address.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/parts.h"
#include "sieve/words.h"

enum { ADDRESSES_MAX = 1000, ADDRESS_BYTES = 4096 };

struct address_test {
	struct sieve_selected selected;
	struct sieve_exec *x;
	const struct sieve_call *call;
	struct sieve_match match;
	struct sieve_fields *fields;
};

/* Where the detail of LOCAL begins: behind the first delimiter. */
static size_t
delimiter_in(const struct sieve_env *env, struct slice local)
{
	const struct slice d =
	    env->delimiters.n > 0 ? env->delimiters : SLICE("+");
	size_t i = 0;

	while (i < local.n && slice_find(d, local.p[i]) == d.n)
		i++;
	return i;
}

/* The part of LOCAL@DOMAIN that CALL asks for; false: it has no such part. */
static bool
part_of(const struct address_test *t, struct slice local, struct slice domain,
    struct buf *out)
{
	const struct sieve_call *const c = t->call;
	const size_t at = delimiter_in(t->x->env, local);
	const struct slice user = slice_sub(local, 0, at);
	const struct slice detail = slice_from(local, at + 1);

	if (sieve_call_has(c, SIEVE_TAG_LOCALPART)) {
		buf_add(out, local);
	} else if (sieve_call_has(c, SIEVE_TAG_DOMAIN)) {
		buf_add(out, domain);
		return domain.n > 0;
	} else if (sieve_call_has(c, SIEVE_TAG_USER)) {
		buf_add(out, user);
	} else if (sieve_call_has(c, SIEVE_TAG_DETAIL)) {
		buf_add(out, detail);
		return user.n < local.n;
	} else {
		buf_add(out, local);
		if (domain.n > 0) {
			buf_addc(out, '@');
			buf_add(out, domain);
		}
	}
	return true;
}

static int
match_address(struct address_test *t, struct slice local, struct slice domain)
{
	struct buf b;
	int rc = 0;

	buf_init(&b, local.n + domain.n + 2);
	if (part_of(t, local, domain, &b)) {
		const struct slice value =
		    arena_slice(&t->x->tmp, buf_slice(&b));

		rc = sieve_match_value(
		    t->x, &t->match, value.p == NULL ? SLICE("") : value);
	}
	buf_fini(&b);
	return rc;
}

static int
on_field(struct sieve_selected *s, size_t i)
{
	struct address_test *t = OUTER(s, struct address_test, selected);
	struct sieve_field *f = &t->fields->list[i];
	struct addrlist_item *a;
	int rc = 0;

	if (sieve_exec_spend(t->x, 1 + f->value.n / 16) == -1)
		return -1;
	a = addrlist_parse(&t->x->tmp, f->value, ADDRESSES_MAX);
	for (; a != NULL && rc == 0; a = a->next)
		if (a->kind == ADDRLIST_MAILBOX && a->mailbox.n > 0)
			rc = match_address(t, a->mailbox, a->host);
	return rc;
}

int
sieve_do_address(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct address_test t = { .selected = { on_field }, .x = x, .call = c };
	struct sieve_fields **lists;
	struct slice *names;
	size_t nlists, nnames;
	int rc = 0;

	if (sieve_match_init(x, &t.match, c, &c->args[1]) == -1 ||
	    sieve_exec_strings(x, &c->args[0], &names, &nnames) == -1 ||
	    sieve_parts_headers(x, c, &lists, &nlists) == -1)
		return -1;
	for (size_t l = 0; l < nlists && rc == 0; l++) {
		t.fields = lists[l];
		for (size_t i = 0; i < nnames && rc == 0; i++)
			rc = sieve_parts_select(c, t.fields, names[i],
			    SIEVE_TAG_INDEX, SIEVE_TAG_LAST, &t.selected);
	}
	return rc == -1 ? -1 : sieve_match_end(x, &t.match, result);
}

/* ---- envelope ---- */

static bool
is_whole(const struct sieve_call *c)
{
	return !sieve_call_has(c, SIEVE_TAG_LOCALPART) &&
	       !sieve_call_has(c, SIEVE_TAG_USER) &&
	       !sieve_call_has(c, SIEVE_TAG_DETAIL);
}

static int
match_path(struct address_test *t, struct slice path)
{
	struct slice local, domain;

	if (path.n == 0)
		return sieve_match_value(t->x, &t->match, SLICE(""));
	address_split(path, &local, &domain);
	/* Quotes are how it is written, not what it is. */
	if (!is_whole(t->call) && local.n >= 2 && local.p[0] == '"')
		local = slice_sub(local, 1, local.n - 2);
	return match_address(t, local, domain);
}

int
sieve_do_envelope(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct address_test t = { .x = x, .call = c };
	struct slice *parts;
	size_t n;
	int rc = 0;

	if (sieve_match_init(x, &t.match, c, &c->args[1]) == -1 ||
	    sieve_exec_strings(x, &c->args[0], &parts, &n) == -1)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (slice_iis(parts[i], "from") && x->env->from.p != NULL)
			rc = match_path(&t, x->env->from);
		else if (slice_iis(parts[i], "to") && x->env->to.p != NULL)
			rc = match_path(&t, x->env->to);
		else if (slice_iis(parts[i], "auth") && x->env->auth.n > 0)
			rc = sieve_match_value(x, &t.match, x->env->auth);
	}
	return rc == -1 ? -1 : sieve_match_end(x, &t.match, result);
}

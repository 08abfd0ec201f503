/* SPDX-License-Identifier: ISC */
/* notify and its tests (RFC 5435), by mailto: (RFC 5436). */
#include <string.h>

#include "sieve/actions.h"
#include "sieve/address.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/words.h"

static bool
is_method(struct sieve_exec *x, struct slice uri)
{
	struct sieve_mailto m;
	const char *why;

	return sieve_mailto_parse(
	    &x->tmp, uri, x->code->lang.utf8_addresses, &m, &why);
}

int
sieve_do_valid_notify_method(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice *uris;
	size_t n;

	if (sieve_exec_strings(x, &c->args[0], &uris, &n) == -1)
		return -1;
	*result = true;
	for (size_t i = 0; i < n && *result; i++) {
		*result = is_method(x, uris[i]);
		if (sieve_exec_spend(x, 1 + uris[i].n / 16) == -1)
			return -1;
	}
	return 0;
}

/* Of mailto: nobody knows whether somebody reads his mail. */
int
sieve_do_notify_method_capability(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_match m;
	struct slice uri, what;

	if (sieve_match_init(x, &m, c, &c->args[2]) == -1 ||
	    sieve_exec_string(x, &c->args[0], &uri) == -1 ||
	    sieve_exec_string(x, &c->args[1], &what) == -1)
		return -1;
	if (is_method(x, uri) && slice_iis(what, "online") &&
	    sieve_match_value(x, &m, SLICE("maybe")) == -1)
		return -1;
	return sieve_match_end(x, &m, result);
}

/* ---- notify ---- */

static bool
is_notified(const struct sieve_result *r, struct slice address)
{
	for (const struct sieve_action *a = r->first; a != NULL; a = a->next)
		for (size_t i = 0;
		     a->notify != NULL && i < a->notify->mail.nrcpts; i++)
			if (slice_ieq(
				a->notify->mail.rcpts[i].address, address))
				return true;
	return false;
}

/* Each address is notified once of a message. */
static void
drop_notified(const struct sieve_result *r, struct sieve_mailto *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nrcpts; i++) {
		bool known = is_notified(r, m->rcpts[i].address);

		for (size_t k = 0; k < n && !known; k++)
			known =
			    slice_ieq(m->rcpts[k].address, m->rcpts[i].address);
		if (!known)
			m->rcpts[n++] = m->rcpts[i];
	}
	m->nrcpts = n;
}

/* Notices beget none (RFC 5436 2.7.1). */
static bool
is_automatic(struct sieve_exec *x)
{
	for (size_t i = 0; i < x->message->fields.n; i++) {
		struct sieve_field *f = &x->message->fields.list[i];

		if (slice_iis(f->name, "Auto-Submitted") &&
		    !slice_iis(sieve_message_text(&x->message->arena, f), "no"))
			return true;
	}
	return false;
}

static int
take(struct sieve_exec *x, const struct sieve_call *c, int tag,
    struct slice *out)
{
	const struct sieve_operand *o = sieve_call_tag(c, tag);

	*out = SLICE("");
	if (o == NULL)
		return 0;
	if (sieve_exec_string(x, o, out) == -1)
		return -1;
	*out = sieve_exec_keep(x, *out);
	return 0;
}

static int
take_arguments(
    struct sieve_exec *x, const struct sieve_call *c, struct sieve_notify *n)
{
	struct slice importance, from;
	const char *why;

	if (take(x, c, SIEVE_TAG_FROM, &from) == -1 ||
	    take(x, c, SIEVE_TAG_MESSAGE, &n->message) == -1 ||
	    take(x, c, SIEVE_TAG_IMPORTANCE, &importance) == -1 ||
	    sieve_exec_string(x, &c->args[0], &n->method) == -1)
		return -1;
	n->method = sieve_exec_keep(x, n->method);
	n->importance = '2';
	if (importance.n == 1 && importance.p[0] >= '1' &&
	    importance.p[0] <= '3')
		n->importance = importance.p[0];
	n->from = SLICE("");
	if (from.n > 0 && !sieve_address_parse(&x->result->arena, from,
			      x->code->lang.utf8_addresses, &n->from))
		return sieve_exec_fail(x, "notify: invalid :from address");
	if (sieve_actions_sender(x, &n->from, SLICE("")) == -1)
		return -1;
	if (!sieve_mailto_parse(&x->result->arena, n->method,
		x->code->lang.utf8_addresses, &n->mail, &why))
		return sieve_exec_fail(x, "notify: invalid method: %s", why);
	return sieve_exec_spend(x, 16);
}

int
sieve_do_notify(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_action a = { .kind = SIEVE_NOTIFY };
	struct sieve_notify *n =
	    arena_new(&x->result->arena, struct sieve_notify);
	bool twice;

	(void)result;
	if (take_arguments(x, c, n) == -1)
		return -1;
	drop_notified(x->result, &n->mail);
	a.silent = is_automatic(x) || n->mail.nrcpts == 0;
	a.notify = n;
	if (sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	sieve_exec_trace(x, "notify %.*s%s", SLICE_FMT(n->method),
	    a.silent ? ": nobody, for the message is automatic or they know it"
		     : "");
	return 0;
}

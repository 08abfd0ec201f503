/* SPDX-License-Identifier: ISC */
/* notify and its tests (RFC 5435), by mailto: (RFC 5436). */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sieve/actions.h"
#include "sieve/address.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/words.h"

enum { OPTIONS_MAX = 8 }; /* as many as a mailto: has */

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
		for (size_t i = 0; a->notify != NULL && !a->silent &&
				   i < a->notify->mail.nrcpts;
		     i++)
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

static int
add(struct sieve_exec *x, struct sieve_notify *n)
{
	struct sieve_action a = { .kind = SIEVE_NOTIFY, .notify = n };
	bool twice;

	drop_notified(x->result, &n->mail);
	a.silent = is_automatic(x) || n->mail.nrcpts == 0;
	if (sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	sieve_exec_trace(x, "notify %.*s%s", SLICE_FMT(n->method),
	    a.silent ? ": nobody, for the message is automatic or they know it"
		     : "");
	return 0;
}

int
sieve_do_notify(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_notify *n =
	    arena_new(&x->result->arena, struct sieve_notify);

	(void)result;
	return take_arguments(x, c, n) == -1 ? -1 : add(x, n);
}

/* ---- notify as the draft before RFC 5435 had it ---- */

static struct slice
field_of(struct sieve_exec *x, const char *name)
{
	for (size_t i = 0; i < x->message->fields.n; i++) {
		struct sieve_field *f = &x->message->fields.list[i];

		if (slice_iis(f->name, name))
			return sieve_message_text(&x->message->arena, f);
	}
	return SLICE("");
}

/* TEXT with what stands for parts of the message. */
static struct slice
fill_in(struct sieve_exec *x, struct slice text)
{
	const struct {
		const char *word;
		struct slice value;
	} words[] = { { "$from$", field_of(x, "From") },
		{ "$env-from$", x->env->from },
		{ "$subject$", field_of(x, "Subject") } };
	struct buf out = { .max = x->limits->value_bytes };
	struct slice kept;

	while (text.n > 0) {
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_LEN(words) && n == 0; i++)
			if (slice_starts(text, slice_str(words[i].word))) {
				n = strlen(words[i].word);
				buf_add(&out, words[i].value);
			}
		if (n == 0)
			buf_addc(&out, text.p[0]);
		text = slice_from(text, n > 0 ? n : 1);
	}
	kept = sieve_exec_keep(x, out.failed ? SLICE("") : buf_slice(&out));
	buf_fini(&out);
	return kept;
}

static int
take_recipients(
    struct sieve_exec *x, const struct sieve_operand *o, struct sieve_mailto *m)
{
	struct slice *to;
	size_t n;

	if (sieve_exec_strings(x, o, &to, &n) == -1)
		return -1;
	if (n > OPTIONS_MAX)
		return sieve_exec_fail(x, "notify: too many addresses");
	m->rcpts = arena_alloc(&x->result->arena, (n + 1) * sizeof *m->rcpts);
	for (size_t i = 0; i < n; i++) {
		struct sieve_mailto_rcpt *r = &m->rcpts[m->nrcpts++];

		*r = (struct sieve_mailto_rcpt){ .place = 't' };
		if (!sieve_address_parse(&x->result->arena, to[i],
			x->code->lang.utf8_addresses, &r->address))
			return sieve_exec_fail(
			    x, "notify: invalid address in :options");
		r->text = r->address;
	}
	return 0;
}

static char
importance_of(const struct sieve_call *c)
{
	return sieve_call_has(c, SIEVE_TAG_HIGH)     ? '1'
	       : sieve_call_has(c, SIEVE_TAG_NORMAL) ? '2'
	       : sieve_call_has(c, SIEVE_TAG_LOW)    ? '3'
						     : '\0';
}

int
sieve_do_old_notify(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const struct sieve_operand *to = sieve_call_tag(c, SIEVE_TAG_OPTIONS);
	struct sieve_notify *n =
	    arena_new(&x->result->arena, struct sieve_notify);
	struct slice method, text;

	(void)result;
	if (take(x, c, SIEVE_TAG_METHOD, &method) == -1 ||
	    take(x, c, SIEVE_TAG_ID, &n->id) == -1 ||
	    take(x, c, SIEVE_TAG_MESSAGE, &text) == -1 ||
	    sieve_actions_sender(x, &n->from, SLICE("")) == -1 ||
	    (to != NULL && take_recipients(x, to, &n->mail) == -1))
		return -1;
	if (method.n > 0 && !slice_iis(method, "mailto"))
		return sieve_exec_fail(x, "notify: unknown method");
	n->method = SLICE("mailto");
	n->importance = importance_of(c) != '\0' ? importance_of(c) : '2';
	n->mail.body =
	    fill_in(x, text.n > 0 ? text : SLICE("$from$: $subject$"));
	return sieve_exec_spend(x, 16 + n->mail.body.n / 16) == -1 ? -1
								   : add(x, n);
}

/* Those of this script that are not sent yet, by :id or importance or all. */
int
sieve_do_denotify(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const bool any = c->args[0].kind == SIEVE_NONE;
	const char importance = importance_of(c);
	struct sieve_match m;
	int rc;

	(void)result;
	if (!any && sieve_match_init(x, &m, c, &c->args[0]) == -1)
		return -1;
	for (struct sieve_action *a = x->result->first; a != NULL;
	     a = a->next) {
		if (a->kind != SIEVE_NOTIFY || a->settled || a->silent ||
		    (importance != '\0' && a->notify->importance != importance))
			continue;
		rc = any ? 1 : sieve_match_value(x, &m, a->notify->id);
		if (rc == -1)
			return -1;
		if (rc == 0)
			continue;
		a->silent = true;
		sieve_exec_trace(x, "denotify %.*s", SLICE_FMT(a->notify->id));
	}
	return sieve_exec_spend(x, 16);
}

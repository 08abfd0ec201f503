/* SPDX-License-Identifier: ISC */
/* keep, discard, fileinto, redirect, reject and ereject (RFC 5228 4, RFC 5429),
 * with their tags (RFC 3894, 5232, 5490, 8579, 9042). */
#include "base/buf.h"
#include "base/utf8.h"
#include "sieve/actions.h"
#include "sieve/address.h"
#include "sieve/exec.h"
#include "sieve/flags.h"
#include "sieve/words.h"

/* What :flags says, or the variable of imap4flags, if it is in use. */
static int
take_flags(
    struct sieve_exec *x, const struct sieve_call *c, struct sieve_action *a)
{
	const struct sieve_operand *o = sieve_call_tag(c, SIEVE_TAG_FLAGS);
	struct slice *list;
	struct buf b;
	size_t n;

	if (o == NULL) {
		a->flags = sieve_actions_flags(x);
		return 0;
	}
	if (sieve_exec_strings(x, o, &list, &n) == -1)
		return -1;
	buf_init(&b, x->limits->value_bytes);
	for (size_t i = 0; i < n; i++)
		sieve_flags_add(&b, list[i]);
	a->flags = arena_slice(&x->result->arena, buf_slice(&b));
	if (a->flags.p == NULL)
		a->flags = SLICE("");
	buf_fini(&b);
	return 0;
}

static int
take_string(struct sieve_exec *x, const struct sieve_call *c, int tag,
    struct slice *out)
{
	const struct sieve_operand *o = sieve_call_tag(c, tag);
	struct slice s;

	if (o == NULL)
		return 0;
	if (sieve_exec_string(x, o, &s) == -1)
		return -1;
	*out = sieve_exec_keep(x, s);
	return 0;
}

static void
trace_action(struct sieve_exec *x, const struct sieve_action *a,
    struct slice target, bool twice)
{
	sieve_exec_trace(x, "%s%s%.*s%s%s%.*s%s", sieve_result_name(a->kind),
	    target.n > 0 ? " " : "", SLICE_FMT(target),
	    a->create ? " :create" : "", a->flags.n > 0 ? " :flags " : "",
	    SLICE_FMT(a->flags), twice ? " (as before)" : "");
}

int
sieve_do_keep(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_action a = { .kind = SIEVE_KEEP };
	bool twice;

	(void)result;
	sieve_actions_message(x, &a);
	if (take_flags(x, c, &a) == -1 ||
	    sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	x->result->kept = true;
	trace_action(x, &a, SLICE(""), twice);
	return 0;
}

int
sieve_do_discard(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	(void)c;
	(void)result;
	x->result->kept = true;
	sieve_exec_trace(x, "discard");
	return 0;
}

int
sieve_do_fileinto(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_action a = { .kind = SIEVE_FILEINTO };
	struct slice name;
	bool twice;

	(void)result;
	if (sieve_exec_string(x, &c->args[0], &name) == -1)
		return -1;
	if (name.n == 0 || !utf8_valid(name) ||
	    slice_find(name, '\0') != name.n)
		return sieve_exec_fail(x, "fileinto: invalid folder name");
	a.mailbox = sieve_exec_keep(x, name);
	a.create = sieve_call_has(c, SIEVE_TAG_CREATE);
	sieve_actions_message(x, &a);
	if (take_string(x, c, SIEVE_TAG_SPECIALUSE, &a.special_use) == -1 ||
	    take_string(x, c, SIEVE_TAG_MAILBOXID, &a.mailbox_id) == -1 ||
	    take_flags(x, c, &a) == -1 ||
	    sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	if (!sieve_call_has(c, SIEVE_TAG_COPY))
		x->result->kept = true;
	trace_action(x, &a, a.mailbox, twice);
	return 0;
}

/* Does it have the mark that a redirect of this account leaves, or has it gone
 * through too many hosts? */
static bool
is_loop(struct sieve_exec *x)
{
	const struct sieve_env *env = x->env;
	uint32_t hops = 0;

	for (size_t i = 0; i < x->message->fields.n; i++) {
		struct sieve_field *f = &x->message->fields.list[i];
		struct slice from;

		if (slice_iis(f->name, "Received") && ++hops > x->limits->hops)
			return true;
		if (!slice_iis(f->name, "X-Sieve-Redirected-From"))
			continue;
		from = sieve_message_text(&x->message->arena, f);
		if (from.n > 0 &&
		    (slice_ieq(from, env->owner) || slice_ieq(from, env->to)))
			return true;
	}
	return false;
}

static int
redirect_to(struct sieve_exec *x, struct slice text)
{
	struct sieve_action a = { .kind = SIEVE_REDIRECT };
	bool twice;

	if (!sieve_address_parse(&x->result->arena, text,
		x->code->lang.utf8_addresses, &a.address))
		return sieve_exec_fail(x, "redirect: invalid address '%.*s'",
		    (int)(text.n > 100 ? 100 : text.n), text.p);
	sieve_actions_message(x, &a);
	if (sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	trace_action(x, &a, a.address, twice);
	return 0;
}

/* Each of the list (RFC 6134 2.4) is one of the redirects that there may be:
 * none is sent where they are more.  *SENT: is there one? */
static int
redirect_to_list(struct sieve_exec *x, struct slice name, bool *sent)
{
	const struct sieve_calls *const calls = x->env->calls;
	struct buf members = { .max = x->limits->memory_bytes / 8 };
	enum found found = ABSENT;
	struct slice rest;
	int rc = 0;

	if (calls != NULL && calls->members != NULL)
		found = calls->members(x->env, name, &members);
	rest = arena_slice(&x->tmp, buf_slice(&members));
	if (members.failed)
		rc = sieve_exec_fail(x, "redirect: the list is too long");
	buf_fini(&members);
	if (rc == 0 && found == TEMPFAIL)
		rc = sieve_exec_later(x, "external list");
	if (rc == 0 && found == ABSENT)
		rc = sieve_exec_fail(x, "redirect: there is no list '%.*s'",
		    (int)(name.n > 100 ? 100 : name.n), name.p);
	*sent = rest.n > 0;
	if (rc == 0 && rest.n == 0)
		sieve_exec_warn(
		    x, "redirect: the list is empty, the message is kept");
	while (rc == 0 && rest.n > 0)
		rc = redirect_to(x, slice_cut(rest, '\n', &rest));
	return rc;
}

int
sieve_do_redirect(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct slice text;
	bool sent = true;
	int rc;

	(void)result;
	if (sieve_exec_string(x, &c->args[0], &text) == -1)
		return -1;
	if (is_loop(x)) {
		sieve_exec_warn(x, "redirect: the message is in a loop, it is "
				   "kept");
		return 0;
	}
	rc = sieve_call_has(c, SIEVE_TAG_TO_LIST)
		 ? redirect_to_list(x, text, &sent)
		 : redirect_to(x, text);
	if (rc == 0 && sent && !sieve_call_has(c, SIEVE_TAG_COPY))
		x->result->kept = true;
	return rc;
}

int
sieve_do_reject(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_action a = { .kind = c->word->id == SIEVE_WORD_REJECT
					      ? SIEVE_REJECT
					      : SIEVE_EREJECT };
	struct slice text;
	bool twice;

	(void)result;
	if (sieve_exec_string(x, &c->args[0], &text) == -1)
		return -1;
	a.text = sieve_exec_keep(x, text);
	if (sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	x->result->kept = true;
	trace_action(x, &a, SLICE(""), twice);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* vacation (RFC 5230, 6131): whether there is to be an answer at all.  Whether
 * there was one already is known to who carries it out. */
#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"
#include "mime/addrlist.h"
#include "sieve/actions.h"
#include "sieve/address.h"
#include "sieve/exec.h"
#include "sieve/words.h"

enum { DAY = 24 * 3600, ADDRESSES_MAX = 1000, QUESTIONS_MAX = 32 };

struct vacation {
	struct sieve_exec *x;
	struct slice *addresses; /* :addresses */
	size_t naddresses;
	unsigned questions; /* about addresses */
	bool later;         /* one had no answer */
};

/* ---- who and what is never answered (RFC 5230 4.5, 4.6) ---- */

static struct slice
local_part(struct slice address)
{
	return slice_sub(address, 0, slice_rfind(address, '@'));
}

static bool
is_robot(struct slice address)
{
	static const char *const names[] = { "mailer-daemon", "listserv",
		"majordomo", "noreply", "no-reply", "no_reply", "donotreply",
		"do-not-reply", "bounce", "bounces" };
	const struct slice local = local_part(address);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(local, names[i]))
			return true;
	return slice_istarts(local, SLICE("owner-")) ||
	       slice_istarts(local, SLICE("bounces+")) ||
	       slice_istarts(local, SLICE("bounce+")) ||
	       (local.n > 8 &&
		   slice_iis(slice_from(local, local.n - 8), "-request")) ||
	       (local.n > 6 &&
		   slice_iis(slice_from(local, local.n - 6), "-owner"));
}

/* One of the words, with commas between, in S? */
static bool
has_word(struct slice s, const char *const *words)
{
	while (s.n > 0) {
		const struct slice one = slice_trim(slice_cut(s, ',', &s));

		for (size_t i = 0; words[i] != NULL; i++)
			if (slice_iis(one, words[i]))
				return true;
	}
	return false;
}

/* The word that an Auto-Submitted value begins with is "no"? */
static bool
is_manual(struct slice value)
{
	size_t n = 0;

	while (n < value.n && ascii_isalnum(value.p[n]))
		n++;
	return slice_iis(slice_sub(value, 0, n), "no");
}

static bool
is_automatic(struct sieve_exec *x, struct sieve_field *f)
{
	static const char *const bulk[] = { "bulk", "junk", "list",
		"auto_reply", NULL };
	static const char *const suppressed[] = { "all", "oof", "autoreply",
		NULL };
	const struct slice v = sieve_message_text(&x->message->arena, f);

	if (slice_iis(f->name, "Auto-Submitted"))
		return !is_manual(v);
	if (slice_iis(f->name, "Precedence"))
		return has_word(v, bulk);
	if (slice_iis(f->name, "X-Auto-Response-Suppress"))
		return has_word(v, suppressed);
	if (slice_iis(f->name, "Return-Path"))
		return slice_is(v, "<>");
	return slice_istarts(f->name, SLICE("List-"));
}

/* ---- whose address ---- */

static bool
same_address(struct slice a, struct slice b)
{
	return a.n > 0 && slice_ieq(a, b);
}

/* The account is asked last: that may be another process. */
static bool
is_said_to_be_mine(struct vacation *v, struct slice address)
{
	struct sieve_env *const env = v->x->env;
	enum found found = ABSENT;

	if (env->calls == NULL || env->calls->own == NULL || v->later ||
	    v->questions++ >= QUESTIONS_MAX)
		return false;
	found = env->calls->own(env, address);
	v->later = found == TEMPFAIL;
	return found == FOUND;
}

static bool
is_mine(struct vacation *v, struct slice address)
{
	const struct sieve_env *env = v->x->env;

	if (same_address(env->owner, address) ||
	    same_address(env->to, address) ||
	    same_address(env->orig_to, address))
		return true;
	for (size_t i = 0; i < env->naddresses; i++)
		if (same_address(env->addresses[i], address))
			return true;
	for (size_t i = 0; i < v->naddresses; i++) {
		struct slice plain;

		if (sieve_address_parse(
			&v->x->tmp, v->addresses[i], true, &plain) &&
		    same_address(plain, address))
			return true;
	}
	return is_said_to_be_mine(v, address);
}

/* The address of the account that the field F has; empty: none. */
static struct slice
mine_in(struct vacation *v, const struct sieve_field *f)
{
	struct addrlist_item *a =
	    addrlist_parse(&v->x->tmp, f->value, ADDRESSES_MAX);

	for (; a != NULL; a = a->next) {
		struct slice address;
		struct buf b;

		if (a->kind != ADDRLIST_MAILBOX || a->host.n == 0)
			continue;
		buf_init(&b, a->mailbox.n + a->host.n + 1);
		buf_add(&b, a->mailbox);
		buf_addc(&b, '@');
		buf_add(&b, a->host);
		address = arena_slice(&v->x->tmp, buf_slice(&b));
		buf_fini(&b);
		if (is_mine(v, address))
			return address;
	}
	return SLICE("");
}

static struct slice
find_mine(struct vacation *v)
{
	static const char *const names[] = { "To", "Cc", "Bcc", "Resent-To",
		"Resent-Cc", "Resent-Bcc", NULL };
	struct sieve_fields *const fields = &v->x->message->fields;

	for (size_t i = 0; i < fields->n; i++)
		for (size_t k = 0; names[k] != NULL; k++) {
			struct slice mine;

			if (!slice_iis(fields->list[i].name, names[k]))
				continue;
			mine = mine_in(v, &fields->list[i]);
			if (mine.n > 0)
				return mine;
		}
	return SLICE("");
}

/* Why there is no answer; NULL: there is to be one, from *MINE. */
static const char *
why_not(struct vacation *v, struct slice *mine)
{
	struct sieve_exec *const x = v->x;
	const struct slice sender = x->env->from;

	if (sender.n == 0)
		return "the sender is null";
	if (is_mine(v, sender))
		return "the sender is the account itself";
	if (is_robot(sender))
		return "the sender is a robot or a list";
	for (size_t i = 0; i < x->message->fields.n; i++)
		if (is_automatic(x, &x->message->fields.list[i]))
			return "the message is automatic or from a list";
	*mine = find_mine(v);
	if (mine->n == 0)
		return "the message is not addressed to the account";
	return NULL;
}

/* ---- the answer ---- */

static int
take_text(struct sieve_exec *x, const struct sieve_call *c, int tag,
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

static uint32_t
period(const struct sieve_exec *x, const struct sieve_call *c)
{
	const struct sieve_operand *o = sieve_call_tag(c, SIEVE_TAG_DAYS);
	uint64_t s = x->limits->vacation_default_s;

	if (o != NULL) {
		const uint64_t days = sieve_exec_number(o);

		s = days == 0                 ? DAY
		    : days > UINT32_MAX / DAY ? UINT32_MAX
					      : days * DAY;
	}
	o = sieve_call_tag(c, SIEVE_TAG_SECONDS);
	if (o != NULL)
		s = sieve_exec_number(o);
	if (s < x->limits->vacation_min_s)
		s = x->limits->vacation_min_s;
	return s < x->limits->vacation_max_s ? (uint32_t)s
					     : x->limits->vacation_max_s;
}

/* Without :handle, answers that say the same are one (RFC 5230 4.2). */
static struct slice
make_handle(
    struct sieve_exec *x, const struct sieve_vacation *v, struct slice reason)
{
	struct buf b;
	struct slice handle;

	buf_init(&b, 64);
	buf_addf(&b, "%016llx%016llx%c",
	    (unsigned long long)map_hash_fixed(reason),
	    (unsigned long long)(map_hash_fixed(v->subject) * 31 +
				 map_hash_fixed(v->from)),
	    v->mime ? 'm' : 't');
	handle = sieve_exec_keep(x, buf_slice(&b));
	buf_fini(&b);
	return handle;
}

static int
take_arguments(struct sieve_exec *x, const struct sieve_call *c,
    struct vacation *v, struct sieve_vacation *out, struct slice *reason)
{
	const struct sieve_operand *o = sieve_call_tag(c, SIEVE_TAG_ADDRESSES);

	if (take_text(x, c, SIEVE_TAG_SUBJECT, &out->subject) == -1 ||
	    take_text(x, c, SIEVE_TAG_FROM, &out->from) == -1 ||
	    take_text(x, c, SIEVE_TAG_HANDLE, &out->handle) == -1 ||
	    sieve_exec_string(x, &c->args[0], reason) == -1 ||
	    (o != NULL &&
		sieve_exec_strings(x, o, &v->addresses, &v->naddresses) == -1))
		return -1;
	*reason = sieve_exec_keep(x, *reason);
	out->mime = sieve_call_has(c, SIEVE_TAG_AS_MIME);
	out->seconds = period(x, c);
	if (!sieve_call_has(c, SIEVE_TAG_HANDLE))
		out->handle = make_handle(x, out, *reason);
	return sieve_exec_spend(x, 1 + v->naddresses);
}

/* What :addresses says is not believed either. */
static int
answer_from(struct sieve_exec *x, struct sieve_vacation *out, struct slice mine)
{
	if (sieve_actions_sender(x, &out->from, mine) == -1)
		return -1;
	if (out->from.n == 0)
		out->from = mine;
	if (slice_eq(out->from, mine) &&
	    sieve_actions_sender(x, &out->from, x->env->owner) == -1)
		return -1;
	out->from = sieve_exec_keep(x, out->from);
	return 0;
}

int
sieve_do_vacation(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_action a = { .kind = SIEVE_VACATION };
	struct vacation v = { .x = x };
	struct sieve_vacation *out =
	    arena_new(&x->result->arena, struct sieve_vacation);
	struct slice mine = SLICE("");
	const char *why;
	bool twice;

	(void)result;
	if (take_arguments(x, c, &v, out, &a.text) == -1)
		return -1;
	why = why_not(&v, &mine);
	a.silent = why != NULL;
	a.vacation = out;
	out->sender = sieve_exec_keep(x, x->env->from);
	if (v.later)
		return sieve_exec_later(x, "addresses");
	if (why == NULL && answer_from(x, out, mine) == -1)
		return -1;
	if (sieve_actions_add(x, &a, &twice) == -1)
		return -1;
	if (why != NULL)
		sieve_exec_trace(x, "vacation: no answer, for %s", why);
	else
		sieve_exec_trace(
		    x, "vacation: an answer to %.*s", SLICE_FMT(out->sender));
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letteraddress.h"

#include "base/arena.h"
#include "base/buf.h"
#include "proto/address.h"
#include "qmgr/queue/message.h"
#include "queue/envelope.h"

enum { TO_MAX = 16 };

struct slice
letteraddress_sender(const struct rcpt *r, enum job_letter kind)
{
	const struct slice sender = r->message->env.sender;

	if (kind == JOB_LETTER_REDIRECT)
		return sender;
	return kind == JOB_LETTER_NOTICE && sender.n > 0 ? r->account
							 : SLICE("");
}

bool
letteraddress_rcpts(const struct rcpt *r, enum job_letter kind, struct slice to,
    struct arena *a, struct envelope *env)
{
	const unsigned allow = ADDRESS_UTF8;

	env->rcpts = arena_alloc(a, TO_MAX * sizeof *env->rcpts);
	while (to.n > 0) {
		struct buf address = { .max = ADDRESS_MAX };
		struct envelope_rcpt *out = &env->rcpts[env->nrcpts];
		bool ok =
		    env->nrcpts < TO_MAX &&
		    address_parse(slice_cut(to, '\n', &to), allow, &address);

		if (ok && kind == JOB_LETTER_ANSWER)
			ok = slice_eq(
			    buf_slice(&address), r->message->env.sender);
		if (ok) {
			out->address = arena_slice(a, buf_slice(&address));
			env->smtputf8 |= address_needs_utf8(out->address);
			env->nrcpts++;
		}
		if (ok && r == NULL) {
			out->notify = SLICE("NEVER");
		} else if (ok && kind == JOB_LETTER_REDIRECT) {
			out->orcpt = arena_slice(a, r->env.orcpt);
			out->notify = arena_slice(a, r->env.notify);
		} else if (ok && kind == JOB_LETTER_ANSWER) {
			out->notify = SLICE("NEVER");
		}
		buf_fini(&address);
		if (!ok)
			return false;
	}
	return env->nrcpts > 0;
}

bool
letteraddress_report_sender(
    struct slice text, struct arena *a, struct envelope *env)
{
	struct buf sender = { .max = ADDRESS_MAX };
	const bool ok =
	    text.n == 0 || address_parse(text, ADDRESS_UTF8, &sender);

	env->sender = arena_slice(a, buf_slice(&sender));
	buf_fini(&sender);
	return ok;
}

/* SPDX-License-Identifier: ISC */
#include "smtpd/resolve.h"

#include <stdint.h>
#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "front/session.h"
#include "ipc/lookup.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "smtpd/ask.h"
#include "smtpd/conf.h"
#include "smtpd/copies.h"
#include "smtpd/dialog.h"
#include "smtpd/rewrite/own.h"
#include "smtpd/rewrite/rcpt.h"
#include "smtpd/transaction.h"

enum {
	REPLY_MAX = 512,
	/* From the end of lookup to the next question: master has noticed it
	 * then. */
	AGAIN_MS = 50,
};

static void
finish(struct smtpd_ask *ask, const char *refusal)
{
	ask->resolved(ask, refusal);
}

static void
check_mailbox(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	const struct smtpd_mail *mail = ask->mail;
	const uint64_t need =
	    mail->size_said > 0 ? (uint64_t)mail->size_said : 1;

	ask->room = found->room;
	if (found->quota > 0 && found->quota < ask->room)
		ask->room = found->quota;
	if (found->quota > 0 && need > found->quota)
		finish(ask, "552 5.2.2 Message exceeds mailbox quota");
	else if (need > found->room)
		finish(ask, smtpd_conf->over_quota == SMTPD_OVER_QUOTA_REFUSE
				? "552 5.2.2 Mailbox is full"
				: "452 4.2.2 Mailbox is full");
	else
		finish(ask, NULL);
}

/* Mail for one of our domains goes on to where transports says, whoever
 * brings it; for others not everybody's does. */
static void
check_relay(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	const struct smtpd_session *s = ask->mail->session;

	if (found->ours || s->front.trusted || s->login != NULL)
		finish(ask, NULL);
	else
		finish(ask, "550 5.7.1 Relay access denied");
}

/* lookup's code and text, so far as they can stand in a reply. */
static void
refuse(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	const bool temp = found->kind == LOOKUP_TEMPFAIL;
	const char class = temp ? '4' : '5';
	uint32_t code = found->code;
	struct slice enhanced = found->enhanced;
	char reply[REPLY_MAX];

	if (code / 100 != (temp ? 4 : 5))
		code = temp ? 451 : 550;
	if (enhanced.n == 0 || enhanced.p[0] != class)
		enhanced = temp ? SLICE("4.3.0") : SLICE("5.1.1");
	snprintf(reply, sizeof reply, "%u %.*s %.*s", (unsigned)code,
	    SLICE_FMT(enhanced),
	    SLICE_FMT(found->text.n > 0 ? slice_sub(found->text, 0, 300)
		      : temp            ? SLICE("Try again later")
					: SLICE("No such recipient")));
	finish(ask, reply);
}

static void on_found(struct ipc_call *call, struct msg *m);

/* The same address goes to the same lookup, which remembers it. */
static struct ipc *
lookup_for(struct slice address)
{
	const unsigned n = ipc_count(ROLE_LOOKUP);

	return ipc_link(ROLE_LOOKUP,
	    n > 1 ? (unsigned)(map_hash_fixed(address) % n) : 0, 0);
}

static void
ask_lookup(struct smtpd_ask *ask)
{
	const struct slice address = ask->rcpt.address;

	IPC_CALL(lookup_for(address), &ask->call, lookup_found, on_found,
	    ask->until_ms - ev_now_ms(), lookup_address, .address = address,
	    .sender = ask->mail->env.sender,
	    .flags =
		smtpd_rewrite_own(ask->mail->session) ? LOOKUP_REWRITE : 0);
}

static void
on_later(struct ev_timer *t)
{
	ask_lookup(OUTER(t, struct smtpd_ask, later));
}

/* lookup has ended, as it does when a reload replaces it: the next one is asked
 * when it is ready.  Not a third, in case it was the question that ended it. */
static bool
ask_again(struct smtpd_ask *ask)
{
	if (ask->again || ev_now_ms() + AGAIN_MS >= ask->until_ms)
		return false;
	ask->again = true;
	ev_timer_set(&ask->later, AGAIN_MS);
	return true;
}

/* What is said beside what the recipient is; false: it cannot be had. */
static bool
take_rest(struct smtpd_ask *ask, const struct msg_lookup_found *found)
{
	struct smtpd_mail *mail = ask->mail;

	mail->rewrites |= found->rewrites;
	ask->copies = smtpd_copies_keep(mail, found->copies);
	return found->rewritten.n == 0 ||
	       smtpd_rewrite_rcpt(&ask->rcpt, found->rewritten,
		   mail->env.smtputf8, &mail->arena);
}

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct smtpd_ask *ask = OUTER(call, struct smtpd_ask, call);

	if (m == NULL && ask_again(ask))
		return;
	if (m == NULL) {
		finish(ask, "451 4.3.0 Temporary lookup failure");
		return;
	}
	if (!take_rest(ask, &m->lookup_found)) {
		finish(ask, "553 5.6.7 A rewritten address needs SMTPUTF8");
		return;
	}
	ask->room = UINT64_MAX;
	ask->for_mailbox = m->lookup_found.kind != LOOKUP_RELAY;
	switch ((enum lookup_kind)m->lookup_found.kind) {
	case LOOKUP_MAILBOX:
		check_mailbox(ask, &m->lookup_found);
		break;
	case LOOKUP_ALIAS:
		finish(ask, NULL);
		break;
	case LOOKUP_RELAY:
	case LOOKUP_DISCARD:
	case LOOKUP_HOLD:
		check_relay(ask, &m->lookup_found);
		break;
	case LOOKUP_REFUSE:
	case LOOKUP_TEMPFAIL:
		refuse(ask, &m->lookup_found);
		break;
	case LOOKUP_KINDS:
	default:
		finish(ask, "451 4.3.0 Temporary lookup failure");
	}
}

void
smtpd_resolve(struct smtpd_ask *ask,
    void (*done)(struct smtpd_ask *ask, const char *refusal))
{
	ask->resolved = done;
	ev_timer_init(&ask->later, on_later);
	ask->until_ms = ev_now_ms() + smtpd_conf->lookup_timeout;
	ask_lookup(ask);
}

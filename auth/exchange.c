/* SPDX-License-Identifier: ISC */
#include "auth/exchange.h"

#include "auth/attempt.h"
#include "auth/conf.h"
#include "auth/judge.h"
#include "auth/scram.h"
#include "base/buf.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"

void
exchange_configure(void)
{
	/* NULL until it is handed over */
	auth_scram_key(slice_str(auth_conf->scram_secret.text));
}

void
exchange_begin(struct auth_check *c)
{
	const char *stored = c->exists ? c->stored : NULL;

	c->scram = auth_scram_new(c->account, stored, buf_slice(&c->message));
	buf_reset(&c->message);
	if (c->scram == NULL) {
		attempt_finish(c, AUTH_TEMPFAIL, "message");
		return;
	}
	attempt_hold(c);
	judge_await(c, AUTH_EXCHANGE_MS);
	IPC_SEND(c->peer, auth_scrammed, .id = c->id, .result = AUTH_OK,
	    .text = auth_scram_challenge(c->scram));
}

void
auth_on_proof(struct ipc *peer, struct msg *m)
{
	const struct msg_auth_proof *in = &m->auth_proof;
	struct auth_check *c = attempt_held(peer, in->exchange);

	if (c == NULL) { /* it took too long */
		IPC_SEND(peer, auth_checked, .id = in->id,
		    .result = AUTH_TEMPFAIL,
		    .why = slice_str(attempt_text(AUTH_TEMPFAIL)));
		return;
	}
	attempt_let_go(c);
	ev_timer_stop(&c->wait);
	c->id = in->id;
	c->began_ms = ev_now_ms();
	c->proven =
	    auth_scram_prove(c->scram, in->message, in->proof, &c->message);
	judge_now(c);
}

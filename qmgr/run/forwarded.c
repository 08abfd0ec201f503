/* SPDX-License-Identifier: ISC */
#include "qmgr/run/forwarded.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "queue/written.h"

enum { TIMEOUT_MS = 60000 };

/* A question, and who waits for the answer, by next_in_batch. */
struct forwarding {
	struct ipc_call call;
	struct message *message;
	struct rcpt *first, **last;
	void (*then)(struct rcpt *r);
};

/* It came from a recipient, or a recipient's script wrote it. */
static bool
is_sent_on(const struct rcpt *r)
{
	return r->parent != RCPT_NO_PARENT ||
	       slice_is(r->message->env.protocol, WRITTEN_LETTER);
}

static void
take(struct message *m, const struct msg_lookup_forward_as *in)
{
	m->sent_as =
	    in->found == FOUND ? arena_slice(&m->arena, in->sender) : SLICE("");
	if (in->found == FOUND)
		log_info("mail.forwarded", kv_s("qid", m->entry->id),
		    kv_slice("sender", m->env.sender),
		    kv_slice("as", m->sent_as));
}

static void
on_answer(struct ipc_call *call, struct msg *m)
{
	struct forwarding *f = OUTER(call, struct forwarding, call);
	struct rcpt *r;

	f->message->forwarding = NULL;
	f->message->soon |= m == NULL;
	if (m != NULL && m->lookup_forward_as.found != TEMPFAIL)
		take(f->message, &m->lookup_forward_as);
	while ((r = f->first) != NULL) {
		f->first = r->next_in_batch;
		f->then(r);
	}
	free(f);
}

static void
ask(struct message *m, void (*then)(struct rcpt *r))
{
	struct forwarding *f = xcalloc(1, sizeof *f);

	f->message = m;
	f->last = &f->first;
	f->then = then;
	m->forwarding = f;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &f->call, lookup_forward_as,
	    on_answer, TIMEOUT_MS, lookup_forward, .sender = m->env.sender);
}

bool
forwarded_is_open(const struct rcpt *r)
{
	const struct message *m = r->message;

	return m->sent_as.p == NULL && m->env.sender.n > 0 && is_sent_on(r) &&
	       qmgr_conf->shared.srs_domain[0] != '\0';
}

bool
forwarded_ask(struct rcpt *r, void (*then)(struct rcpt *r))
{
	struct message *m = r->message;

	if (!forwarded_is_open(r))
		return false;
	if (m->forwarding == NULL)
		ask(m, then);
	r->next_in_batch = NULL;
	*m->forwarding->last = r;
	m->forwarding->last = &r->next_in_batch;
	return true;
}

bool
forwarded_is(const struct rcpt *r)
{
	return r->message->sent_as.n > 0 && is_sent_on(r);
}

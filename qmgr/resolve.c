/* SPDX-License-Identifier: ISC */
#include "qmgr/resolve.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "log/log.h"
#include "qmgr/dest.h"
#include "qmgr/expand.h"
#include "qmgr/round.h"

enum {
	MAX_OPEN = 1024, /* questions under way; more wait here */
	TIMEOUT_MS = 60000,
};

struct resolve {
	struct ipc_call call;
	struct rcpt *rcpt;
};

static struct {
	size_t open;
	struct rcpt *first; /* waiting, by next_in_batch */
	struct rcpt **last;
	struct ev_task direct; /* those that need no look-up */
	struct rcpt *direct_first;
	struct rcpt **direct_last;
} state;

static void
fail(struct rcpt *r, enum rcpt_state to, struct slice dsn, struct slice text)
{
	struct arena *a = &r->message->arena;

	r->status = to == RCPT_FAILED ? JOB_PERMFAIL : JOB_TEMPFAIL;
	r->dsn = arena_slice(a, dsn);
	r->text = arena_slice(a, text);
	log_info("rcpt.refused", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_slice("dsn", dsn),
	    kv_slice("text", text));
	round_settle(r, to);
}

static void
to_mailbox(struct rcpt *r, const struct msg_lookup_found *in)
{
	struct arena *a = &r->message->arena;

	r->account = arena_slice(a, in->address);
	r->home = arena_slice(a, in->home);
	r->extension = arena_slice(a, in->tag);
	r->quota_bytes = in->quota > INT64_MAX ? 0 : (int64_t)in->quota;
	r->env.uid = in->uid; /* commands of a .forward run as its owner */
	dest_put(ROLE_LOCAL, in->uid, SLICE(""), r);
}

static void
take_answer(struct rcpt *r, const struct msg_lookup_found *in)
{
	switch (in->kind) {
	case LOOKUP_MAILBOX:
		to_mailbox(r, in);
		return;
	case LOOKUP_ALIAS:
		r->env.uid = in->uid;
		round_settle(
		    r, expand(r, arena_slice(&r->message->arena, in->targets)));
		return;
	case LOOKUP_RELAY: {
		/* The transport is part of the destination: "lmtp:next". */
		struct buf hop = { .max = 2048 };

		buf_add(&hop, in->transport);
		buf_addc(&hop, ':');
		buf_add(&hop, in->nexthop);
		dest_put(ROLE_SMTP, 0, buf_slice(&hop), r);
		buf_fini(&hop);
		return;
	}
	case LOOKUP_REFUSE:
		fail(r, RCPT_FAILED, in->enhanced, in->text);
		return;
	default:
		fail(r, RCPT_DEFERRED, in->enhanced, in->text);
	}
}

static void ask(struct rcpt *r);

static void
ask_waiting(void)
{
	while (state.first != NULL && state.open < MAX_OPEN) {
		struct rcpt *r = state.first;

		state.first = r->next_in_batch;
		if (state.first == NULL)
			state.last = &state.first;
		ask(r);
	}
}

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct resolve *q = OUTER(call, struct resolve, call);
	struct rcpt *r = q->rcpt;

	state.open--;
	free(q);
	r->message->resolving--;
	if (m == NULL) {
		r->message->soon = true;
		fail(r, RCPT_DEFERRED, SLICE("4.3.0"),
		    SLICE("lookup is not there"));
	} else
		take_answer(r, &m->lookup_found);
	dest_resolved();
	ask_waiting();
}

static void
ask(struct rcpt *r)
{
	struct resolve *q = xcalloc(1, sizeof *q);
	const bool final = slice_is(r->env.target, "\\");

	q->rcpt = r;
	state.open++;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &q->call, lookup_found, on_found,
	    TIMEOUT_MS, lookup_address, .address = r->env.address,
	    .flags = final ? LOOKUP_NO_ALIAS : 0);
}

/* Commands, files and lists go to pipe as they are: it works with all the
 * rights of their owner, and local is confined to his mail. */
static void
on_direct(struct ev_task *task)
{
	struct rcpt *r;

	(void)task;
	while ((r = state.direct_first) != NULL) {
		state.direct_first = r->next_in_batch;
		r->message->resolving--;
		dest_put(ROLE_PIPE, r->env.uid, SLICE(""), r);
	}
	state.direct_last = &state.direct_first;
	dest_resolved();
}

static void
append(struct rcpt ***last, struct rcpt *r)
{
	r->next_in_batch = NULL;
	**last = r;
	*last = &r->next_in_batch;
}

void
resolve_start(struct rcpt *r)
{
	r->state = RCPT_RESOLVING;
	r->message->resolving++;
	if (r->env.target.n > 0 && !slice_is(r->env.target, "\\")) {
		append(&state.direct_last, r);
		ev_task_queue(&state.direct);
	} else if (state.open < MAX_OPEN && state.first == NULL)
		ask(r);
	else
		append(&state.last, r);
}

void
resolve_init(void)
{
	state.last = &state.first;
	state.direct_last = &state.direct_first;
	ev_task_init(&state.direct, on_direct);
}

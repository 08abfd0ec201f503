/* SPDX-License-Identifier: ISC */
#include "qmgr/run/unrouted.h"

#include "log/log.h"
#include "qmgr/run/retry.h"
#include "qmgr/run/settle.h"

void
unrouted_fail(
    struct rcpt *r, enum rcpt_state to, struct slice dsn, struct slice text)
{
	rcpt_say(r, to == RCPT_FAILED ? JOB_PERMFAIL : JOB_TEMPFAIL, dsn,
	    SLICE(""), text);
	log_info("rcpt.unroutable", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_slice("dsn", dsn),
	    kv_slice("text", text));
	settle(r, to);
}

void
unrouted_discard(struct rcpt *r, struct slice text)
{
	rcpt_say(r, JOB_PERMFAIL, SLICE("5.7.0"), SLICE(""), text);
	log_info("rcpt.discarded", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_s("why", "transports"),
	    kv_slice("text", text));
	settle(r, RCPT_DISCARDED);
}

void
unrouted_hold(struct rcpt *r, struct slice why)
{
	struct buf text = { .max = 1200 };

	buf_addf(&text, "held by the table transports%s%.*s",
	    why.n > 0 ? ": " : "", SLICE_FMT(slice_sub(why, 0, 900)));
	rcpt_say(r, JOB_TEMPFAIL, SLICE("4.7.0"), SLICE(""), buf_slice(&text));
	r->message->held_why =
	    arena_slice(&r->message->arena, slice_from(buf_slice(&text), 8));
	log_info("rcpt.held", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_slice("text", why));
	buf_fini(&text);
	r->message->entry->hold_wanted = true;
	retry_pause(r->message, 1);
	settle(r, RCPT_DEFERRED);
}

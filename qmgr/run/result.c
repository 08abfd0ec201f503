/* SPDX-License-Identifier: ISC */
#include "qmgr/run/result.h"

#include "ev/loop.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/queue/message.h"
#include "qmgr/run/delays.h"
#include "qmgr/run/expand.h"
#include "qmgr/run/quick.h"
#include "qmgr/run/settle.h"

static struct metric delivered = { .name = "pabal_qmgr_delivered",
	.help = "Recipients delivered or relayed." };
static struct metric deferred = { .name = "pabal_qmgr_deferred",
	.help = "Deliveries that failed temporarily." };
static struct metric failed = { .name = "pabal_qmgr_failed",
	.help = "Recipients that failed permanently." };

static void
log_result(const struct rcpt *r, enum role agent)
{
	const struct message *m = r->message;
	const struct delays d = delays_of(r);

	delays_count(&d, agent);
	log_info("rcpt.result", kv_s("qid", m->entry->id),
	    kv_slice("to", r->env.address),
	    kv_s("status", job_status_name(r->status)), kv_slice("dsn", r->dsn),
	    kv_s("agent", role_name(agent)), kv_slice("host", r->host),
	    kv_slice("source", r->source_ip), kv_slice("tls", r->tls),
	    kv_i("delay_ms", d.all_ms), kv_i("before_ms", d.before_ms),
	    kv_i("queue_ms", d.queue_ms), kv_i("connect_ms", d.connect_ms),
	    kv_i("send_ms", d.send_ms), kv_slice("text", r->text));
}

/* The state that follows from what the agent said. */
static enum rcpt_state
state_for(struct rcpt *r, uid_t uid, struct slice targets)
{
	struct message *m = r->message;

	switch (r->status) {
	case JOB_DELIVERED:
		metric_add(&delivered, 1);
		return RCPT_DELIVERED;
	case JOB_RELAYED:
		metric_add(&delivered, 1);
		return RCPT_RELAYED;
	case JOB_PERMFAIL:
		metric_add(&failed, 1);
		return RCPT_FAILED;
	case JOB_EXPANDED:
		return expand(r, arena_slice(&m->arena, targets), uid);
	case JOB_TEMPFAIL:
	default:
		metric_add(&deferred, 1);
		return RCPT_DEFERRED;
	}
}

bool
result_may_expand(const struct rcpt *r, enum role agent, uid_t uid)
{
	const struct slice target = r->env.target;

	/* A .forward is a system user's; the mailbox itself has none. */
	if (agent == ROLE_LOCAL)
		return uid != 0 && target.n == 0;
	return agent == ROLE_PIPE && slice_starts(target, SLICE(":include:"));
}

void
result_apply(struct rcpt *r, enum role agent, uid_t uid, struct slice targets)
{
	log_result(r, agent);
	if (agent == ROLE_SMTP && r->status <= JOB_RELAYED)
		quick_took(
		    r->site, r->source, ev_now_ms() - r->message->active_ms);
	settle(r, state_for(r, uid, targets));
}

void
result_init(void)
{
	delays_init();
	quick_forget();
	metric_register(&delivered);
	metric_register(&deferred);
	metric_register(&failed);
}

/* SPDX-License-Identifier: ISC */
/* How a run of scripts ends, and what it leaves. */
#include <stdlib.h>

#include "base/mem.h"
#include "imapd/script/event.h"
#include "imapd/script/inner.h"
#include "log/log.h"
#include "store/mailbox.h"
#include "sys/fd.h"

void
event_run_finish(struct event_run *r, bool later)
{
	r->later = later;
	ev_task_queue(&r->finish);
}

static void
log_failure(const struct event_run *r, const char *why)
{
	const struct event *ev = r->of.event;
	uint32_t line = 0;
	const char *script = decide_where(&r->decide, &line);

	log_warn("imapd.script-failed", kv_s("account", r->of.name),
	    kv_s("cause", imaprule_cause_name(ev->cause)),
	    kv_s("mailbox", ev->mailbox), kv_u("uid", r->of.uid),
	    kv_s("script", script), kv_u("line", line), kv_s("why", why));
}

void
event_run_fail(struct event_run *r, const char *why)
{
	log_failure(r, why);
	event_run_finish(r, false);
}

void
event_run_put_off(struct event_run *r, const char *why)
{
	log_failure(r, why);
	event_run_finish(r, true);
}

static void
run_free(struct event_run *r)
{
	event_mail_cancel(&r->mail);
	event_put_end(r);
	decide_end(&r->decide);
	script_close(&r->script);
	ev_task_cancel(&r->finish);
	ev_task_cancel(&r->step);
	if (r->mailbox != NULL)
		mailbox_close(&r->mailbox);
	fd_close(&r->fd);
	buf_fini(&r->text);
	buf_fini(&r->flags);
	arena_fini(&r->arena);
	free(r);
}

/* What the store has under way ends it then (carry.c). */
void
event_run_free(struct event_run **rp)
{
	struct event_run *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	if (r->storing)
		r->dropped = true;
	else
		run_free(r);
}

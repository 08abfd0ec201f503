/* SPDX-License-Identifier: ISC */
/* What came of a run, for the log and for the account's owner. */
#include "imapd/script/event.h"
#include "imapd/script/inner.h"
#include "log/log.h"
#include "script/decided.h"
#include "script/verdict.h"

enum { NAME_MAX_BYTES = 2000 };

static void
log_verdict(const struct event_run *r)
{
	const struct event *ev = r->of.event;
	struct buf text = { .max = 8192 };

	verdict_describe(r->decide.verdict, &text);
	log_info("imapd.script", kv_s("account", r->of.name),
	    kv_s("cause", imaprule_cause_name(ev->cause)),
	    kv_s("from", ev->from), kv_s("mailbox", ev->mailbox),
	    kv_u("uid", r->of.uid), kv_s("scripts", ev->scripts),
	    kv_s("script", ev->own), kv_slice("actions", buf_slice(&text)));
	buf_fini(&text);
}

static void
keep_trace(const struct event_run *r)
{
	const struct event *ev = r->of.event;
	struct buf to = { .max = NAME_MAX_BYTES },
		   scripts = { .max = NAME_MAX_BYTES };

	buf_addf(&to, "%s UID %u", ev->mailbox, r->of.uid);
	buf_addf(&scripts, "%s%s%s", ev->scripts,
	    ev->scripts[0] != '\0' && ev->own[0] != '\0' ? " " : "", ev->own);
	const struct decided d = { .time_s = r->decide.now_s,
		.qid = slice_str(imaprule_cause_name(ev->cause)),
		.from = slice_str(ev->from),
		.to = buf_slice(&to),
		.script = buf_slice(&scripts),
		.verdict = r->decide.verdict,
		.trace = decide_trace(&r->decide) };
	decided_keep(r->script.account, r->of.trace_keep, &d);
	buf_fini(&to);
	buf_fini(&scripts);
}

void
event_run_tell(const struct event_run *r)
{
	log_verdict(r);
	keep_trace(r);
}

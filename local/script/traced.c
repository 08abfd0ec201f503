/* SPDX-License-Identifier: ISC */
#include "local/conf.h"
#include "local/script/inner.h"
#include "script/decide.h"
#include "script/decided.h"
#include "script/worker.h"

enum { TRACE_BYTES = 256 << 10 };

void
traced_keep(const struct script_run *r)
{
	struct buf trace = { .max = TRACE_BYTES };
	struct decided d = { .time_s = r->now_s,
		.qid = r->job->qid,
		.from = r->job->env.sender,
		.to = r->rcpt.address,
		.script =
		    slice_str(r->script.name != NULL ? r->script.name : ""),
		.verdict = r->verdict,
		.failed = r->failed };

	stores_put_elsewhere(r, &trace);
	buf_add(
	    &trace, buf_slice(&r->decide->worker->pieces[SIEVE_PIECE_TRACE]));
	d.trace = buf_slice(&trace);
	decided_keep(
	    r->script.account, (uint64_t)local_conf->sieve_trace_keep, &d);
	buf_fini(&trace);
}

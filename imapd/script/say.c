/* SPDX-License-Identifier: ISC */
/* What sieverun is told of an event. */
#include "base/mem.h"
#include "imapd/script/event.h"
#include "imapd/script/inner.h"
#include "ipc/msg.h"
#include "script/worker.h"
#include "sys/id.h"

static bool
say_message(const struct event_run *r, struct script_worker *w)
{
	if (r->text.n > 0)
		return worker_say_bytes(
		    w, SIEVE_PIECE_MESSAGE, buf_slice(&r->text));
	return WORKER_SAY(
	    w, sieve_file, .offset = 0, .size = r->info.size, .file = r->fd);
}

bool
event_run_say(struct script_decide *d, struct script_worker *w)
{
	const struct event_run *r = OUTER(d, struct event_run, decide);
	const struct event *ev = r->of.event;
	const struct slice name = slice_str(r->of.name);
	char id[ID_MAX_BYTES];

	id_new(id, id_pid(), 3);
	return say_message(r, w) &&
	       WORKER_SAY(w, sieve_event, .scripts = slice_str(ev->scripts),
		   .cause = slice_str(imaprule_cause_name(ev->cause)),
		   .mailbox = slice_str(ev->mailbox),
		   .from = slice_str(ev->from), .flags = buf_slice(&r->flags),
		   .changed = slice_str(ev->changed),
		   .user = slice_str(ev->user)) &&
	       WORKER_SAY(w, sieve_run, .qid = slice_str(id), .sender = name,
		   .address = name, .original = name, .login = name,
		   .account = name, .client = SLICE("local"),
		   .trace = r->of.trace_keep > 0,
		   .script = script_known(&r->script),
		   .hash = script_hash(buf_slice(&r->script.text)));
}

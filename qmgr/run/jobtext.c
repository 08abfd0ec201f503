/* SPDX-License-Identifier: ISC */
#include "qmgr/run/jobtext.h"

#include "ev/loop.h"
#include "ipc/msg.h"
#include "qmgr/queue/message.h"
#include "queue/envelope_text.h"
#include "queue/job.h"

enum { RCPTS_MAX_BYTES = MSG_MAX_BYTES / 2 };

void
jobtext_envelope(const struct message *m, bool forwarded, struct buf *out)
{
	struct envelope head = m->env;

	if (forwarded)
		head.sender = m->sent_as;
	head.nrcpts = 0;
	head.id = slice_str(m->entry->id);
	envelope_format(&head, out);
}

size_t
jobtext_rcpts(struct rcpt **rcpts, size_t n, struct buf *lines)
{
	for (size_t i = 0; i < n; i++) {
		struct rcpt *r = rcpts[i];

		if (lines->n > RCPTS_MAX_BYTES)
			return i;
		const struct job_rcpt out = {
			.number = r->number,
			.address = r->env.address,
			.account = r->account,
			.home = r->home,
			.extension = r->extension,
			.quota_bytes = r->quota_bytes,
			.quota_messages = r->quota_messages,
			.orcpt = r->env.orcpt,
			.notify = r->env.notify,
			.target = r->env.target,
		};

		rcpt_enter(r, RCPT_SENT);
		r->sent_ms = ev_now_ms();
		r->connect_ms = 0;
		r->letters = 0;
		r->source_ip = SLICE("");
		r->tls = SLICE("");
		job_rcpt_format(&out, lines);
	}
	return n;
}

/* SPDX-License-Identifier: ISC */
#include "policy/text.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "dkim/message.h"
#include "log/log.h"
#include "policy/auth.h"
#include "sys/fd.h"

enum { STEP_BYTES = 256 << 10, PIECE = 64 << 10 };

static struct dkim_message *
message_new(void)
{
	struct dkim_message *m = xcalloc(1, sizeof *m);

	dkim_message_init(m, policy_auth_dkim_limits());
	return m;
}

void
policy_text_free(struct dkim_message **m)
{
	if (*m == NULL)
		return;
	dkim_message_fini(*m);
	xfree(m);
}

struct dkim_message *
policy_text_take(struct slice body)
{
	struct dkim_message *m = message_new();

	dkim_message_add(m, body);
	dkim_message_end(m);
	return m;
}

static void
end(struct policy_text *t, int rc)
{
	fd_close(&t->file);
	t->done(t, rc);
}

static void
on_step(struct ev_task *task)
{
	static char piece[PIECE];
	struct policy_text *t = OUTER(task, struct policy_text, step);
	struct err err;

	for (int64_t done = 0; done < STEP_BYTES && t->left > 0;) {
		const size_t n = t->left < PIECE ? (size_t)t->left : PIECE;

		if (fd_pread_all(t->file, piece, n, t->at, &err) == -1) {
			log_err(
			    "policy.message-unreadable", kv_s("why", err.text));
			policy_text_free(&t->message);
			end(t, -1);
			return;
		}
		dkim_message_add(t->message, slice_of(piece, n));
		t->at += (int64_t)n;
		t->left -= (int64_t)n;
		done += (int64_t)n;
	}
	if (t->left > 0) {
		ev_task_queue(&t->step);
		return;
	}
	dkim_message_end(t->message);
	end(t, 0);
}

void
policy_text_read(struct policy_text *t, int file, int64_t offset, int64_t size,
    void (*done)(struct policy_text *t, int rc))
{
	*t = (struct policy_text){
		.message = message_new(),
		.file = file,
		.at = offset,
		.left = size,
		.done = done,
	};
	ev_task_init(&t->step, on_step);
	ev_task_queue(&t->step);
}

void
policy_text_stop(struct policy_text *t)
{
	if (t->message == NULL)
		return;
	ev_task_cancel(&t->step);
	fd_close(&t->file);
	policy_text_free(&t->message);
}

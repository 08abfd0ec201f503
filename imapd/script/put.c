/* SPDX-License-Identifier: ISC */
/* Messages that scripts store (carry.c): copies, and what they have edited. */
#include "base/mem.h"
#include "imapd/script/inner.h"
#include "script/verdict.h"
#include "store/append.h"
#include "store/copy.h"
#include "store/mailbox.h"
#include "store/usage.h"

enum { PIECE = 256 << 10 };

static const char edited[] = "an edited message";

void
event_put_end(struct event_run *r)
{
	append_batch_free(&r->batch);
	r->append = NULL;
	if (r->target != NULL)
		mailbox_close(&r->target);
}

static void
end(struct event_run *r, const char *what, const struct err *err)
{
	r->storing = false;
	r->put_done(r, what, err);
}

static void
on_copied(void *arg, const struct copy_result *result)
{
	struct event_run *r = arg;
	const struct verdict_action *a = r->action;
	struct err err = result->err;
	int rc = result->rc;

	if (rc == 0 && result->n > 0 && a->flagged && !r->dropped)
		rc = event_run_set_flags(
		    r->target, result->pairs[0].to, a, &err);
	end(r, rc == -1 ? "fileinto" : NULL, &err);
}

static void
on_appended(struct append_batch *b, void *arg)
{
	struct event_run *r = arg;
	uint32_t uid, uidvalidity;
	struct err err = { 0 };
	const int rc = append_result(r->append, &uid, &uidvalidity, &err);

	(void)b;
	end(r, rc == -1 ? edited : NULL, &err);
}

/* 1: all is written. */
static int
write_some(struct event_run *r, struct err *err)
{
	static char bytes[PIECE];
	const struct pieced *pieces = r->action->pieces;
	const int64_t left = pieces->size - r->written;
	const size_t n = left < PIECE ? (size_t)left : PIECE;

	if (pieced_read(pieces, &r->source, r->written, bytes, n, err) == -1 ||
	    append_write(r->append, slice_of(bytes, n), err) == -1)
		return -1;
	r->written += (int64_t)n;
	return r->written == pieces->size;
}

static void
on_step(struct ev_task *task)
{
	struct event_run *r = OUTER(task, struct event_run, step);
	const struct verdict_action *a = r->action;
	const struct append_info info = { .flags = a->flagged ? a->flags
							      : r->info.flags,
		.keywords = a->keywords,
		.has_date = true,
		.date_s = r->info.date_s };
	struct err err = { 0 };
	int rc = write_some(r, &err);

	if (rc == 0) {
		ev_task_queue(task);
		return;
	}
	if (rc == -1 || append_finish(r->append, &info, &err) == -1) {
		end(r, edited, &err);
		return;
	}
	r->storing = true;
	append_commit(r->batch, on_appended, r);
}

/* Write what has been edited into r->target. */
void
event_put_edited(struct event_run *r)
{
	const struct pieced *pieces = r->action->pieces;
	struct err err = { 0 };

	if (mailbox_check_quota(r->target, (uint64_t)pieces->size, 1, &err) ==
	    0) {
		r->batch = append_batch_new(r->of.store, true);
		r->append = append_begin(r->batch, r->target, &err);
	}
	if (r->append == NULL) {
		end(r, edited, &err);
		return;
	}
	r->written = 0;
	ev_task_init(&r->step, on_step);
	ev_task_queue(&r->step);
}

void
event_put_copy(struct event_run *r)
{
	r->storing = true;
	message_copy(r->mailbox, &r->of.uid, 1, r->target, false, on_copied, r);
}

/* SPDX-License-Identifier: ISC */
#include "imapd/relay/copied.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "imapd/script/note.h"
#include "log/log.h"
#include "store/mailbox.h"
#include "store/remove.h"

enum {
	RANGES_MAX = 1 << 20, /* of UIDs; with more it cannot be undone */
	STEP = 200,           /* messages */
};

struct range {
	uint32_t lo, hi;
};

struct copied {
	struct session *session;
	struct mailbox *mailbox; /* NULL: nothing was put in */
	struct buf ranges;       /* struct range, one behind the other */
	struct imapd_job job;    /* XCOPY UNDO */
	bool over;               /* that is answered */
	struct work work;        /* the same behind the session's end */
	void (*release)(struct session *s); /* then */
};

static void
copied_free(struct session *s)
{
	struct copied *c = client_of(s)->copied;

	work_cancel(&c->work);
	mailbox_close(&c->mailbox);
	buf_fini(&c->ranges);
	xfree(&client_of(s)->copied);
}

static struct range
last_range(const struct copied *c)
{
	struct range r = { 1, 0 };

	if (c->ranges.n >= sizeof r)
		memcpy(&r, c->ranges.p + c->ranges.n - sizeof r, sizeof r);
	return r;
}

static void
put_range(struct copied *c, struct range r)
{
	buf_add(&c->ranges, slice_of((const char *)&r, sizeof r));
}

bool
copied_add(struct session *s, struct mailbox *m, uint32_t uid)
{
	struct copied *c = client_of(s)->copied;
	struct range last;

	if (c == NULL)
		return false;
	if (c->mailbox == NULL &&
	    mailbox_open(imapd_user_account(s->user), mailbox_name(m),
		&c->mailbox, NULL) != FOUND)
		return false;
	if (!mailbox_same(c->mailbox, m))
		return false;
	last = last_range(c);
	if (c->ranges.n > 0 && uid == last.hi + 1) {
		c->ranges.n -= sizeof last;
		put_range(c, (struct range){ last.lo, uid });
	} else {
		put_range(c, (struct range){ uid, uid });
	}
	return true;
}

/* ---- undone ---- */

/* The last of them; false: there are none, or it cannot be (*RC). */
static bool
undo_step(struct copied *c, int *rc, struct err *err)
{
	struct range r = last_range(c);
	uint32_t uids[STEP];
	size_t n = 0;

	*rc = 0;
	if (c->ranges.failed) {
		*rc = err_set(err, ERR_TEMP, "too many messages to take back");
		return false;
	}
	if (c->ranges.n == 0)
		return false;
	if (r.hi - r.lo >= STEP)
		r.lo = r.hi - STEP + 1;
	while (r.lo + n <= r.hi) {
		uids[n] = r.lo + (uint32_t)n;
		n++;
	}
	*rc = message_remove(c->mailbox, uids, n, err);
	if (*rc == -1)
		return false;
	r.hi = r.lo - 1;
	r.lo = last_range(c).lo;
	c->ranges.n -= sizeof r;
	if (r.hi >= r.lo)
		put_range(c, r);
	return true;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct copied *c = OUTER(job, struct copied, job);
	struct err err = { 0 };
	int rc = 0;
	bool more;

	do
		more = undo_step(c, &rc, &err);
	while (more && !work_spent());
	c->over = !more;
	if (more)
		imapd_more(s);
	else if (rc == -1)
		imapd_no(s, "copy", &err);
	else
		imapd_ok(s, "XCOPY completed");
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	/* Cut short by the session's end it is gone on with there. */
	if (OUTER(job, struct copied, job)->over)
		copied_free(s);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
on_work(struct work *w)
{
	struct copied *c = OUTER(w, struct copied, work);
	struct session *s = c->session;
	void (*release)(struct session * s);
	struct err err = { 0 };
	int rc = 0;
	bool more;

	do
		more = undo_step(c, &rc, &err);
	while (more && !work_spent());
	if (more) {
		work_queue(w);
		return;
	}
	if (rc == -1)
		log_err("imapd.command-failed", kv_s("sid", s->sid),
		    kv_s("account", imapd_user_name(s->user)),
		    kv_s("what", "copy"), kv_s("why", err.text));
	release = c->release;
	copied_free(s);
	release(s);
}

bool
copied_end(struct session *s, void (*release)(struct session *s))
{
	struct copied *c = client_of(s)->copied;

	if (c == NULL)
		return false;
	if (c->mailbox == NULL) {
		copied_free(s);
		return false;
	}
	c->release = release;
	work_queue(&c->work);
	return true;
}

/* ---- the command ---- */

static void
begin(struct session *s)
{
	struct copied *c = xcalloc(1, sizeof *c);

	c->session = s;
	c->job.ops = &ops;
	buf_init(&c->ranges, RANGES_MAX * sizeof(struct range));
	work_init(&c->work, imapd_user_share(s->user), on_work);
	client_of(s)->copied = c;
	imapd_ok(s, "XCOPY completed");
}

/* Scripts run because of them. */
static void
note(struct copied *c)
{
	struct event *plan =
	    c->mailbox != NULL ? note_append(c->session, c->mailbox) : NULL;
	const size_t n = c->ranges.n / sizeof(struct range);

	for (size_t i = 0; plan != NULL && i < n; i++) {
		struct range r;

		memcpy(&r, c->ranges.p + i * sizeof r, sizeof r);
		for (; r.lo <= r.hi; r.lo++)
			note_done(c->session, plan, &r.lo, 1);
	}
	note_free(&plan);
}

/* SP ("BEGIN" / "KEEP" / "UNDO") */
void
imapd_cmd_xcopy(struct session *s, struct parse *p)
{
	struct copied *c = client_of(s)->copied;
	bool begins, undone;

	parse_space(p);
	begins = parse_try_word(p, "BEGIN");
	undone = !begins && parse_try_word(p, "UNDO");
	if (!begins && !undone && !parse_try_word(p, "KEEP"))
		parse_fail(p, "BEGIN, KEEP or UNDO");
	if (!parse_end(p)) {
		imapd_bad(s, p);
	} else if (begins != (c == NULL)) {
		imapd_bad_text(s, "not now");
	} else if (begins) {
		begin(s);
	} else if (undone) {
		imapd_start(s, &c->job);
		on_more(s, &c->job);
	} else {
		note(c);
		copied_free(s);
		imapd_ok(s, "XCOPY completed");
	}
}

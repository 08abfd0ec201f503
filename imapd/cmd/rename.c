/* SPDX-License-Identifier: ISC */
/* RENAME (RFC 9051 6.3.6): a job in steps, because INBOX stays and all its
 * messages move.  It may end after the client, so it holds the session. */
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "maildir/rights.h"
#include "store/mailbox.h"

struct rename {
	struct imapd_job job;
	struct session *session; /* held until done */
	struct renaming *renaming;
	struct work work;
	bool done;
};

/* The store still works with what is here until done. */
static void
on_free(struct session *s, struct imapd_job *job)
{
	struct rename *r = OUTER(job, struct rename, job);

	(void)s;
	if (r->done)
		xfree(&r);
}

static const struct job_ops ops = { .free = on_free };

static void
on_done(void *arg, int rc, const struct err *err)
{
	struct rename *r = arg;
	struct session *s = r->session;

	r->done = true;
	if (s->job != &r->job)
		xfree(&r);
	else if (rc == -1)
		imapd_no(s, "RENAME", err);
	else
		imapd_ok(s, "RENAME completed");
	imapd_session_release(s);
}

static void
on_step(struct work *w)
{
	struct rename *r = OUTER(w, struct rename, work);
	struct renaming *renaming = r->renaming;

	/* The last step may end and free all of it. */
	while (mailbox_rename_step(renaming))
		if (work_spent()) {
			work_queue(w);
			return;
		}
}

/* RENAME SP mailbox SP mailbox */
void
imapd_cmd_rename(struct session *s, struct parse *p)
{
	struct err err = { 0 };
	struct slice from, to;
	struct rename *r;

	parse_space(p);
	from = boxname_parse(p);
	parse_space(p);
	to = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (from.p == NULL || to.p == NULL) {
		boxname_refuse(s);
		return;
	}
	to = boxname_without_delimiter(to);
	if (may_by_name(s, from, RIGHT_DELETE, &err) == -1 ||
	    may_create(s, to, &err) == -1) {
		imapd_no(s, "RENAME", &err);
		return;
	}
	r = xcalloc(1, sizeof *r);
	r->job.ops = &ops;
	r->session = s;
	imapd_session_hold(s);
	imapd_start(s, &r->job);
	r->renaming = mailbox_rename_new(
	    imapd_user_account(s->user), from, to, on_done, r);
	work_init(&r->work, imapd_user_share(s->user), on_step);
	on_step(&r->work);
}

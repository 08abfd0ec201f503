/* SPDX-License-Identifier: ISC */
/* RENAME (RFC 9051 6.3.6): a job in steps, because INBOX stays and all its
 * messages move.  It may end after the client, so it holds the session. */
#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/guest.h"
#include "maildir/rights.h"
#include "store/mailbox.h"

enum { NAMES_MAX = 4 << 20 };

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

struct below {
	struct slice name;
	struct buf names; /* a line for each */
};

static bool
on_name(void *arg, const struct mailbox_info *info)
{
	struct below *b = arg;

	if (info->exists && info->name.n > b->name.n &&
	    slice_starts(info->name, b->name) &&
	    info->name.p[b->name.n] == '/') {
		buf_add(&b->names, info->name);
		buf_addc(&b->names, '\n');
	}
	return !b->names.failed;
}

/* A guest moves nothing along that he could not move by itself. */
static int
may_move_below(const struct session *s, struct slice name, struct err *err)
{
	struct below b = { .name = name };
	struct slice rest;
	int rc;

	if (guest_of(s) == NULL)
		return 0;
	buf_init(&b.names, NAMES_MAX);
	rc = mailbox_list(imapd_user_account(s->user), false, on_name, &b, err);
	if (rc == 0 && b.names.failed)
		rc = err_set(err, ERR_TEMP, "too many mailboxes");
	rest = buf_slice(&b.names);
	while (rc == 0 && rest.n > 0)
		if (may_by_name(s, slice_cut(rest, '\n', &rest), RIGHT_DELETE,
			err) == -1)
			rc = err->class == ERR_TEMP
				 ? -1
				 : err_set_code(err, ERR_PERM, ERR_DENIED,
				       "not permitted by an ACL below it");
	buf_fini(&b.names);
	return rc;
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
	    may_move_below(s, from, &err) == -1 ||
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

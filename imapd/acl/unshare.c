/* SPDX-License-Identifier: ISC */
/*
 * All ACLs of the account are read, some in a step, and master is told of
 * whom they speak.  What is being given meanwhile, by any session here, makes
 * that void: it is noted, and no ACL may say so yet.  What another process
 * gives it notes again behind that (ctl/mailbox), and what was noted since the
 * reading began stays.
 */
#include "imapd/acl/unshare.h"

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "ipc/ipc.h"
#include "ipc/sharing.h"
#include "shares/shares.h"
#include "store/sharedall.h"
#include "store/sharedwith.h"
#include "sys/clock.h"

enum {
	LINE_MAX_BYTES = 2048,
	TELL_MS = 20000,
	TELL_BYTES = 56 << 10, /* in a message; of more nothing is dropped */
};

struct unshare {
	struct imapd_job job;
	struct ipc_call call;
	struct session *session;
	const char *text;
	struct sharedall all;
	int64_t since_us; /* when the reading began */
	uint64_t given;
};

static uint64_t given;  /* how often */
static unsigned giving; /* under way */

struct slice
unshare_line(struct session *s, const struct acl_id *id)
{
	const struct slice owner = slice_str(imapd_user_name(s->user));
	struct slice line = { NULL, 0 };
	struct shares_name with;
	struct buf b;

	if (!sharedwith(id, owner, &s->arena, &with))
		return line;
	buf_init(&b, LINE_MAX_BYTES);
	shares_put(&b, &with);
	line = arena_slice(&s->arena, buf_slice(&b));
	buf_fini(&b);
	return line;
}

void
unshare_hold(void)
{
	given++;
	giving++;
}

void
unshare_release(void)
{
	giving--;
}

static void
on_told(struct ipc_call *call, struct msg *m)
{
	const struct unshare *u = OUTER(call, struct unshare, call);

	(void)m;
	imapd_ok(u->session, "%s", u->text);
}

static void
tell(struct unshare *u)
{
	const struct session *s = u->session;
	const struct slice lines = buf_slice(&u->all.lines);

	IPC_CALL(ipc_master(), &u->call, master_shared, on_told, TELL_MS,
	    master_sharing, .what = SHARING_ONLY,
	    .account = slice_str(imapd_user_name(s->user)),
	    .home = slice_str(imapd_user_home(s->user)), .other = lines,
	    .since_us = (uint64_t)u->since_us);
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct unshare *u = OUTER(job, struct unshare, job);
	bool more = true;
	int rc = 0;

	while (more && rc == 0 && !work_spent())
		rc = sharedall_next(&u->all, &more, NULL);
	if (rc == 0 && more)
		imapd_more(s);
	else if (rc == -1 || giving > 0 || u->given != given ||
		 u->all.lines.failed || u->all.lines.n > TELL_BYTES)
		imapd_ok(s, "%s", u->text);
	else
		tell(u);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct unshare *u = OUTER(job, struct unshare, job);

	(void)s;
	ipc_cancel(&u->call);
	sharedall_fini(&u->all);
	xfree(&u);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

void
unshare_start(struct session *s, const char *text)
{
	struct unshare *u = xcalloc(1, sizeof *u);
	int rc;

	u->job.ops = &ops;
	u->session = s;
	u->text = text;
	u->since_us = clock_wall_us();
	u->given = given;
	rc = sharedall_begin(&u->all, imapd_user_account(s->user),
	    slice_str(imapd_user_name(s->user)), NULL);
	imapd_start(s, &u->job);
	if (rc == -1)
		imapd_ok(s, "%s", text);
	else
		imapd_more(s);
}

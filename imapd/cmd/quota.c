/* SPDX-License-Identifier: ISC */
/* GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208).  One root has all mailboxes of
 * an account that count; without a limit there is none.  Limits are the
 * administrator's. */
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/quota.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "maildir/rights.h"
#include "store/mailbox.h"
#include "store/usage.h"

#define ROOT "User quota"

enum { UNIT = 1024 }; /* STORAGE: RFC 9208 5.1 */

/* "* QUOTA root (resources)" */
static void
put_quota(struct session *s, const struct account_usage *u)
{
	struct buf *out = imapd_out(s);
	const char *before = "";

	buf_adds(out, "* QUOTA \"" ROOT "\" (");
	if (u->max.bytes > 0) {
		buf_addf(out, "STORAGE %llu %llu",
		    (unsigned long long)((u->used.bytes + UNIT - 1) / UNIT),
		    (unsigned long long)(u->max.bytes / UNIT));
		before = " ";
	}
	if (u->max.messages > 0)
		buf_addf(out, "%sMESSAGE %llu %llu", before,
		    (unsigned long long)u->used.messages,
		    (unsigned long long)u->max.messages);
	buf_adds(out, ")\r\n");
}

/* An answer waits until all messages are counted, of an index that is new. */
struct quota_asked {
	struct imapd_job job;
	const char *what;
	bool of_mailbox;   /* GETQUOTAROOT */
	bool counts;       /* and its messages do */
	struct slice name; /* of the mailbox, or the root; in the arena */
};

static void
answer_root(struct session *s, const struct account_usage *usage,
    const struct quota_asked *j)
{
	if (!slice_is(j->name, ROOT) || !quota_is_limited(&usage->max)) {
		imapd_refuse(s, "[NONEXISTENT] no such quota root");
		return;
	}
	put_quota(s, usage);
	imapd_ok(s, "GETQUOTA completed");
}

static void
answer_mailbox(struct session *s, const struct account_usage *usage,
    const struct quota_asked *j)
{
	const bool has_root = j->counts && quota_is_limited(&usage->max);

	buf_adds(imapd_out(s), "* QUOTAROOT ");
	boxname_put(s, j->name);
	buf_adds(imapd_out(s), has_root ? " \"" ROOT "\"\r\n" : "\r\n");
	if (has_root)
		put_quota(s, usage);
	imapd_ok(s, "GETQUOTAROOT completed");
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct quota_asked *j = OUTER(job, struct quota_asked, job);
	struct account *a = imapd_user_account(s->user);
	struct account_usage usage;
	struct err err = { 0 };
	bool more = true;
	int rc = 0;

	while (rc == 0 && more && !work_spent())
		rc = account_count(a, &more, &err);
	if (rc == 0 && more) {
		imapd_more(s);
		return;
	}
	if (rc == 0)
		rc = account_usage(a, &usage, &err);
	if (rc == -1)
		imapd_no(s, j->what, &err);
	else
		(j->of_mailbox ? answer_mailbox : answer_root)(s, &usage, j);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	(void)s;
	free(OUTER(job, struct quota_asked, job));
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
start(struct session *s, const struct quota_asked *what)
{
	struct quota_asked *j = xcalloc(1, sizeof *j);

	*j = *what;
	j->job.ops = &ops;
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}

void
imapd_cmd_getquota(struct session *s, struct parse *p)
{
	struct quota_asked j = { .what = "getquota" };

	parse_space(p);
	j.name = parse_astring(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else
		start(s, &j);
}

void
imapd_cmd_getquotaroot(struct session *s, struct parse *p)
{
	struct quota_asked j = { .what = "getquotaroot", .of_mailbox = true };
	struct mailbox *m;
	struct err err;
	int rc;

	parse_space(p);
	j.name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	m = boxname_open(s, j.name, RIGHT_READ, false);
	if (m == NULL)
		return;
	rc = mailbox_counts(m, &j.counts, &err);
	mailbox_close(&m);
	if (rc == -1)
		imapd_no(s, j.what, &err);
	else
		start(s, &j);
}

/* SETQUOTA root SP "(" [resource SP limit ...] ")" */
void
imapd_cmd_setquota(struct session *s, struct parse *p)
{
	parse_space(p);
	(void)parse_astring(p);
	parse_space(p);
	parse_open(p);
	if (!parse_try_close(p))
		do {
			(void)parse_atom(p);
			parse_space(p);
			(void)parse_number(p, INT64_MAX);
		} while (parse_ok(p) && parse_next(p));
	if (!parse_end(p))
		imapd_bad(s, p);
	else
		imapd_refuse(s, "[NOPERM] the administrator sets quotas");
}

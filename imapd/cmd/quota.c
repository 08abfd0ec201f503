/* SPDX-License-Identifier: ISC */
/* GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208).  One root has all mailboxes of
 * an account; without a limit there is none.  Limits are the administrator's.
 */
#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "maildir/rights.h"
#include "store/account.h"
#include "store/mailbox.h"

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

static bool
read_usage(struct session *s, const char *what, struct account_usage *usage)
{
	struct err err;

	if (account_usage(imapd_user_account(s->user), usage, &err) == 0)
		return true;
	imapd_no(s, what, &err);
	return false;
}

void
imapd_cmd_getquota(struct session *s, struct parse *p)
{
	struct account_usage usage;
	struct slice root;

	parse_space(p);
	root = parse_astring(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (!read_usage(s, "getquota", &usage))
		return;
	if (!slice_is(root, ROOT) || !quota_is_limited(&usage.max)) {
		imapd_refuse(s, "[NONEXISTENT] no such quota root");
		return;
	}
	put_quota(s, &usage);
	imapd_ok(s, "GETQUOTA completed");
}

void
imapd_cmd_getquotaroot(struct session *s, struct parse *p)
{
	struct account_usage usage;
	struct mailbox *m;
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	m = boxname_open(s, name, RIGHT_READ, false);
	if (m == NULL)
		return;
	mailbox_close(&m);
	if (!read_usage(s, "getquotaroot", &usage))
		return;
	buf_adds(imapd_out(s), "* QUOTAROOT ");
	boxname_put(s, name);
	buf_adds(
	    imapd_out(s), quota_is_limited(&usage.max) ? " \"" ROOT "\"\r\n" : "\r\n");
	if (quota_is_limited(&usage.max))
		put_quota(s, &usage);
	imapd_ok(s, "GETQUOTAROOT completed");
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

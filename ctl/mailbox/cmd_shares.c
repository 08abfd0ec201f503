/* SPDX-License-Identifier: ISC */
/*
 * pabal mailbox shares: the register of who shares with whom (shares/shares.h),
 * made from what folders say.  An account's process reads its ACLs and writes
 * whom they speak of into a file of ours.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/done.h"
#include "ctl/mailbox/sharesanew.h"
#include "shares/shares.h"
#include "store/sharedall.h"
#include "sys/fd.h"

enum {
	NAMES_BYTES = 8 << 20,
	/* A SETACL notes first and then has this long (imapd/acl/acl.c). */
	UNDER_WAY_S = 60,
	SECOND_US = 1000000,
};

struct rebuild {
	const struct ctl *ctl;
	int fd; /* of an account's lines (shares/shares.h) */
};

/* ---- in the account ---- */

static int
collect(struct asowner *o)
{
	const struct rebuild *r = o->arg;
	struct err err = { 0 };
	struct sharedall all;
	bool more = true;
	int rc = sharedall_begin(&all, o->account, slice_str(o->name), &err);

	while (rc == 0 && more)
		rc = sharedall_next(&all, &more, &err);
	if (rc == 0 && all.lines.failed)
		rc = err_set(&err, ERR_PERM, "shares with too many");
	if (rc == 0)
		rc = fd_write_all(r->fd, buf_slice(&all.lines), &err);
	sharedall_fini(&all);
	return rc == -1 ? asowner_fail(o, &err) : CTL_OK;
}

/* ---- here ---- */

/* LINE of OWNER's process, who shares with nobody's domain but his own. */
static bool
read_name(struct slice line, struct slice owner, struct shares_name *name)
{
	return shares_read(line, name) &&
	       (name->kind != SHARES_ANYONE ||
		   slice_ieq(name->name,
		       slice_from(owner, slice_rfind(owner, '@') + 1)));
}

/* Each of them is noted; they are then all that remain. */
static int
note(const struct rebuild *r, struct slice owner, struct slice lines,
    int64_t before_us, struct err *err)
{
	struct shares_name *v;
	size_t max = 1, n = 0;
	int rc = 0;

	for (size_t i = 0; i < lines.n; i++)
		max += lines.p[i] == '\n';
	v = xcalloc(max, sizeof *v);
	while (lines.n > 0 && rc == 0 && n < max)
		if (read_name(slice_cut(lines, '\n', &lines), owner, &v[n]))
			rc =
			    shares_add(r->ctl->inst.state, owner, &v[n++], err);
	if (rc == 0)
		rc = shares_keep(
		    r->ctl->inst.state, owner, v, n, before_us, err);
	xfree(&v);
	return rc;
}

static int
take_in(const struct asowner_done *d)
{
	const struct rebuild *r = d->arg;
	struct err err = { 0 };
	struct buf names;
	int rc;

	buf_init(&names, NAMES_BYTES);
	rc = lseek(r->fd, 0, SEEK_SET) == -1
		 ? err_sys(&err, ERR_TEMP, "lseek")
		 : fd_read_rest(r->fd, &names, &err);
	if (rc == 0 && d->status == CTL_OK)
		rc = note(r, slice_str(d->name), buf_slice(&names),
		    (d->begun_s - UNDER_WAY_S) * SECOND_US, &err);
	buf_fini(&names);
	if (rc == 0 &&
	    (ftruncate(r->fd, 0) == -1 || lseek(r->fd, 0, SEEK_SET) == -1))
		rc = err_sys(&err, ERR_TEMP, "ftruncate");
	return rc == -1 ? ctl_fail("%s: %s", d->name, err.text) : d->status;
}

int
cmd_shares_anew(struct ctl *ctl, const char *who)
{
	struct rebuild r = { .ctl = ctl };
	const struct asowner_task task = {
		.run = collect, .done = take_in, .arg = &r
	};
	int rc;

	r.fd = memfd_create("shares", MFD_CLOEXEC);
	if (r.fd == -1)
		return ctl_fail("memfd_create failed");
	rc = asowner_run(ctl, who, &task);
	fd_close(&r.fd);
	return rc;
}

int
cmd_mailbox_shares(struct ctl *ctl, int argc, char **argv)
{
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	return cmd_shares_anew(ctl, who);
}

/* SPDX-License-Identifier: ISC */
/*
 * pabal mailbox shares: the register of who shares with whom (shares/shares.h),
 * made from what folders say.  An account's process reads its ACLs and writes
 * the identifiers into a file of ours; what belongs to which owner is known
 * here.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/done.h"
#include "ctl/mailbox/folders.h"
#include "ctl/mailbox/sharedwith.h"
#include "maildir/identifier.h"
#include "shares/shares.h"
#include "store/acl.h"
#include "store/mailbox.h"
#include "sys/fd.h"

enum {
	NAMES_BYTES = 8 << 20,
	/* A SETACL notes first and then has this long (imapd/acl/acl.c). */
	UNDER_WAY_S = 60,
};

struct rebuild {
	const struct ctl *ctl;
	int fd; /* of an account's identifiers, a line for each */
};

/* ---- in the account ---- */

static int
add_folder(struct asowner *o, const struct folder *f, struct buf *names,
    struct err *err)
{
	struct shares_name name;
	struct mailbox *m;
	struct aclfile acl;

	switch (mailbox_open(o->account, f->name, &m, err)) {
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	case FOUND:
		break;
	}
	if (acl_read(m, &acl, err) == -1) {
		mailbox_close(&m);
		return err->code == ERR_NOT_FOUND ? 0 : -1;
	}
	mailbox_close(&m);
	for (size_t i = 0; i < acl.n; i++)
		if (acl.v[i].rights != 0 &&
		    sharedwith(&acl.v[i].id, slice_str(o->name), &name)) {
			identifier_text(names, &acl.v[i].id);
			buf_addc(names, '\n');
		}
	aclfile_fini(&acl);
	return 0;
}

static int
collect(struct asowner *o)
{
	const struct rebuild *r = o->arg;
	struct err err = { 0 };
	struct folders l;
	struct buf names;
	int rc;

	buf_init(&names, NAMES_BYTES);
	rc = folders_read(&l, o->account, &err);
	for (size_t i = 0; i < l.n && rc == 0; i++)
		if (l.v[i].used)
			rc = add_folder(o, &l.v[i], &names, &err);
	folders_fini(&l);
	if (rc == 0 && names.failed)
		rc = err_set(&err, ERR_PERM, "shares with too many");
	if (rc == 0)
		rc = fd_write_all(r->fd, buf_slice(&names), &err);
	buf_fini(&names);
	return rc == -1 ? asowner_fail(o, &err) : CTL_OK;
}

/* ---- here ---- */

static struct slice
domain_of(struct slice address)
{
	return slice_from(address, slice_rfind(address, '@') + 1);
}

/* Each of them is noted; they are then all that remain. */
static int
note(const struct rebuild *r, struct slice owner, struct slice names,
    int64_t before_s, size_t *n, struct err *err)
{
	struct shares_name *v;
	struct arena a;
	size_t max = 0;
	int rc = 0;

	arena_init(&a);
	for (size_t i = 0; i < names.n; i++)
		max += names.p[i] == '\n';
	v = xcalloc(max + 1, sizeof *v);
	*n = 0;
	while (names.n > 0 && rc == 0) {
		const struct slice text = slice_cut(names, '\n', &names);
		struct acl_id id;

		if (*n == max ||
		    !identifier_read(text, domain_of(owner), &a, &id) ||
		    !sharedwith(&id, owner, &v[*n]))
			continue;
		rc = shares_add(r->ctl->inst.state, owner, &v[*n], err);
		++*n;
	}
	if (rc == 0)
		rc = shares_keep(
		    r->ctl->inst.state, owner, v, *n, before_s, err);
	xfree(&v);
	arena_fini(&a);
	return rc;
}

static int
take_in(const struct asowner_done *d)
{
	const struct rebuild *r = d->arg;
	struct err err = { 0 };
	struct buf names;
	size_t n = 0;
	int rc;

	buf_init(&names, NAMES_BYTES);
	rc = lseek(r->fd, 0, SEEK_SET) == -1
		 ? err_sys(&err, ERR_TEMP, "lseek")
		 : fd_read_rest(r->fd, &names, &err);
	if (rc == 0 && d->status == CTL_OK)
		rc = note(r, slice_str(d->name), buf_slice(&names),
		    d->begun_s - UNDER_WAY_S, &n, &err);
	buf_fini(&names);
	if (rc == 0 &&
	    (ftruncate(r->fd, 0) == -1 || lseek(r->fd, 0, SEEK_SET) == -1))
		rc = err_sys(&err, ERR_TEMP, "ftruncate");
	return rc == -1 ? ctl_fail("%s: %s", d->name, err.text) : d->status;
}

int
cmd_mailbox_shares(struct ctl *ctl, int argc, char **argv)
{
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	struct rebuild r = { .ctl = ctl };
	const struct asowner_task task = {
		.run = collect, .done = take_in, .arg = &r
	};
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	const char *who;
	int rc;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	r.fd = memfd_create("shares", MFD_CLOEXEC);
	if (r.fd == -1)
		return ctl_fail("memfd_create failed");
	rc = asowner_run(ctl, who, &task);
	fd_close(&r.fd);
	return rc;
}

/* SPDX-License-Identifier: ISC */
#include "store/acl.h"

#include <stddef.h>
#include <stdint.h>

#include "index/ix.h"
#include "index/tx.h"
#include "maildir/mailboxes.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/seen_forget.h"
#include "store/sync.h"

int
acl_read(struct mailbox *m, struct aclfile *f, struct err *err)
{
	return handle_enter_mailbox(m, err) == -1
		   ? -1
		   : aclfile_read(m->dirs.fd, f, err);
}

int
acl_rights(struct mailbox *m, const struct acl_who *who, unsigned *rights,
    struct err *err)
{
	struct aclfile f;

	*rights = who->owner ? RIGHTS_ALL : 0;
	if (handle_enter_mailbox(m, err) == -1)
		return -1;
	if (aclfile_read(m->dirs.fd, &f, err) == -1)
		return who->owner ? 0 : -1;
	*rights = aclfile_rights(&f, who);
	aclfile_fini(&f);
	return 0;
}

/* What C's changes are made to.  Of an owner the entry that is meant for him by
 * name counts, then that of "owner", then everything. */
static unsigned
rights_before(const struct aclfile *f, const struct acl_change *c)
{
	static const struct acl_id owner = { .kind = ACL_OWNER };
	const struct acl_entry *e = aclfile_find(f, &c->id, c->domain);

	if (e == NULL && c->owner && !c->id.negative)
		e = aclfile_find(f, &owner, c->domain);
	if (e != NULL)
		return e->rights;
	return c->owner && !c->id.negative ? RIGHTS_ALL : 0;
}

static int
apply(struct aclfile *f, const struct acl_change *c, struct err *err)
{
	const unsigned before = rights_before(f, c);

	switch (c->op) {
	case ACL_SET:
		return aclfile_set(f, &c->id, c->domain, c->rights, err);
	case ACL_ADD:
		return aclfile_set(
		    f, &c->id, c->domain, before | c->rights, err);
	case ACL_TAKE:
		if (aclfile_find(f, &c->id, c->domain) == NULL && before == 0)
			return 0;
		return aclfile_set(
		    f, &c->id, c->domain, before & ~c->rights, err);
	case ACL_DROP:
		aclfile_drop(f, &c->id, c->domain);
		break;
	}
	return 0;
}

static int
change_file(int dirfd, const struct acl_change *change, struct err *err)
{
	struct aclfile f;
	int rc;

	if (aclfile_read(dirfd, &f, err) == -1)
		return -1;
	rc = apply(&f, change, err);
	if (rc == 0)
		rc = aclfile_write(dirfd, &f, err);
	if (rc == 0)
		seen_forget(dirfd, &f, change->domain);
	aclfile_fini(&f);
	return rc;
}

/* One process at a time changes an account, and it is who has the transaction;
 * the file is not in the index. */
int
acl_change(struct mailbox *m, const struct acl_change *change, struct err *err)
{
	int64_t before_ns;
	struct ix_box b;
	struct tx tx;
	int rc = sync_begin(m, 0, &tx, &b, err);

	if (rc == -1)
		return -1;
	before_ns = maildir_names_time(tx.ix->fd);
	rc = change_file(m->dirs.fd, change, err);
	tx_names_end(&tx, before_ns);
	if (rc == 0)
		(void)tx_commit(&tx, NULL);
	else
		tx_abort(&tx);
	return rc;
}

/* The entries of B's mailbox; of one that is gone there are none. */
static int
pass_on(struct tx *tx, const struct ix_box *b, int dirfd, struct err *err)
{
	struct maildir d;
	struct aclfile f;
	int rc;

	switch (maildir_open(&d, tx->ix->fd, b->dir, false, err)) {
	case FOUND:
		break;
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	}
	rc = aclfile_read(d.fd, &f, err);
	maildir_close(&d);
	if (rc == -1)
		return -1;
	if (f.n > 0)
		rc = aclfile_write(dirfd, &f, err);
	aclfile_fini(&f);
	return rc;
}

int
acl_inherit(struct tx *tx, struct slice name, int dirfd, struct err *err)
{
	struct ix_box b;
	uint32_t box;

	while (slice_rfind(name, '/') < name.n) {
		enum found f;

		name = slice_sub(name, 0, slice_rfind(name, '/'));
		f = ix_find_box(tx->t, name, &box, err);
		if (f == FOUND)
			f = ix_get_box(tx->t, box, &b, err);
		if (f == FOUND)
			return pass_on(tx, &b, dirfd, err);
		if (f == TEMPFAIL)
			return -1;
	}
	return 0;
}

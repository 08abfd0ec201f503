/* SPDX-License-Identifier: ISC */
#include "store/metadata.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/boxfile.h"
#include "maildir/mailboxes.h"
#include "maildir/metafile.h"
#include "maildir/name.h"
#include "maildir/special.h"
#include "store/account.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/sync.h"

int
metadata_read(
    struct account *a, struct mailbox *m, struct metafile *f, struct err *err)
{
	if (m != NULL)
		return handle_enter_mailbox(m, err) == -1
			   ? -1
			   : metafile_read(
				 m->dirs.fd, METAFILE_MAILBOX, f, err);
	return handle_enter(a, err) == -1
		   ? -1
		   : metafile_read(a->ix.fd, METAFILE_ACCOUNT, f, err);
}

static int
change_file(int dirfd, const char *name, const struct metadata_change *changes,
    size_t n, size_t max_bytes, struct err *err)
{
	struct metafile f;
	size_t before;
	int rc = 0;

	if (metafile_read(dirfd, name, &f, err) == -1)
		return -1;
	before = metafile_bytes(&f);
	for (size_t i = 0; i < n; i++)
		metafile_set(&f, changes[i].name, changes[i].value);
	/* What a former limit let in may become less. */
	if (f.n > METAFILE_ENTRIES_MAX ||
	    (metafile_bytes(&f) > max_bytes && metafile_bytes(&f) > before))
		rc = err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "too many annotations");
	if (rc == 0)
		rc = metafile_write(dirfd, name, &f, err);
	metafile_fini(&f);
	return rc;
}

/* One process at a time changes an account, and it is who has the transaction;
 * the file is not in the index. */
int
metadata_change(struct account *a, struct mailbox *m,
    const struct metadata_change *changes, size_t n, size_t max_bytes,
    struct err *err)
{
	int64_t before_ns;
	struct ix_box b;
	struct tx tx;
	int rc = m != NULL ? sync_begin(m, 0, &tx, &b, err)
			   : handle_begin(a, 0, &tx, err);

	if (rc == -1)
		return -1;
	before_ns = maildir_names_time(a->ix.fd);
	rc = change_file(m != NULL ? m->dirs.fd : a->ix.fd,
	    m != NULL ? METAFILE_MAILBOX : METAFILE_ACCOUNT, changes, n,
	    max_bytes, err);
	tx_names_end(&tx, before_ns);
	if (rc == 0)
		(void)tx_commit(&tx, NULL);
	else
		tx_abort(&tx);
	return rc;
}

static int
put_special(struct tx *tx, struct mailbox *m, struct ix_box *b,
    unsigned special, struct err *err)
{
	const struct slice name = slice_str(b->name);
	struct boxfile f;

	if (name_is_inbox(name) || special_of(name) != 0)
		return err_set_code(err, ERR_PERM, ERR_CANNOT,
		    "the mailbox is known by its name");
	switch (boxfile_read(m->dirs.fd, &f, err)) {
	case FOUND:
		break;
	case ABSENT:
		return err_set(err, ERR_TEMP, "the mailbox's file is gone");
	case TEMPFAIL:
		return -1;
	}
	f.special = special;
	b->special = special;
	if (boxfile_write(m->dirs.fd, &f, err) == -1 ||
	    tx_log(tx, b, 0, LOG_BOX, err) == -1)
		return -1;
	return ix_put_box(tx->t, b, err);
}

int
metadata_set_special(struct mailbox *m, unsigned special, struct err *err)
{
	struct ix_box b;
	struct tx tx;

	if (sync_begin(m, TX_ROOM_MSG, &tx, &b, err) == -1)
		return -1;
	if (put_special(&tx, m, &b, special, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

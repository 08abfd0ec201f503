/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keptdir.h"
#include "maildir/mailboxes.h"
#include "store/boxes.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/keepsum.h"
#include "store/keptlist.h"
#include "store/mailbox_make.h"
#include "store/undelete.h"
#include "sys/fd.h"

static int
exists(struct err *err)
{
	return err_set_code(
	    err, ERR_PERM, ERR_EXISTS, "mailbox already exists");
}

/* Its directory gets its name again.  1: it is not there. */
static int
bring_back(struct account *a, struct tx *tx, const struct kept_mailbox *m,
    struct err *err)
{
	struct maildir d;
	uint32_t box;
	enum found f = ix_find_box(tx->t, m->name, &box, err);
	int rc;

	if (f != ABSENT)
		return f == FOUND ? exists(err) : -1;
	f = keptdir_find(&d, a->ix.fd, m->path, 2, err);
	if (f != FOUND)
		return f == ABSENT ? 1 : -1;
	if (mailbox_make_show(tx, m->name, true, err) == -1) {
		maildir_close(&d);
		return -1;
	}
	rc = keptdir_bury(d.curfd, m->path[2], a->ix.fd, m->path[2], err);
	if (rc == -1 && errno == ENOENT)
		rc = 1;
	else if (rc == -1 && errno == EEXIST)
		(void)exists(err);
	maildir_close(&d);
	if (rc == 0)
		rc = keepsum_took(tx->t, keptdir_parse_day(m->path[0]),
		    m->bytes, m->messages, err);
	return rc == 0 ? fd_sync(a->ix.fd, err) : rc;
}

enum found
undelete_mailbox(
    struct account *a, const struct kept_mailbox *m, struct err *err)
{
	struct tx tx;
	int rc;

	if (boxes_sync(a, err) == -1 ||
	    handle_begin(a, TX_ROOM, &tx, err) == -1)
		return TEMPFAIL;
	rc = bring_back(a, &tx, m, err);
	if (rc == 0)
		rc = tx_commit(&tx, err);
	else
		tx_abort(&tx);
	/* It is found by its directory, with its UIDs. */
	if (rc == 0)
		rc = boxes_sync(a, err);
	return rc == 0 ? FOUND : rc == 1 ? ABSENT : TEMPFAIL;
}

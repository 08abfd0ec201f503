/* SPDX-License-Identifier: ISC */
/*
 * Deleting mailboxes.  One is deleted when its directory is among what is kept
 * (keep.h), or has another name (pabal.deleted.*, removed at leisure).
 */
#include <bsd/string.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keptdir.h"
#include "maildir/mailboxes.h"
#include "maildir/name.h"
#include "store/boxes.h"
#include "store/flush.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/keep.h"
#include "store/mailbox.h"
#include "store/mailbox_made.h"
#include "store/mailbox_make.h"
#include "store/purge.h"
#include "sys/fd.h"

enum { DELETED_FILES = 200 }; /* at once */

/* Where the directory of a deleted mailbox goes: among what is kept under its
 * own name, else beside it under another, to be removed. */
struct grave {
	int fd; /* of where; -1: not there */
	char name[NAME_DIR_LIMIT + 1];
};

static int
find_grave(struct account *a, struct tx *tx, const struct ix_box *b,
    struct grave *g, struct err *err)
{
	if (keep_mailbox(tx, b, &g->fd, err) == -1)
		return -1;
	strlcpy(g->name, b->dir, sizeof g->name);
	if (g->fd != -1)
		return 0;
	snprintf(g->name, sizeof g->name, "pabal.deleted.%08x%08x",
	    arc4random(), arc4random());
	g->fd = fd_dup(a->ix.fd);
	return g->fd != -1 ? 0 : err_sys(err, ERR_TEMP, "open the account");
}

static void
dig_up(struct account *a, struct grave *g, const char *dir)
{
	if (g->fd != -1)
		(void)keptdir_bury(g->fd, g->name, a->ix.fd, dir, NULL);
}

static int
bury(struct account *a, struct tx *tx, const struct ix_box *b, struct grave *g,
    struct err *err)
{
	if (find_grave(a, tx, b, g, err) == -1)
		return -1;
	if (keptdir_bury(a->ix.fd, b->dir, g->fd, g->name, err) == -1 &&
	    errno != ENOENT)
		return -1;
	if (fd_sync(a->ix.fd, err) == 0 && purge_box(tx, b, err) == 0)
		return 0;
	dig_up(a, g, b->dir);
	return -1;
}

/* The mailbox NAME, or one that is only shown. */
static int
delete_named(struct account *a, struct slice name, struct err *err)
{
	struct grave grave = { .fd = -1 };
	const enum found shown = mailbox_make_is_shown(a, name, err);
	enum found f = TEMPFAIL;
	int64_t before_ns;
	uint32_t box;
	struct ix_box b;
	struct tx tx;
	int rc;

	if (shown == TEMPFAIL || handle_begin(a, TX_ROOM * 8, &tx, err) == -1)
		return -1;
	before_ns = maildir_names_time(a->ix.fd);
	f = ix_find_box(tx.t, name, &box, err);
	if (f == FOUND)
		f = ix_get_box(tx.t, box, &b, err);
	if (f == ABSENT && shown == ABSENT)
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	rc = f == FOUND || (f == ABSENT && shown == FOUND) ? 0 : -1;
	if (rc == 0)
		rc = mailbox_make_show(&tx, name, false, err);
	if (rc == 0 && f == FOUND)
		rc = bury(a, &tx, &b, &grave, err);
	tx_names_end(&tx, before_ns);
	if (rc == -1)
		tx_abort(&tx);
	else if ((rc = tx_commit(&tx, err)) == -1 && f == FOUND)
		dig_up(a, &grave, b.dir);
	fd_close(&grave.fd);
	if (rc == -1 && shown == FOUND)
		mailbox_make_show_again(a, name);
	return rc;
}

/* What is kept of it is what the names of its files say.  Where they cannot be
 * brought in line it goes all the same. */
static void
flush(struct account *a, struct slice name)
{
	struct mailbox *m;

	if (mailbox_is_made(a, name) &&
	    mailbox_open(a, name, &m, NULL) == FOUND) {
		flush_mailbox(m);
		mailbox_close(&m);
	}
}

int
mailbox_delete(struct account *a, struct slice name, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf normal;
	int rc;

	buf_init(&normal, NAME_LIMIT);
	rc = mailbox_make_name(name, &normal, dir, err);
	if (rc == 0 && name_is_inbox(buf_slice(&normal)))
		rc = err_set_code(
		    err, ERR_PERM, ERR_CANNOT, "INBOX cannot be deleted");
	if (rc == 0)
		rc = boxes_sync(a, err);
	if (rc == 0)
		flush(a, buf_slice(&normal));
	if (rc == 0)
		rc = delete_named(a, buf_slice(&normal), err);
	/* This one, and what a crash left of others; the store goes on. */
	if (rc == 0)
		purge_files(a, DELETED_FILES);
	buf_fini(&normal);
	return rc;
}

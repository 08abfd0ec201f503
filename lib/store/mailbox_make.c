/* SPDX-License-Identifier: ISC */
/*
 * Making mailboxes.  A mailbox is made when its directory, with its own file in
 * it, is there.
 */
#include "store/mailbox_make.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "maildir/boxfile.h"
#include "maildir/mailboxes.h"
#include "maildir/name.h"
#include "maildir/special.h"
#include "store/account_new.h"
#include "store/acl.h"
#include "store/boxes.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/mailbox_made.h"
#include "sys/fd.h"

int
mailbox_make_name(struct slice name, struct buf *normal,
    char dir[NAME_DIR_LIMIT + 1], struct err *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, NAME_DIR_LIMIT);
	ok = name_normal(normal, name) &&
	     name_to_dir(&text, buf_slice(normal)) &&
	     slice_copy(buf_slice(&text), dir, NAME_DIR_LIMIT + 1);
	buf_fini(&text);
	return ok ? 0
		  : err_set_code(
			err, ERR_PERM, ERR_CANNOT, "invalid mailbox name");
}

static enum found
find_box(struct tx *tx, struct slice name, struct ix_box *b, struct err *err)
{
	uint32_t box;
	const enum found f = ix_find_box(tx->t, name, &box, err);

	return f == FOUND ? ix_get_box(tx->t, box, b, err) : f;
}

/* What a Maildir++ reader and we expect in the directory of a mailbox. */
static int
fill_dir(struct tx *tx, struct slice name, const char *dir,
    const struct boxfile *f, struct err *err)
{
	const int accountfd = tx->ix->fd;
	struct maildir d;
	struct boxfile old;
	int rc;

	if (maildir_open(&d, accountfd, dir, true, err) != FOUND)
		return -1;
	rc = maildir_mark(&d, err);
	/* The one of a directory that was there already stays. */
	if (rc == 0 && boxfile_read(d.fd, &old, NULL) != FOUND) {
		rc = acl_inherit(tx, name, d.fd, err);
		if (rc == 0)
			rc = boxfile_write(d.fd, f, err);
	}
	maildir_close(&d);
	return rc == 0 ? fd_sync(accountfd, err) : -1;
}

/* *MADE: the directory is of our making. */
static int
make_dir(struct tx *tx, struct slice name, const char *dir, unsigned special,
    bool *made, struct err *err)
{
	struct boxfile f = { .special = special, .ceiling = 1 };
	bool here = false;
	const int rc = maildir_make(tx->ix->fd, dir, &here, err);

	/* Made in an earlier round, it is still ours. */
	*made = *made || here;
	if (rc == -1)
		return -1;
	boxfile_new_id(f.id);
	if (tx_uidvalidity(tx, &f.uidvalidity, err) == -1 ||
	    account_sync_now(ACCOUNT_OF(tx->ix), err) == -1)
		return -1;
	return fill_dir(tx, name, dir, &f, err);
}

static int
make(struct account *a, struct slice name, const char *dir, unsigned special,
    struct err *err)
{
	int64_t left = BOXES_COST, before_ns;
	bool made = false;
	struct tx tx;
	uint32_t box;
	enum found f;
	int rc;

	do {
		rc = handle_begin(a, TX_ROOM, &tx, err);
		if (rc == -1)
			break;
		before_ns = maildir_names_time(a->ix.fd);
		f = ix_find_box(tx.t, name, &box, err);
		rc = f == ABSENT ? 0 : -1;
		if (f == FOUND)
			err_set_code(err, ERR_PERM, ERR_EXISTS,
			    "mailbox already exists");
		if (rc == 0)
			rc = make_dir(&tx, name, dir, special, &made, err);
		if (rc == 0)
			rc = boxes_adopt(&tx, dir, false, &left, err);
		tx_names_end(&tx, before_ns);
		if (rc == 0)
			rc = tx_commit(&tx, err);
		else
			tx_abort(&tx);
	} while (rc == 1);
	if (rc == -1 && made)
		maildir_unmake(a->ix.fd, dir);
	return rc;
}

/* Is NAME a default mailbox that is shown? */
enum found
mailbox_make_is_shown(struct account *a, struct slice name, struct err *err)
{
	const unsigned special = special_of(name);
	unsigned shown;

	if (special == 0)
		return ABSENT;
	if (boxes_shown(a, &shown, err) == -1)
		return TEMPFAIL;
	return (shown & special) != 0 ? FOUND : ABSENT;
}

enum found
mailbox_make_shown(struct account *a, struct slice name, struct err *err)
{
	enum found f = mailbox_make_is_shown(a, name, err);
	struct ix_box b;
	char dir[NAME_DIR_LIMIT + 1];
	struct buf normal;
	struct tx tx;

	if (f == FOUND && handle_begin(a, 0, &tx, err) == -1)
		return TEMPFAIL;
	if (f != FOUND)
		return f;
	f = find_box(&tx, name, &b, err);
	tx_abort(&tx);
	if (f != ABSENT)
		return f;
	buf_init(&normal, NAME_LIMIT);
	f = mailbox_make_name(name, &normal, dir, err) == 0 &&
		    make(a, name, dir, special_of(name), err) == 0
		? FOUND
		: TEMPFAIL;
	buf_fini(&normal);
	return f;
}

bool
mailbox_is_made(struct account *a, struct slice name)
{
	struct buf normal;
	struct tx tx;
	uint32_t box;
	enum found f = ABSENT;

	buf_init(&normal, NAME_LIMIT);
	if (name_normal(&normal, name) && boxes_sync(a, NULL) == 0 &&
	    handle_begin(a, 0, &tx, NULL) == 0) {
		f = ix_find_box(tx.t, buf_slice(&normal), &box, NULL);
		tx_abort(&tx);
	}
	buf_fini(&normal);
	return f == FOUND;
}

/* ERR_PERM [ALREADYEXISTS] where NAME is shown already. */
int
mailbox_make_refuse_shown(struct account *a, struct slice name, struct err *err)
{
	const enum found f = mailbox_make_is_shown(a, name, err);

	if (f == FOUND)
		err_set_code(
		    err, ERR_PERM, ERR_EXISTS, "mailbox already exists");
	return f == ABSENT ? 0 : -1;
}

/* Show the default mailbox NAME or not: its owner does not want it. */
int
mailbox_make_show(struct tx *tx, struct slice name, bool on, struct err *err)
{
	const unsigned special = special_of(name);
	struct boxfile f;

	if (special == 0)
		return 0;
	if (tx_inbox_file(tx, &f, err) == -1)
		return -1;
	if (on == ((f.hidden & special) == 0))
		return 0;
	f.hidden ^= special;
	return boxfile_write(tx->ix->fd, &f, err);
}

/* What was to be done to it has failed. */
void
mailbox_make_show_again(struct account *a, struct slice name)
{
	struct tx tx;

	if (special_of(name) == 0 || handle_begin(a, 0, &tx, NULL) == -1)
		return;
	(void)mailbox_make_show(&tx, name, true, NULL);
	tx_abort(&tx);
}

int
mailbox_create(
    struct account *a, struct slice name, unsigned special, struct err *err)
{
	char dir[NAME_DIR_LIMIT + 1];
	struct buf normal;
	int rc;

	buf_init(&normal, NAME_LIMIT);
	rc = mailbox_make_name(name, &normal, dir, err);
	if (rc == 0)
		rc = boxes_sync(a, err);
	if (rc == 0)
		rc = mailbox_make_refuse_shown(a, buf_slice(&normal), err);
	if (rc == 0)
		rc = make(a, buf_slice(&normal), dir, special, err);
	buf_fini(&normal);
	return rc;
}

/* SPDX-License-Identifier: ISC */
#include "store/boxes.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "log/log.h"
#include "maildir/boxfile.h"
#include "maildir/mailboxes.h"
#include "maildir/name.h"
#include "maildir/takeover.h"
#include "store/adopt.h"
#include "store/boxfiles.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/purge.h"
#include "store/scan.h"
#include "sys/clock.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int
boxes_shown(struct account *a, unsigned *shown, struct err *err)
{
	struct boxfile f = { 0 };

	if (boxfile_read(a->ix.fd, &f, err) == TEMPFAIL)
		return -1;
	*shown = ~f.hidden;
	return 0;
}

/* The box with name and directory, its messages still to be read.  ODD: it
 * failed because of what stands there, before anything was recorded. */
static int
adopt_box(struct tx *tx, struct ix_box *b, const struct maildir *d, bool doubt,
    int64_t *left, bool *odd, struct err *err)
{
	struct takeover from;
	const struct scan_how how = { .build = true,
		.doubt = doubt,
		.table = &from.table,
		.from = &from };
	int rc = takeover_load(&from, d->fd, err);

	if (rc == 0)
		rc = boxfiles_load(tx, b, d, &from, err);
	*odd = rc == -1 && err != NULL &&
	       (err->code == ERR_CANNOT || err->code == ERR_TOO_BIG);
	takeover_only(&from, b->uidvalidity);
	b->first_recent = 1;
	kwtable_begin(tx, b, d);
	if (rc == 0)
		rc = scan_new_box(tx, b, d, &how, &from, left, err);
	from.table.dirty = from.table.used > 0;
	if (rc == 0)
		rc = kwtable_save(tx, b, d, &from.table, err);
	if (rc == 0)
		rc = tx_log(tx, b, 0, LOG_BOX, err);
	if (rc == 0)
		rc = ix_put_box(tx->t, b, err);
	takeover_fini(&from);
	return rc;
}

/* The others are listed all the same, and it is looked at again next time. */
static void
skip(struct tx *tx, const char *dir, const char *why)
{
	ACCOUNT_OF(tx->ix)->skipped = true;
	if (!ACCOUNT_OF(tx->ix)->told_unusable)
		log_warn("store.directory-unusable",
		    kv_s("home", ACCOUNT_OF(tx->ix)->name),
		    kv_s("directory", dir), kv_s("why", why));
	ACCOUNT_OF(tx->ix)->told_unusable = true;
}

int
boxes_adopt(
    struct tx *tx, const char *dir, bool doubt, int64_t *left, struct err *err)
{
	struct ix_box b = { .box = tx->meta.next_box };
	struct maildir d;
	struct buf name;
	enum found f = ABSENT;
	uint32_t other;
	bool odd = false;
	int rc;

	buf_init(&name, NAME_LIMIT);
	if (name_from_dir(&name, slice_str(dir)))
		f = ix_find_box(tx->t, buf_slice(&name), &other, err);
	else
		f = FOUND;
	strlcpy(b.name, buf_cstr(&name), sizeof b.name);
	strlcpy(b.dir, dir, sizeof b.dir);
	buf_fini(&name);
	if (f != ABSENT)
		return f == FOUND ? 0 : -1;
	if (!maildir_is_usable(tx->ix->fd, dir)) {
		skip(tx, dir, "its owner may not read and write it");
		return 0;
	}
	f = maildir_open(&d, tx->ix->fd, dir, true, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	tx->meta.next_box++;
	rc = adopt_box(tx, &b, &d, doubt, left, &odd, err);
	maildir_close(&d);
	if (odd && dir[0] != '\0') {
		skip(tx, dir, err->text);
		return 0;
	}
	return rc;
}

/* The id in the file of the mailbox in DIR; "" where there is none. */
static void
read_id(int accountfd, const char *dir, char id[MAILBOX_ID_SIZE])
{
	int fd = openat(accountfd, dir, DIR_FLAGS);
	struct boxfile f = { 0 };

	if (fd == -1 || boxfile_read(fd, &f, NULL) != FOUND)
		f.id[0] = '\0';
	memcpy(id, f.id, sizeof f.id);
	if (fd != -1)
		close(fd);
}

/* The name of the mailbox in DIR when none is known by it; else false. */
static bool
unknown_name(struct tx *tx, const char *dir, struct buf *name)
{
	uint32_t box;

	buf_reset(name);
	return dir[0] != '\0' && name_from_dir(name, slice_str(dir)) &&
	       ix_find_box(tx->t, buf_slice(name), &box, NULL) == ABSENT;
}

/* Did B's directory only get another name?  We were killed in a RENAME, or
 * another program did it: then its records stay. */
static int
follow(struct tx *tx, struct ix_box *b, struct slice dirs, struct err *err)
{
	struct ix_box was = *b;
	char id[MAILBOX_ID_SIZE] = "";
	const char *dir = "";
	struct buf name;
	int rc = 1;

	buf_init(&name, NAME_LIMIT);
	while (dirs.n > 0 && strcmp(id, b->id) != 0) {
		dir = slice_cut(dirs, '\0', &dirs).p;
		id[0] = '\0';
		if (unknown_name(tx, dir, &name))
			read_id(tx->ix->fd, dir, id);
	}
	if (strcmp(id, b->id) == 0) {
		strlcpy(b->name, buf_cstr(&name), sizeof b->name);
		strlcpy(b->dir, dir, sizeof b->dir);
		ACCOUNT_OF(tx->ix)->renamed = true;
		rc = ix_del_box(tx->t, &was, err);
		if (rc == 0)
			rc = tx_log(tx, b, 0, LOG_BOX, err);
		if (rc == 0)
			rc = ix_put_box(tx->t, b, err);
	}
	buf_fini(&name);
	return rc;
}

static int
forget(
    struct tx *tx, struct slice dirs, const struct map *there, struct err *err)
{
	struct ix_box b;
	uint32_t from = 0;
	enum found f;
	int rc;

	while ((f = ix_next_box(tx->t, from, &b, err)) == FOUND) {
		from = b.box + 1;
		if (map_find(there, slice_str(b.dir)) != NULL)
			continue;
		rc = follow(tx, &b, dirs, err);
		if (rc == 1)
			rc = purge_box(tx, &b, err);
		if (rc == -1)
			return -1;
	}
	return f == TEMPFAIL ? -1 : 0;
}

/* Forget those whose directory is gone. */
static int
forget_missing(struct tx *tx, struct slice dirs, struct err *err)
{
	struct slice rest = dirs;
	struct map there;
	int rc;

	map_init(&there);
	while (rest.n > 0)
		map_put(&there, slice_cut(rest, '\0', &rest), tx);
	rc = forget(tx, dirs, &there, err);
	map_fini(&there);
	return rc;
}

static int
adopt_all(struct tx *tx, struct slice dirs, struct err *err)
{
	int64_t left = BOXES_COST;
	int rc = 0;

	while (dirs.n > 0 && rc == 0) {
		const struct slice dir = slice_cut(dirs, '\0', &dirs);

		rc = boxes_adopt(tx, dir.p, false, &left, err);
	}
	return rc;
}

static bool
is_recent(int64_t mtime_ns)
{
	return clock_wall_us() * 1000 - mtime_ns < MAILDIR_TICK_NS;
}

static int
sync_dirs(struct account *a, struct err *err)
{
	int64_t mtime_ns;
	struct buf dirs;
	struct tx tx;
	int rc;

	if (handle_begin(a, TX_ROOM, &tx, err) == -1)
		return -1;
	buf_init(&dirs, MAILDIR_NAMES_MAX);
	a->skipped = false;
	boxfiles_gather(a);
	mtime_ns = maildir_names_time(a->ix.fd);
	rc = maildir_names(a->ix.fd, &dirs, err);
	if (rc == 0)
		rc = forget_missing(&tx, buf_slice(&dirs), err);
	if (rc == 0)
		rc = adopt_all(&tx, buf_slice(&dirs), err);
	if (boxfiles_settle(a, err) == -1)
		rc = -1;
	/* A change within the same tick would not show. */
	if (is_recent(mtime_ns) || a->skipped)
		mtime_ns = 0;
	tx.meta.dir_mtime_ns = mtime_ns;
	buf_fini(&dirs);
	if (rc == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return rc;
}

/* Negative: tx_names_end. */
static bool
is_known(const struct ix_meta *meta, int64_t mtime_ns)
{
	return meta->dir_mtime_ns == mtime_ns ||
	       (meta->dir_mtime_ns == -mtime_ns && is_recent(mtime_ns));
}

int
boxes_sync(struct account *a, struct err *err)
{
	struct ix_meta meta;
	struct mailbox *m;
	struct kv_txn *t;
	enum found f;
	int rc;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	kv_abort(&t);
	if (f != FOUND)
		return -1;
	if (is_known(&meta, maildir_names_time(a->ix.fd)))
		return 0;
	a->renamed = false;
	rc = sync_dirs(a, err);
	/* One has another name now: it is looked up when it is used. */
	if (a->renamed)
		LIST_FOREACH(m, &a->boxes, link)
	handle_close_dirs(m);
	return rc;
}

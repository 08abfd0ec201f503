/* SPDX-License-Identifier: ISC */
#include "store/boxes.h"

#include <bsd/string.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/boxfile.h"
#include "store/mailbox.h"
#include "store/name.h"
#include "store/scan.h"
#include "store/takeover.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { DIRS_LIMIT = 64 << 20, UID_STEP = 1000 };

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const struct {
	const char *name;
	unsigned special;
} specials[] = {
	{ "Drafts", MAILBOX_DRAFTS },
	{ "Sent", MAILBOX_SENT },
	{ "Junk", MAILBOX_JUNK },
	{ "Trash", MAILBOX_TRASH },
	{ "Archive", MAILBOX_ARCHIVE },
};

unsigned
boxes_special(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (slice_is(name, specials[i].name))
			return specials[i].special;
	return 0;
}

void
box_dirs_close(struct box_dirs *d)
{
	fd_close(&d->fd);
	fd_close(&d->curfd);
	fd_close(&d->newfd);
	fd_close(&d->tmpfd);
}

static int
open_sub(int fd, const char *name, bool make)
{
	int sub = openat(fd, name, DIR_FLAGS);

	if (sub == -1 && errno == ENOENT && make &&
	    (mkdirat(fd, name, 0700) == 0 || errno == EEXIST))
		sub = openat(fd, name, DIR_FLAGS);
	return sub;
}

enum found
box_dirs_open(struct box_dirs *d, int accountfd, const char *dir, bool make,
    struct err *err)
{
	const bool inbox = dir[0] == '\0';

	*d = (struct box_dirs){ -1, -1, -1, -1 };
	d->fd = openat(accountfd, inbox ? "." : dir, DIR_FLAGS);
	if (d->fd == -1) {
		err_sys(err, ERR_PERM, "[NONEXISTENT] open %s", dir);
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			   ? ABSENT
			   : TEMPFAIL;
	}
	d->curfd = open_sub(d->fd, "cur", make);
	if (d->curfd != -1)
		d->newfd = open_sub(d->fd, "new", true);
	if (d->newfd != -1)
		d->tmpfd = open_sub(d->fd, "tmp", true);
	if (d->tmpfd != -1)
		return FOUND;
	err_sys(err, ERR_TEMP, "open cur, new and tmp of \"%s\"", dir);
	box_dirs_close(d);
	return TEMPFAIL;
}

static bool
is_mailbox_dir(int fd, const struct dirent *de)
{
	struct stat sb;

	if (de->d_name[0] != '.' || de->d_name[1] == '\0' ||
	    strcmp(de->d_name, "..") == 0)
		return false;
	if (de->d_type != DT_DIR && de->d_type != DT_UNKNOWN)
		return false;
	return fstatat(fd, de->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(sb.st_mode);
}

int
boxes_dirs(int fd, struct buf *dirs, struct err *err)
{
	const int dirfd = openat(fd, ".", DIR_FLAGS);
	DIR *dir = dirfd != -1 ? fdopendir(dirfd) : NULL;
	const struct dirent *de;

	if (dir == NULL) {
		err_sys(err, ERR_TEMP, "open the account's directory");
		if (dirfd != -1)
			close(dirfd);
		return -1;
	}
	buf_addc(dirs, '\0');
	while ((de = readdir(dir)) != NULL)
		if (is_mailbox_dir(dirfd, de))
			buf_add(
			    dirs, slice_of(de->d_name, strlen(de->d_name) + 1));
	closedir(dir);
	return dirs->failed ? err_set(err, ERR_TEMP, "too many mailboxes") : 0;
}

/* An id names one mailbox: a copy of a mailbox's directory gets its own. */
static int
id_taken(struct tx *tx, const char *id, struct err *err)
{
	struct ix_box b;
	uint32_t from = 0;
	enum found f;

	while ((f = ix_next_box(tx->t, from, &b, err)) == FOUND) {
		if (strcmp(b.id, id) == 0)
			return 1;
		from = b.box + 1;
	}
	return f == TEMPFAIL ? -1 : 0;
}

/* What the mailbox's own file says, or what it shall say. */
static int
load_boxfile(struct tx *tx, struct ix_box *b, const struct box_dirs *d,
    const struct takeover *from, struct err *err)
{
	struct boxfile f = { 0 };
	enum found have = boxfile_read(d->fd, &f, err);
	const int taken = have == FOUND ? id_taken(tx, f.id, err) : 0;

	if (have == TEMPFAIL || taken == -1)
		return -1;
	b->uidnext = f.ceiling;
	if (have == ABSENT || taken == 1) {
		const bool known = taken == 0 && from->uidvalidity != 0;

		f.uidvalidity = known ? from->uidvalidity : tx_uidvalidity(tx);
		b->uidnext = known ? from->uidnext : 1;
		f.ceiling = b->uidnext + UID_STEP;
		strlcpy(f.id, known ? from->id : "", sizeof f.id);
		if (f.id[0] == '\0' || id_taken(tx, f.id, err) != 0)
			boxfile_new_id(f.id);
		if (have == ABSENT)
			f.special = boxes_special(slice_str(b->name));
		if (boxfile_write(d->fd, &f, err) == -1)
			return -1;
	}
	if (f.uidvalidity > tx->meta.last_uidvalidity)
		tx->meta.last_uidvalidity = f.uidvalidity;
	b->uidvalidity = f.uidvalidity;
	b->ceiling = f.ceiling;
	b->special = f.special;
	memcpy(b->id, f.id, sizeof b->id);
	return 0;
}

/* The box with name and directory, its messages still to be read. */
static int
adopt_box(struct tx *tx, struct ix_box *b, const struct box_dirs *d, bool doubt,
    size_t *room, struct err *err)
{
	struct takeover from;
	struct scan_how how = { .build = true, .doubt = doubt, .from = &from };
	int rc = takeover_load(&from, d->fd, err);

	if (rc == 0)
		rc = load_boxfile(tx, b, d, &from, err);
	if (rc == 0 && from.made_table)
		rc = keywords_write(d->fd, &from.table, err);
	/* An old list tells nothing about other UIDs than its own. */
	if (from.uidvalidity != b->uidvalidity)
		map_fini(&from.uids);
	how.keywords = scan_keywords(&from.table);
	b->first_recent = 1;
	b->keywords = 1;
	if (rc == 0)
		rc = scan_box(tx, b, d, &how, room, err);
	if (rc == 0)
		rc = tx_log(tx, b, 0, LOG_BOX, err);
	if (rc == 0)
		rc = ix_put_box(tx->t, b, err);
	takeover_fini(&from);
	return rc;
}

int
boxes_adopt(
    struct tx *tx, const char *dir, bool doubt, size_t *room, struct err *err)
{
	struct ix_box b = { .box = tx->meta.next_box };
	struct box_dirs d;
	struct buf name;
	enum found f = ABSENT;
	uint32_t other;
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
	f = box_dirs_open(&d, tx->a->fd, dir, true, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	tx->meta.next_box++;
	rc = adopt_box(tx, &b, &d, doubt, room, err);
	box_dirs_close(&d);
	return rc;
}

int
boxes_forget(struct tx *tx, const struct ix_box *box, struct err *err)
{
	struct ix_box b = *box;
	struct slice k, v;
	char key[IX_KEY];
	uint32_t uid;
	enum found f;

	for (;;) {
		struct kv_cursor *c = kv_cursor_open(tx->t, err);

		if (c == NULL)
			return -1;
		f = kv_seek(c, ix_key(key, 'F', b.box, 0), &k, &v, err);
		if (f == FOUND && !ix_key_uid(k, 'F', b.box, &uid))
			f = ABSENT;
		kv_cursor_close(&c);
		if (f == TEMPFAIL)
			return -1;
		if (f == ABSENT)
			break;
		if (tx_gone(tx, &b, uid, err) == -1)
			return -1;
	}
	if (tx_log(tx, &b, 0, LOG_BOX, err) == -1)
		return -1;
	return ix_del_box(tx->t, &b, err);
}

static bool
in_dirs(struct slice dirs, const char *dir)
{
	while (dirs.n > 0)
		if (slice_is(slice_cut(dirs, '\0', &dirs), dir))
			return true;
	return false;
}

/* Forget those whose directory is gone. */
static int
forget_missing(struct tx *tx, struct slice dirs, struct err *err)
{
	struct ix_box b;
	uint32_t from = 0;
	enum found f;

	while ((f = ix_next_box(tx->t, from, &b, err)) == FOUND) {
		from = b.box + 1;
		if (!in_dirs(dirs, b.dir) && boxes_forget(tx, &b, err) == -1)
			return -1;
	}
	return f == TEMPFAIL ? -1 : 0;
}

static int
adopt_all(struct tx *tx, struct slice dirs, size_t *room, struct err *err)
{
	int rc = 0;

	while (dirs.n > 0 && rc == 0) {
		const struct slice dir = slice_cut(dirs, '\0', &dirs);

		rc = boxes_adopt(tx, dir.p, false, room, err);
	}
	return rc;
}

static int
sync_dirs(struct account *a, size_t *room, struct err *err)
{
	int64_t mtime_ns;
	struct buf dirs;
	struct tx tx;
	int rc;

	if (tx_begin(a, *room, &tx, err) == -1)
		return -1;
	buf_init(&dirs, DIRS_LIMIT);
	mtime_ns = dir_mtime_ns(a->fd);
	rc = boxes_dirs(a->fd, &dirs, err);
	if (rc == 0)
		rc = forget_missing(&tx, buf_slice(&dirs), err);
	if (rc == 0)
		rc = adopt_all(&tx, buf_slice(&dirs), room, err);
	/* A change within the same tick would not show. */
	if (clock_wall_us() * 1000 - mtime_ns < 20 * 1000000)
		mtime_ns = 0;
	tx.meta.dir_mtime_ns = mtime_ns;
	buf_fini(&dirs);
	if (rc == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return rc;
}

int
boxes_sync(struct account *a, struct err *err)
{
	struct ix_meta meta;
	struct kv_txn *t;
	size_t room = TX_ROOM;
	enum found f;
	int rc;

	if (account_enter(a, err) == -1 || (t = kv_read(a->env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	kv_abort(&t);
	if (f != FOUND)
		return -1;
	if (meta.dir_mtime_ns == dir_mtime_ns(a->fd))
		return 0;
	while ((rc = sync_dirs(a, &room, err)) == 1)
		;
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * A file that the index does not know becomes a message.  Sizes in its name
 * are believed only where we are likely to have written them, and only until
 * the message is read (HOT_SURE).
 */
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "log/log.h"
#include "store/filename.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/message.h"
#include "store/scan.h"
#include "store/takeover.h"
#include "store/tx.h"
#include "sys/fd.h"

/* Longest base to which all our fields can be added. */
enum { BASE_LIMIT = 130, CHUNK = 64 << 10 };

int64_t
scan_wire_size(int fd, struct err *err)
{
	char *chunk = xmalloc(CHUNK);
	int64_t size = 0, added = 0;
	char last = '\0';
	ssize_t n;

	while ((n = pread(fd, chunk, CHUNK, size)) != 0) {
		const char *p = chunk;
		const char *end = chunk + n;

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_sys(err, ERR_TEMP, "read a message");
			size = -1;
			added = 0;
			break;
		}
		while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
			added += (p > chunk ? p[-1] : last) != '\r';
			p++;
		}
		last = end[-1];
		size += n;
	}
	xfree(&chunk);
	return size + added;
}

/* What S= says was never on disk: the power went before the sync, so nobody
 * was told that the message is there. */
static int
set_aside(const struct box_dirs *d, const struct scan_entry *e)
{
	log_warn("store.torn", kv_s("file", e->name));
	return renameat(
	    e->in_new ? d->newfd : d->curfd, e->name, d->tmpfd, e->name);
}

static bool
sizes_likely(const struct scan_how *how, const struct scan_entry *e,
    const struct stat *sb)
{
	return how->build && e->want != 0 && e->f.size == sb->st_size &&
	       e->f.vsize >= sb->st_size && e->f.vsize <= 2 * sb->st_size;
}

/* Size and wire size of the file; 1 when it is no message. */
static int
measure(const struct box_dirs *d, const struct scan_how *how,
    const struct scan_entry *e, struct ix_msg *msg, struct ix_hot *hot,
    struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	const int dirfd = e->in_new ? d->newfd : d->curfd;
	struct stat sb;
	int fd;

	if (fstatat(dirfd, e->name, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(sb.st_mode))
		return 1;
	msg->size = sb.st_size;
	msg->date_s = msg->saved_s = sb.st_mtim.tv_sec;
	if (how->doubt && e->want != 0 && sb.st_size < e->f.size)
		return set_aside(d, e) == 0 ? 1 : 0;
	if (sizes_likely(how, e, &sb)) {
		msg->vsize = e->f.vsize;
		return 0;
	}
	fd = openat(dirfd, e->name, flags);
	if (fd == -1)
		return 1;
	hot->bits |= HOT_SURE;
	msg->vsize = scan_wire_size(fd, err);
	fd_close(&fd);
	return msg->vsize == -1 ? -1 : 0;
}

/* The full name that E's file gets; false when it has it. */
static bool
full_name(struct tx *tx, const struct scan_entry *e, const struct ix_hot *hot,
    struct ix_msg *msg, uint32_t uid)
{
	struct filename f = e->f;
	struct buf base, name;
	bool differs;

	buf_init(&base, IX_FILE_NAME);
	buf_init(&name, IX_FILE_NAME - 1);
	if (f.base.n > BASE_LIMIT || f.base.n == 0) {
		filename_unique(&base, tx->a->store->hostname);
		f.base = slice_sub(buf_slice(&base), 0, BASE_LIMIT);
		f.own_id = true;
	}
	f.size = msg->size;
	f.vsize = msg->vsize;
	f.uid = uid;
	f.flags = hot->bits & MSG_FLAGS;
	f.keywords = hot->keywords;
	f.info = (hot->bits & HOT_NEW) == 0;
	filename_format(&name, &f);
	differs = !slice_is(buf_slice(&name), e->name) ||
		  e->in_new != ((hot->bits & HOT_NEW) != 0);
	strlcpy(msg->file, buf_cstr(&name), sizeof msg->file);
	msg->email_id = f.email_id;
	buf_fini(&base);
	buf_fini(&name);
	return differs;
}

int
adopt(struct tx *tx, struct ix_box *b, const struct box_dirs *d,
    const struct scan_how *how, const struct scan_entry *e, struct err *err)
{
	struct ix_msg msg = { 0 };
	struct ix_hot hot = { .bits = e->f.flags };
	uint32_t uid = e->want;
	int rc = measure(d, how, e, &msg, &hot, err);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	hot.keywords = e->f.keywords & how->keywords;
	if (how->from != NULL)
		hot.keywords |= takeover_keywords(how->from, e->f.stem);
	/* Delivered by us, and not yet seen by anybody. */
	if (e->in_new && how->build && e->want != 0 && !e->f.info)
		hot.bits |= HOT_NEW;
	if (uid == 0 && tx_uid(b, d->fd, &uid, err) == -1)
		return -1;
	if (uid >= b->uidnext)
		b->uidnext = uid + 1;
	/* \Recent when an index is built is what lies in new/. */
	if (how->build && !e->in_new && uid >= b->first_recent)
		b->first_recent = uid + 1;
	if (full_name(tx, e, &hot, &msg, uid) &&
	    renameat(e->in_new ? d->newfd : d->curfd, e->name,
		(hot.bits & HOT_NEW) != 0 ? d->newfd : d->curfd,
		msg.file) == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_TEMP, "rename %s", e->name);
	return tx_add(tx, b, uid, &hot, &msg, err);
}

/* SPDX-License-Identifier: ISC */
#include "maildir/uidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cur.h"
#include "maildir/textfile.h"
#include "sys/fd.h"

#define NAME  "pabal-uids"
#define FIRST "pabal-uids 1\n"

enum { LIMIT = 256 << 20 };

void
uidfile_init(struct uidfile *u)
{
	*u = (struct uidfile){ .rest = { NULL, 0 } };
	buf_init(&u->text, LIMIT);
	buf_init(&u->lines, LIMIT);
	map_init(&u->uids);
}

void
uidfile_fini(struct uidfile *u)
{
	buf_fini(&u->text);
	buf_fini(&u->lines);
	map_fini(&u->uids);
}

int
uidfile_load(struct uidfile *u, int dirfd, bool *there, struct err *err)
{
	struct err why = { 0 };
	const enum found f = textfile_load(dirfd, NAME, &u->text, &why);

	*there = f == FOUND;
	/* What stands in its place says nothing. */
	if (f == TEMPFAIL && why.code != ERR_CANNOT &&
	    why.code != ERR_TOO_BIG) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	u->known = f == FOUND ? (int64_t)u->text.n : 0;
	if (f == FOUND && slice_starts(buf_slice(&u->text), SLICE(FIRST)))
		u->rest = slice_from(buf_slice(&u->text), strlen(FIRST));
	return 0;
}

bool
uidfile_some(struct uidfile *u, size_t n)
{
	for (; n > 0 && u->rest.n > 0; n--) {
		struct cur c = cur_of(slice_cut(u->rest, '\n', &u->rest));
		const uint64_t uid = cur_u64(&c, UINT32_MAX);
		struct slice stem;

		cur_lit(&c, " ");
		stem = cur_until(&c, ':');
		if (cur_end(&c) && uid != 0)
			map_put(&u->uids, stem, (void *)(uintptr_t)uid);
	}
	return u->rest.n > 0;
}

static int
read_from(struct uidfile *u, int fd, struct err *err)
{
	struct stat sb;
	size_t n;

	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode) ||
	    sb.st_size <= u->known)
		return 0;
	n = (size_t)(sb.st_size - u->known);
	buf_reset(&u->text);
	if (n > LIMIT ||
	    fd_pread_all(fd, buf_room(&u->text, n), n, u->known, err) == -1)
		return -1;
	buf_added(&u->text, n);
	u->known = sb.st_size;
	u->rest = buf_slice(&u->text);
	(void)uidfile_some(u, SIZE_MAX);
	return 0;
}

int
uidfile_follow(struct uidfile *u, int dirfd, struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd, rc;

	if (u->rest.n > 0)
		return 0;
	fd = openat(dirfd, NAME, flags);
	if (fd == -1) {
		u->known = 0;
		return 0;
	}
	rc = read_from(u, fd, err);
	fd_close(&fd);
	return rc;
}

uint32_t
uidfile_uid(const struct uidfile *u, struct slice stem)
{
	return u->uids.count == 0
		   ? 0
		   : (uint32_t)(uintptr_t)map_find(&u->uids, stem);
}

bool
uidfile_takes(struct slice stem)
{
	return stem.n > 0 && memchr(stem.p, '\n', stem.n) == NULL;
}

void
uidfile_add(struct uidfile *u, uint32_t uid, struct slice stem)
{
	buf_addu(&u->lines, uid);
	buf_addc(&u->lines, ' ');
	buf_add(&u->lines, stem);
	buf_adds(&u->lines, ":\n");
}

/* What a killed process left of a line has no colon, and is none with an end.
 */
static int
write_at_end(struct uidfile *u, int fd, struct err *err)
{
	struct buf text;
	struct stat sb;
	int rc;

	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode))
		return err_set(err, ERR_TEMP, NAME " is no regular file");
	buf_init(&text, LIMIT);
	buf_adds(&text, sb.st_size == 0 ? FIRST : "\n");
	buf_add(&text, buf_slice(&u->lines));
	rc = text.failed ? err_set(err, ERR_TEMP, NAME ": too large")
			 : fd_pwrite_all(
			       fd, buf_slice(&text), (int64_t)sb.st_size, err);
	u->known = (int64_t)sb.st_size + (rc == 0 ? (int64_t)text.n : 0);
	buf_fini(&text);
	return rc;
}

int
uidfile_write(struct uidfile *u, int dirfd, struct err *err)
{
	const int flags =
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd, rc;

	if (u->lines.n == 0)
		return 0;
	fd = openat(dirfd, NAME, flags, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open " NAME);
	rc = write_at_end(u, fd, err);
	fd_close(&fd);
	buf_reset(&u->lines);
	return rc;
}

int
uidfile_remove(int dirfd, struct err *err)
{
	return unlinkat(dirfd, NAME, 0) == 0 || errno == ENOENT
		   ? 0
		   : err_sys(err, ERR_TEMP, "remove " NAME);
}

/* SPDX-License-Identifier: ISC */
#include "ctl/sign/srssecrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/sign/signplace.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "tls/digest.h"

enum { FILE_MAX_BYTES = 16384, SECRET_BYTES = 24 };

static void
wipe(struct buf *text)
{
	if (text->p != NULL)
		explicit_bzero(text->p, text->cap);
	buf_fini(text);
}

/* Where it is not there, TEXT is empty. */
static int
read_file(int dirfd, struct buf *text, struct err *err)
{
	int fd = openat(
	    dirfd, "secrets", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_PERM, "open srs/secrets");
	rc = fd_read_file(fd, text, err);
	fd_close(&fd);
	return rc;
}

static void
add_new(struct buf *out)
{
	uint8_t random[SECRET_BYTES];

	digest_random(random, sizeof random);
	base64_encode(out, slice_of(random, sizeof random));
	buf_addc(out, '\n');
	explicit_bzero(random, sizeof random);
}

static size_t
add_old(struct slice old, struct buf *out)
{
	size_t n = 1;

	while (old.n > 0 && n < SRSSECRETS_MAX) {
		const struct slice line =
		    slice_trim(slice_cut(old, '\n', &old));

		if (line.n == 0 || line.p[0] == '#')
			continue;
		buf_add(out, line);
		buf_addc(out, '\n');
		n++;
	}
	return n;
}

/* FIRST: only where there is no file. */
static int
write_file(const char *dir, bool first, size_t *n, struct err *err)
{
	struct buf old = { .max = FILE_MAX_BYTES }, new = old;
	struct stat like;
	int fd = signplace_open(dir, "srs", NULL, &like, err);
	int rc = -1;

	if (fd != -1 && read_file(fd, &old, err) == 0) {
		rc = 0;
		if (!first || old.n == 0) {
			add_new(&new);
			*n = add_old(buf_slice(&old), &new);
			rc = durable_replace_like(
			    fd, "secrets", buf_slice(&new), &like, err);
		}
	}
	fd_close(&fd);
	wipe(&old);
	wipe(&new);
	return rc;
}

int
srssecrets_rotate(const char *dir, size_t *n, struct err *err)
{
	return write_file(dir, false, n, err);
}

int
srssecrets_make_first(const char *dir, struct err *err)
{
	size_t n;

	return write_file(dir, true, &n, err);
}

int
srssecrets_there(const char *dir, bool *there, struct err *err)
{
	char *path = xasprintf("%s/srs/secrets", dir);
	struct stat st;
	int rc = stat(path, &st);

	*there = rc == 0 && st.st_size > 0;
	if (rc == -1)
		rc = errno == ENOENT
			 ? 0
			 : err_sys(err, ERR_PERM, "look at %s", path);
	free(path);
	return rc;
}

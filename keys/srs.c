/* SPDX-License-Identifier: ISC */
#include "keys/srs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "keys/files.h"
#include "log/log.h"

#define FILE_NAME "srs/secrets"

enum { SECRETS_MAX = 16, FILE_MAX_BYTES = 16384, SHORTEST = 8 };

static struct {
	int dirfd;
	struct stat st; /* of the file as it was read */
	struct buf text;
	struct slice secrets[SECRETS_MAX]; /* in text */
	size_t n;
} srs = { .dirfd = -1 };

static void
forget(void)
{
	if (srs.text.p != NULL)
		explicit_bzero(srs.text.p, srs.text.cap);
	buf_fini(&srs.text);
	buf_init(&srs.text, FILE_MAX_BYTES);
	srs.n = 0;
	srs.st = (struct stat){ 0 };
}

void
keys_srs_use(int dirfd)
{
	forget();
	srs.dirfd = dirfd;
}

static void
take_lines(struct slice text)
{
	while (text.n > 0 && srs.n < SECRETS_MAX) {
		const struct slice line =
		    slice_trim(slice_cut(text, '\n', &text));

		if (line.n >= SHORTEST && line.p[0] != '#')
			srs.secrets[srs.n++] = line;
	}
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* -1: it cannot be read, or has none. */
static int
load(struct err *err)
{
	struct stat st;

	if (srs.dirfd == -1)
		return err_set(err, ERR_TEMP, "there is no signing_directory");
	if (fstatat(srs.dirfd, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(err, ERR_TEMP, FILE_NAME);
	if (srs.n > 0 && is_same(&st, &srs.st))
		return 0;
	forget();
	(void)buf_room(&srs.text, FILE_MAX_BYTES); /* no copies stay behind */
	if (keys_files_read(srs.dirfd, FILE_NAME, &srs.text, err) == -1)
		return -1;
	srs.st = st;
	take_lines(buf_slice(&srs.text));
	return srs.n > 0 ? 0
			 : err_set(err, ERR_TEMP, FILE_NAME " has no secret");
}

enum srs
keys_srs_make(struct slice address, struct slice domain, bool back,
    int64_t now_s, struct buf *out)
{
	struct err err;

	if (load(&err) == -1) {
		log_err("keys.srs-failed", kv_s("why", err.text));
		return SRS_RESULTS;
	}
	return back ? srs_reverse(address, srs.secrets, srs.n, now_s, out)
		    : srs_forward(address, domain, srs.secrets[0], now_s, out);
}

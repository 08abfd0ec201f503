/* SPDX-License-Identifier: ISC */
#include "maildir/kwfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "log/log.h"
#include "maildir/filename.h"
#include "maildir/kwlog.h"
#include "sys/fd.h"

enum { KEY_MAX = 1024 };

void
kwfile_init(struct kwfile *k, int dirfd)
{
	*k = (struct kwfile){ .dirfd = dirfd };
	buf_init(&k->text, KWFILE_MAX);
	map_init(&k->lines);
}

void
kwfile_fini(struct kwfile *k)
{
	buf_fini(&k->text);
	map_fini(&k->lines);
}

/* Each line's names become a C string in place. */
static void
read_lines(struct kwfile *k)
{
	char *p = k->text.p;
	char *const end = p + k->text.n;
	char *nl;

	if (!slice_starts(buf_slice(&k->text), SLICE(KWFILE_FIRST)))
		return;
	for (p += strlen(KWFILE_FIRST); p < end; p = nl + 1) {
		char *names;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			break;
		*nl = '\0';
		names = strchr(p, ' ');
		if (names != NULL)
			names += 1 + strcspn(names + 1, " ");
		if (names != NULL)
			map_put(
			    &k->lines, slice_of(p, (size_t)(names - p)), names);
	}
}

/* As much as there is memory for: a file that is too large closes no account.
 */
static int
load(struct kwfile *k, struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(k->dirfd, KWFILE_NAME, flags);
	struct stat sb;
	size_t n;
	int rc = 0;

	if (fd == -1)
		return errno == ENOENT || errno == ELOOP
			   ? 0
			   : err_sys(err, ERR_TEMP, "open " KWFILE_NAME);
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_size > 0) {
		n = sb.st_size < KWFILE_MAX ? (size_t)sb.st_size : KWFILE_MAX;
		if (sb.st_size > KWFILE_MAX)
			log_warn("store.keywords-truncated",
			    kv_u("bytes", (uint64_t)sb.st_size));
		rc = fd_pread_all(fd, buf_room(&k->text, n), n, 0, err);
		buf_added(&k->text, rc == 0 ? n : 0);
	}
	fd_close(&fd);
	return rc;
}

int
kwfile_find(struct kwfile *k, const struct filename *name, struct slice *names,
    struct err *err)
{
	struct buf key;

	if (!k->read) {
		if (load(k, err) == -1)
			return -1;
		k->read = true;
		if (k->text.n > 0)
			read_lines(k);
	}
	*names = slice_str(NULL);
	if (k->lines.count == 0)
		return 0;
	buf_init(&key, KEY_MAX);
	kwlog_key(&key, name);
	*names = slice_str(map_find(&k->lines, buf_slice(&key)));
	buf_fini(&key);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "script/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "queue/envelope_text.h"
#include "sys/beneath.h"
#include "sys/fd.h"

#define SEEN "sieve/.pabal-seen"

enum {
	FILE_MAX = 8 << 20,
	CLEAN_BYTES = 256 << 10, /* then what has expired is left out */
	KEEP_BYTES = 4 << 20,    /* of what has not: the last */
};

static void
put_key(struct buf *line, const struct seen_key *key)
{
	buf_addf(line, " %s ", key->kind);
	envelope_escape(line, key->one);
	buf_addc(line, ' ');
	envelope_escape(line, key->two);
	buf_addc(line, '\n');
}

/* When LINE (without its end) expires, and what is behind that. */
static int64_t
expires(struct slice line, struct slice *key)
{
	const size_t n = slice_find(line, ' ');
	struct cur c = cur_of(slice_sub(line, 0, n));
	const uint64_t at = cur_u64(&c, INT64_MAX);

	*key = slice_from(line, n);
	return cur_end(&c) ? (int64_t)at : 0;
}

static enum found
read_all(int account, struct buf *text)
{
	int fd = beneath_open(account, SEEN, O_RDONLY | O_NONBLOCK, 0, NULL);
	enum found found = FOUND;

	if (fd == -1)
		return errno == ENOENT ? ABSENT : TEMPFAIL;
	if (fd_read_file(fd, text, NULL) == -1)
		found = TEMPFAIL;
	fd_close(&fd);
	return found;
}

enum found
seen_find(int account, const struct seen_key *key, int64_t now_s)
{
	struct buf text = { .max = FILE_MAX }, want = { .max = 65536 };
	enum found found = read_all(account, &text);
	struct slice rest = buf_slice(&text);

	put_key(&want, key);
	if (found == FOUND) {
		found = ABSENT;
		while (rest.n > 0 && found == ABSENT) {
			struct slice have;
			const struct slice line = slice_cut(rest, '\n', &rest);

			if (expires(line, &have) > now_s &&
			    slice_eq(have, slice_chomp(buf_slice(&want))))
				found = FOUND;
		}
	}
	if (want.failed)
		found = TEMPFAIL;
	buf_fini(&want);
	buf_fini(&text);
	return found;
}

/* Write the file anew without what has expired. */
static void
clean(int account, int64_t now_s)
{
	struct buf text = { .max = FILE_MAX }, out = { .max = FILE_MAX };
	struct slice rest;
	int fd;

	if (read_all(account, &text) != FOUND) {
		buf_fini(&text);
		return;
	}
	rest = buf_slice(&text);
	while (rest.n > 0) {
		struct slice key;
		const struct slice line = slice_cut(rest, '\n', &rest);

		if (expires(line, &key) <= now_s || rest.n > KEEP_BYTES)
			continue;
		buf_add(&out, line);
		buf_addc(&out, '\n');
	}
	fd = beneath_open(account, SEEN ".new",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, NULL);
	if (fd != -1 && fd_write_all(fd, buf_slice(&out), NULL) == 0)
		(void)renameat(account, SEEN ".new", account, SEEN);
	fd_close(&fd);
	buf_fini(&out);
	buf_fini(&text);
}

int
seen_put(int account, const struct seen_key *key, int64_t now_s,
    uint32_t seconds, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
	struct buf line = { .max = 65536 };
	struct stat st = { 0 };
	int dir, fd = -1, rc = -1;

	dir = beneath_make(account, "sieve", 0700, err);
	if (dir != -1)
		fd = beneath_open(account, SEEN, flags, 0600, err);
	buf_addf(&line, "%lld", (long long)(now_s + seconds));
	put_key(&line, key);
	if (line.failed)
		err_set(err, ERR_PERM, "too long to be remembered");
	else if (fd != -1)
		rc = fd_write_all(fd, buf_slice(&line), err);
	if (rc == 0 && fstat(fd, &st) == 0 && st.st_size > CLEAN_BYTES &&
	    st.st_size % CLEAN_BYTES < (off_t)line.n)
		clean(account, now_s);
	fd_close(&fd);
	fd_close(&dir);
	buf_fini(&line);
	return rc;
}

void
seen_list_add(struct seen_list *list, struct arena *a,
    const struct seen_key *key, uint32_t seconds)
{
	if (list->n == SEEN_LIST_MAX)
		return;
	list->v[list->n] = (struct seen_key){ key->kind,
		arena_slice(a, key->one), arena_slice(a, key->two) };
	list->seconds[list->n++] = seconds;
}

void
seen_list_keep(const struct seen_list *list, int account, int64_t now_s)
{
	for (size_t i = 0; i < list->n; i++)
		(void)seen_put(
		    account, &list->v[i], now_s, list->seconds[i], NULL);
}

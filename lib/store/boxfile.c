/* SPDX-License-Identifier: ISC */
#include "store/boxfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cur.h"
#include "base/mem.h"
#include "store/foreign.h"
#include "sys/durable.h"
#include "sys/fd.h"

#define BOXFILE  "pabal-mailbox"
#define KEYWORDS "dovecot-keywords"

enum { FILE_LIMIT = 64 << 10 };

enum found
boxfile_load(int dirfd, const char *name, struct buf *out, struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);
	struct stat sb;
	int rc;

	if (fd == -1 && (errno == ENOENT || errno == ELOOP))
		return ABSENT;
	if (fd == -1) {
		err_sys(err, ERR_TEMP, "open %s", name);
		return TEMPFAIL;
	}
	rc = fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode)
		 ? fd_read_file(fd, out, err)
		 : err_set(err, ERR_TEMP, "%s is no regular file", name);
	fd_close(&fd);
	return rc == 0 ? FOUND : TEMPFAIL;
}

static void
parse_line(struct slice line, struct boxfile *f)
{
	struct slice value;
	const struct slice key = slice_cut(line, ' ', &value);
	struct cur c = cur_of(value);

	if (slice_is(key, "uidvalidity"))
		f->uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
	else if (slice_is(key, "ceiling"))
		f->ceiling = (uint32_t)cur_u64(&c, UINT32_MAX);
	else if (slice_is(key, "special"))
		f->special = (unsigned)cur_u64(&c, 0xff);
	else if (slice_is(key, "id"))
		slice_copy(value, f->id, sizeof f->id);
}

bool
boxfile_parse(struct slice text, struct boxfile *f)
{
	*f = (struct boxfile){ 0 };
	if (!slice_is(slice_cut(text, '\n', &text), "pabal-mailbox 1"))
		return false;
	while (text.n > 0)
		parse_line(slice_cut(text, '\n', &text), f);
	return f->uidvalidity != 0 && f->ceiling != 0 && f->id[0] != '\0';
}

void
boxfile_format(struct buf *out, const struct boxfile *f)
{
	buf_addf(out, "pabal-mailbox 1\nuidvalidity %u\nid %s\nceiling %u\n",
	    f->uidvalidity, f->id, f->ceiling);
	if (f->special != 0)
		buf_addf(out, "special %u\n", f->special);
}

enum found
boxfile_read(int dirfd, struct boxfile *f, struct err *err)
{
	struct buf text;
	enum found found;

	buf_init(&text, FILE_LIMIT);
	found = boxfile_load(dirfd, BOXFILE, &text, err);
	if (found == FOUND && !boxfile_parse(buf_slice(&text), f))
		found = ABSENT;
	buf_fini(&text);
	return found;
}

int
boxfile_write(int dirfd, const struct boxfile *f, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_LIMIT);
	boxfile_format(&text, f);
	rc = durable_replace(dirfd, BOXFILE, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

void
boxfile_new_id(char id[MAILBOX_ID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[(MAILBOX_ID_SIZE - 1) / 2];

	arc4random_buf(raw, sizeof raw);
	for (size_t i = 0; i < sizeof raw; i++) {
		id[2 * i] = hex[raw[i] >> 4];
		id[2 * i + 1] = hex[raw[i] & 15];
	}
	id[MAILBOX_ID_SIZE - 1] = '\0';
}

void
keywords_fini(struct keyword_table *t)
{
	for (int i = 0; i < MAILBOX_KEYWORDS; i++)
		xfree(&t->names[i]);
}

int
keywords_read(int dirfd, struct keyword_table *t, struct err *err)
{
	struct buf text;
	struct slice rest, name;
	enum found found;
	unsigned n;

	*t = (struct keyword_table){ 0 };
	buf_init(&text, FILE_LIMIT);
	found = boxfile_load(dirfd, KEYWORDS, &text, err);
	rest = buf_slice(&text);
	while (found == FOUND && foreign_keyword_next(&rest, &n, &name)) {
		xfree(&t->names[n]);
		t->names[n] = xslicedup(name);
	}
	buf_fini(&text);
	return found == TEMPFAIL ? -1 : 0;
}

int
keywords_write(int dirfd, const struct keyword_table *t, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_LIMIT);
	for (int i = 0; i < MAILBOX_KEYWORDS; i++)
		if (t->names[i] != NULL)
			buf_addf(&text, "%d %s\n", i, t->names[i]);
	rc = durable_replace(dirfd, KEYWORDS, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

int
keywords_find(const struct keyword_table *t, struct slice name)
{
	for (int i = 0; i < MAILBOX_KEYWORDS; i++)
		if (t->names[i] != NULL && slice_iis(name, t->names[i]))
			return i;
	return -1;
}

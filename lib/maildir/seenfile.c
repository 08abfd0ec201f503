/* SPDX-License-Identifier: ISC */
#include "maildir/seenfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "maildir/textfile.h"
#include "maildir/uidset.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

#define PREFIX "pabal-seen."
#define FIRST  "pabal-seen 1 "

enum {
	FILE_MAX = 64 << 20,
	SMALL = 4096, /* bytes that are never too many */
	PART = 4,     /* how many times what it need be is too large */
};

/* ---- its name ---- */

static bool
is_plain(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("@._-+=~", c) != NULL);
}

bool
seenfile_name(struct slice guest, char *name)
{
	struct buf b;
	bool ok;

	buf_init(&b, SEENFILE_NAME_MAX);
	buf_adds(&b, PREFIX);
	for (size_t i = 0; i < guest.n; i++)
		if (is_plain(guest.p[i]))
			buf_addc(&b, guest.p[i]);
		else
			buf_addf(&b, "%%%02X", (unsigned char)guest.p[i]);
	ok = !b.failed && guest.n > 0;
	if (ok)
		memcpy(name, buf_cstr(&b), b.n + 1);
	buf_fini(&b);
	return ok;
}

/* "2F", or '\0', which nothing is called. */
static int
hex_byte(struct cur *c)
{
	const struct slice two = cur_take(c, 2);
	const int hi = cur_ok(c) ? hex_digit_upper(two.p[0]) : -1;
	const int lo = cur_ok(c) ? hex_digit_upper(two.p[1]) : -1;

	return hi != -1 && lo != -1 ? hi << 4 | lo : '\0';
}

bool
seenfile_guest(struct slice name, struct buf *guest)
{
	struct cur c = cur_of(name);

	cur_lit(&c, PREFIX);
	while (cur_ok(&c) && cur_left(&c) > 0) {
		const int byte = cur_byte(&c);

		buf_addc(guest, (char)(byte == '%' ? hex_byte(&c) : byte));
	}
	return cur_end(&c) && guest->n > 0 && !guest->failed;
}

/* ---- the format ---- */

void
seenfile_parse(struct slice text, uint32_t uidvalidity, bool *valid, bool *torn,
    struct uidset *seen)
{
	struct cur c = cur_of(slice_cut(text, '\n', &text));

	*torn = false;
	cur_lit(&c, FIRST);
	*valid = cur_u64(&c, UINT32_MAX) == uidvalidity && cur_end(&c);
	while (*valid && text.n > 0) {
		const bool whole = slice_find(text, '\n') < text.n;
		const struct slice line = slice_cut(text, '\n', &text);

		*torn = !whole;
		if (whole && line.n > 1 &&
		    (line.p[0] == '+' || line.p[0] == '-'))
			(void)uidset_apply(
			    seen, line.p[0], slice_from(line, 1));
	}
}

static void
put_first(struct buf *out, uint32_t uidvalidity)
{
	buf_addf(out, FIRST "%u\n", uidvalidity);
}

/* ---- reading ---- */

static void
note(struct seenfile *f, int dirfd, const char *name)
{
	struct stat sb;

	f->ino = 0;
	f->size = 0;
	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		f->ino = sb.st_ino;
		f->size = sb.st_size;
	}
}

bool
seenfile_changed(int dirfd, const char *name, const struct seenfile *f)
{
	struct seenfile now;

	note(&now, dirfd, name);
	return now.ino != f->ino || now.size != f->size;
}

int
seenfile_load(int dirfd, const char *name, uint32_t uidvalidity,
    struct seenfile *f, struct uidset *seen, struct err *err)
{
	struct buf text;
	enum found found;

	note(f, dirfd, name);
	f->valid = f->torn = false;
	f->measured = 0;
	buf_init(&text, FILE_MAX);
	found = textfile_load(dirfd, name, &text, err);
	if (found == FOUND) {
		f->size = (int64_t)text.n;
		seenfile_parse(
		    buf_slice(&text), uidvalidity, &f->valid, &f->torn, seen);
	}
	buf_fini(&text);
	return found == TEMPFAIL ? -1 : 0;
}

/* ---- writing ---- */

void
seenfile_tidy(int dirfd, const char *name, uint32_t uidvalidity,
    struct seenfile *f, const struct uidset *seen)
{
	struct buf text;

	/* To measure takes as long as the set is, so it is done rarely. */
	if (!f->valid || f->size <= SMALL || f->size / 2 < f->measured)
		return;
	buf_init(&text, FILE_MAX);
	put_first(&text, uidvalidity);
	if (seen->n > 0) {
		buf_addc(&text, '+');
		uidset_put(seen, &text);
		buf_addc(&text, '\n');
	}
	if (!text.failed && text.n < (size_t)f->size / PART &&
	    durable_replace(dirfd, name, buf_slice(&text), 0600, NULL) == 0) {
		note(f, dirfd, name);
		f->torn = false;
	}
	f->measured = f->size;
	buf_fini(&text);
}

int
seenfile_add(int dirfd, const char *name, uint32_t uidvalidity,
    struct seenfile *f, struct slice lines, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
			  O_CLOEXEC | (f->valid ? O_APPEND : O_TRUNC);
	struct buf text;
	int fd, rc;

	fd = openat(dirfd, name, flags, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", name);
	buf_init(&text, FILE_MAX);
	if (!f->valid)
		put_first(&text, uidvalidity);
	else if (f->torn)
		buf_addc(&text, '\n');
	buf_add(&text, lines);
	rc = fd_write_all(fd, buf_slice(&text), err);
	if (rc == 0)
		f->valid = true;
	/* A part of it would be read as a line without its end. */
	f->torn = rc == -1;
	fd_close(&fd);
	buf_fini(&text);
	note(f, dirfd, name);
	return rc;
}

int
seenfile_each(int dirfd,
    void (*visit)(void *arg, int dirfd, const char *name, struct slice guest),
    void *arg, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *de;
	struct buf guest;

	if (dir == NULL) {
		fd_close(&fd);
		return err_sys(err, ERR_TEMP, "read a mailbox's directory");
	}
	buf_init(&guest, SEENFILE_NAME_MAX);
	while ((de = readdir(dir)) != NULL) {
		buf_reset(&guest);
		if (seenfile_guest(slice_str(de->d_name), &guest))
			visit(arg, dirfd, de->d_name, buf_slice(&guest));
	}
	buf_fini(&guest);
	closedir(dir);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "local/sieve/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "local/home.h"
#include "sys/beneath.h"
#include "sys/fd.h"

#define ACTIVE	 ".dovecot.sieve"
#define COMPILED "sieve/.pabal-code"

enum { PATH_BYTES = 4096 };

int
script_open_account(const char *home, struct script *s, struct err *err)
{
	*s = (struct script){ .account = -1 };
	s->account = beneath_open(
	    home_dir(), home, O_RDONLY | O_DIRECTORY, 0, err);
	return s->account == -1 ? -1 : 0;
}

/* The file that is active, or that the link leads to. */
static int
open_active(struct script *s, struct err *err)
{
	char target[PATH_BYTES];
	struct slice name;
	ssize_t n;
	int fd = beneath_open(
	    s->account, ACTIVE, O_RDONLY | O_NONBLOCK, 0, err);

	if (fd != -1) {
		s->name = xstrdup("dovecot");
		return fd;
	}
	n = readlinkat(s->account, ACTIVE, target, sizeof target - 1);
	if (n == -1)
		return -1;
	target[n] = '\0';
	name = slice_of(target, (size_t)n);
	if (!slice_starts(name, SLICE("sieve/")) ||
	    !slice_ends(name, SLICE(".sieve"))) {
		err_set(err, ERR_PERM, ACTIVE " leads elsewhere");
		return -1;
	}
	fd = beneath_open(s->account, target, O_RDONLY | O_NONBLOCK, 0, err);
	if (fd != -1)
		s->name = xslicedup(slice_sub(
		    name, strlen("sieve/"), name.n - strlen("sieve/.sieve")));
	return fd;
}

enum found
script_open(const char *home, struct script *s, struct err *err)
{
	char path[PATH_BYTES];
	int fd;

	*s = (struct script){ .account = -1 };
	if ((size_t)snprintf(path, sizeof path, "%s/" ACTIVE, home) >=
	    sizeof path)
		return ABSENT;
	/* Most have none, and that is all it costs. */
	fd = beneath_open(
	    home_dir(), path, O_RDONLY | O_NONBLOCK, 0, NULL);
	if (fd == -1 && errno == ENOENT)
		return ABSENT;
	fd_close(&fd);
	if (script_open_account(home, s, err) == -1)
		return TEMPFAIL;
	fd = open_active(s, err);
	if (fd == -1) {
		script_close(s);
		return ABSENT;
	}
	buf_init(&s->text, SCRIPT_MAX_BYTES);
	if (fd_read_file(fd, &s->text, err) == -1) {
		fd_close(&fd);
		script_close(s);
		return ABSENT;
	}
	fd_close(&fd);
	return FOUND;
}

void
script_close(struct script *s)
{
	fd_close(&s->account);
	free(s->name);
	buf_fini(&s->text);
	*s = (struct script){ .account = -1 };
}

enum found
script_other(const struct script *s, struct slice name, struct buf *text)
{
	char path[PATH_BYTES];
	enum found found;
	int fd;

	if (slice_is(name, s->name)) {
		buf_add(text, buf_slice(&s->text));
		return FOUND;
	}
	if (name.n == 0 || name.n > 200 || name.p[0] == '.' ||
	    slice_find(name, '/') != name.n || slice_find(name, '\0') != name.n)
		return ABSENT;
	snprintf(path, sizeof path, "sieve/%.*s.sieve", SLICE_FMT(name));
	fd = beneath_open(s->account, path, O_RDONLY | O_NONBLOCK, 0, NULL);
	if (fd == -1)
		return errno == ENOENT ? ABSENT : TEMPFAIL;
	found = fd_read_file(fd, text, NULL) == 0 ? FOUND : TEMPFAIL;
	fd_close(&fd);
	return found;
}

enum found
script_code(const struct script *s, struct buf *code)
{
	enum found found;
	int fd = beneath_open(
	    s->account, COMPILED, O_RDONLY | O_NONBLOCK, 0, NULL);

	if (fd == -1)
		return ABSENT;
	found = fd_read_file(fd, code, NULL) == 0 && code->n > 0 ? FOUND
								 : ABSENT;
	fd_close(&fd);
	return found;
}

/* A reader gets the old one or the new one; after a power failure it may be
 * neither, which its checksum tells. */
void
script_keep_code(const struct script *s, struct slice code)
{
	static const char temporary[] = COMPILED ".new";
	int dir = beneath_make(s->account, "sieve", 0700, NULL);
	int fd;

	if (dir == -1)
		return;
	fd = beneath_open(s->account, temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, NULL);
	if (fd != -1 && fd_write_all(fd, code, NULL) == 0)
		(void)renameat(s->account, temporary, s->account, COMPILED);
	fd_close(&fd);
	fd_close(&dir);
}

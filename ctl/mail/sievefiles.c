/* SPDX-License-Identifier: ISC */
#include "ctl/mail/sievefiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/header.h"
#include "sys/fd.h"

static int
read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	char *to;
	ssize_t n = 0;

	while ((to = buf_room(out, 16384)) != NULL &&
	       (n = read(fd, to, 16384)) > 0)
		buf_added(out, (size_t)n);
	if (n == -1)
		return err_sys(err, ERR_PERM, "read %s", path);
	if (out->failed)
		return err_set(err, ERR_PERM, "%s has more than %zu bytes",
		    path, out->max - 16384);
	return 0;
}

int
sievefiles_read(const char *path, struct buf *out, struct err *err)
{
	int fd = STDIN_FILENO;
	int rc;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", path);
	rc = read_all(fd, path, out, err);
	if (fd != STDIN_FILENO)
		fd_close(&fd);
	return rc;
}

/* The directory that PATH is in. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return xslicedup(
	    slice_of(path, slash > path ? (size_t)(slash - path) : 1));
}

static int
read_one(struct sievefiles *f, int dirfd, const char *name, struct err *err)
{
	struct sievefile *one = &f->list[f->n];
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd == -1)
		return 0; /* who includes it is told */
	f->n++;
	one->name = xslicedup(slice_of(name, strlen(name) - 6));
	buf_init(&one->text, SIEVEFILES_SCRIPT_MAX + 16384);
	rc = read_all(fd, name, &one->text, err);
	fd_close(&fd);
	return rc;
}

int
sievefiles_open(
    struct sievefiles *f, const char *path, bool directory, struct err *err)
{
	char *where = directory ? xstrdup(path) : directory_of(path);
	DIR *d = opendir(where);
	const struct dirent *e;
	int rc = 0;

	*f = (struct sievefiles){ 0 };
	if (d == NULL) {
		rc = err_sys(err, ERR_PERM, "open %s", where);
		free(where);
		return rc;
	}
	f->list = xcalloc(SIEVEFILES_MAX, sizeof *f->list);
	while (rc == 0 && f->n < SIEVEFILES_MAX && (e = readdir(d)) != NULL)
		if (slice_ends(slice_str(e->d_name), SLICE(".sieve")))
			rc = read_one(f, dirfd(d), e->d_name, err);
	closedir(d);
	free(where);
	return rc;
}

void
sievefiles_close(struct sievefiles *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].name);
		buf_fini(&f->list[i].text);
	}
	free(f->list);
	*f = (struct sievefiles){ 0 };
}

const struct buf *
sievefiles_find(const struct sievefiles *f, struct slice name)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_is(name, f->list[i].name))
			return &f->list[i].text;
	return NULL;
}

struct slice
sievefiles_address(struct slice message, const char *name)
{
	struct header_field f;

	if (!header_find(message, name, &f))
		return SLICE("");
	f.value = slice_trim(f.value);
	if (f.value.n >= 2 && f.value.p[0] == '<' &&
	    f.value.p[f.value.n - 1] == '>')
		f.value = slice_sub(f.value, 1, f.value.n - 2);
	return slice_find(f.value, ' ') == f.value.n ? f.value : SLICE("");
}

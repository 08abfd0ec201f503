/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "store/filename.h"
#include "store/inner.h"
#include "store/scan.h"

/* Fifos, devices, directories and links are not messages. */
static bool
is_message(int fd, const struct dirent *de)
{
	struct stat sb;

	if (de->d_name[0] == '.')
		return false;
	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_REG;
	return fstatat(fd, de->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(sb.st_mode);
}

static void
add_entry(struct scan_list *l, const char *name, bool in_new)
{
	struct scan_entry *e;
	struct cur c;

	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 64;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	e = &l->v[l->n++];
	*e = (struct scan_entry){ .in_new = in_new };
	e->name = arena_str(&l->arena, slice_str(name));
	filename_parse(slice_str(e->name), &e->f);
	c = cur_of(e->f.base);
	e->time_s = (int64_t)cur_u64(&c, INT64_MAX);
}

static int
read_dir(struct scan_list *l, int dirfd, bool in_new, struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	const int fd = openat(dirfd, ".", flags);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *de;

	if (dir == NULL) {
		err_sys(err, ERR_TEMP, "open a mail directory");
		if (fd != -1)
			close(fd);
		return -1;
	}
	for (errno = 0; (de = readdir(dir)) != NULL; errno = 0)
		if (is_message(fd, de))
			add_entry(l, de->d_name, in_new);
	if (errno != 0) {
		err_sys(err, ERR_TEMP, "read a mail directory");
		closedir(dir);
		return -1;
	}
	closedir(dir);
	return 0;
}

static int
by_uid(const void *pa, const void *pb)
{
	const struct scan_entry *a = pa;
	const struct scan_entry *b = pb;

	if (a->f.uid != b->f.uid)
		return a->f.uid < b->f.uid ? -1 : 1;
	return strcmp(a->name, b->name);
}

int
scan_list_read(struct scan_list *l, const struct box_dirs *d, struct err *err)
{
	*l = (struct scan_list){ 0 };
	arena_init(&l->arena);
	/* A file on its way from new/ to cur/ is seen at least once so. */
	if (read_dir(l, d->newfd, true, err) == -1 ||
	    read_dir(l, d->curfd, false, err) == -1)
		return -1;
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_uid);
	return 0;
}

void
scan_list_fini(struct scan_list *l)
{
	arena_fini(&l->arena);
	xfree(&l->v);
}

/* The first entry with UID. */
static size_t
first_of(const struct scan_list *l, uint32_t uid)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (l->v[mid].f.uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct scan_entry *
scan_list_find(struct scan_list *l, uint32_t uid, struct slice stem)
{
	for (size_t i = first_of(l, uid); i < l->n && l->v[i].f.uid == uid; i++)
		if (!l->v[i].used && slice_eq(l->v[i].f.stem, stem))
			return &l->v[i];
	return NULL;
}

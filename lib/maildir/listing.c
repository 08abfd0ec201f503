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
#include "maildir/filename.h"
#include "maildir/listing.h"
#include "maildir/maildir.h"
#include "maildir/tree.h"

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
add_entry(struct listing *l, const char *name, enum maildir_part part)
{
	struct listing_entry *e;
	struct cur c;

	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 64;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	e = &l->v[l->n++];
	*e = (struct listing_entry){ .part = part };
	e->name = arena_str(&l->arena, slice_str(name));
	filename_parse(slice_str(e->name), &e->f);
	c = cur_of(e->f.base);
	e->time_s = (int64_t)cur_u64(&c, INT64_MAX);
}

static int
read_dir(struct listing *l, int fd, enum maildir_part part, size_t max,
    struct err *err)
{
	DIR *dir = tree_opendir(fd, ".");
	const struct dirent *de;

	if (dir == NULL)
		return err_sys(err, ERR_TEMP, "open a mail directory");
	for (errno = 0; (de = readdir(dir)) != NULL; errno = 0) {
		if (!is_message(fd, de))
			continue;
		if (l->n == max && max > 0) {
			closedir(dir);
			return 1;
		}
		add_entry(l, de->d_name, part);
	}
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
	const struct listing_entry *a = pa;
	const struct listing_entry *b = pb;

	if (a->f.uid != b->f.uid)
		return a->f.uid < b->f.uid ? -1 : 1;
	return strcmp(a->name, b->name);
}

int
listing_read(
    struct listing *l, const struct maildir *d, size_t max, struct err *err)
{
	int rc;

	*l = (struct listing){ 0 };
	arena_init(&l->arena);
	/* A file on its way from new/ to cur/ is seen at least once so. */
	rc = read_dir(l, d->newfd, MAILDIR_NEW, max, err);
	if (rc == 0)
		rc = read_dir(l, d->curfd, MAILDIR_CUR, max, err);
	if (rc != 0)
		return rc;
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_uid);
	return 0;
}

void
listing_fini(struct listing *l)
{
	arena_fini(&l->arena);
	xfree(&l->v);
}

/* The first entry with UID. */
static size_t
first_of(const struct listing *l, uint32_t uid)
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

struct listing_entry *
listing_find(struct listing *l, uint32_t uid, struct slice stem)
{
	for (size_t i = first_of(l, uid); i < l->n && l->v[i].f.uid == uid; i++)
		if (!l->v[i].used && slice_eq(l->v[i].f.stem, stem))
			return &l->v[i];
	return NULL;
}

/* SPDX-License-Identifier: ISC */
#include "maildir/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cur.h"
#include "base/slice.h"
#include "maildir/tree.h"

enum { TRIM = 1 << 20 }; /* free's own limit is for the top of the heap only */

void
listing_init(struct listing *l)
{
	*l = (struct listing){ .part = MAILDIR_NEW };
	arena_init(&l->arena);
}

static void
close_dir(struct listing *l)
{
	if (l->dir != NULL)
		closedir(l->dir);
	l->dir = NULL;
}

void
listing_fini(struct listing *l)
{
	const size_t held = l->arena.used_bytes;

	close_dir(l);
	arena_fini(&l->arena);
	/* The names of a large mailbox are of no use to anybody else. */
	if (held >= TRIM)
		(void)malloc_trim(0);
}

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

struct filename
listing_parse(const struct listing_entry *e)
{
	struct filename f;

	filename_parse(slice_str(e->name), &f);
	f.uid = e->uid;
	return f;
}

bool
listing_has_stem(const struct listing_entry *e, struct slice stem)
{
	return strncmp(e->name, stem.p, stem.n) == 0 &&
	       (e->name[stem.n] == ':' || e->name[stem.n] == '\0');
}

static struct listing_entry *
add_entry(struct listing *l, const char *name, struct filename *f)
{
	struct listing_entry *e = arena_new(&l->arena, struct listing_entry);
	struct cur c;

	e->part = l->part;
	e->name = arena_str(&l->arena, slice_str(name));
	filename_parse(slice_str(e->name), f);
	e->uid = f->uid;
	c = cur_of(f->base);
	e->time_s = (int64_t)cur_u64(&c, INT64_MAX);
	return e;
}

/* The next name in the directory that is open; ABSENT: there is none. */
static enum found
next_in_dir(struct listing *l, struct listing_entry **e, struct filename *f,
    struct err *err)
{
	const struct dirent *de;

	for (errno = 0; (de = readdir(l->dir)) != NULL; errno = 0)
		if (is_message(dirfd(l->dir), de)) {
			*e = add_entry(l, de->d_name, f);
			return FOUND;
		}
	if (errno == 0)
		return ABSENT;
	err_sys(err, ERR_TEMP, "read a mail directory");
	return TEMPFAIL;
}

enum found
listing_next(struct listing *l, const struct maildir *d,
    struct listing_entry **e, struct filename *f, struct err *err)
{
	enum found found = ABSENT;

	while (found == ABSENT && !l->ended) {
		if (l->dir == NULL)
			l->dir = tree_opendir(
			    l->part == MAILDIR_NEW ? d->newfd : d->curfd, ".");
		if (l->dir == NULL) {
			err_sys(err, ERR_TEMP, "open a mail directory");
			return TEMPFAIL;
		}
		found = next_in_dir(l, e, f, err);
		if (found != ABSENT)
			break;
		close_dir(l);
		l->ended = l->part == MAILDIR_CUR;
		l->part = MAILDIR_CUR;
	}
	return found;
}

/* SPDX-License-Identifier: ISC */
#include "local/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/beneath.h"
#include "sys/fd.h"
#include "table/alias.h"

enum { FORWARD_MAX_BYTES = 65536 };

/* Somebody else's words must not steer this mail. */
static int
check_owner(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat .forward");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_TEMP, ".forward is not a file");
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_TEMP,
		    ".forward belongs to or may be written by others");
	if (st.st_size > FORWARD_MAX_BYTES)
		return err_set(err, ERR_PERM, ".forward is larger than %d KiB",
		    FORWARD_MAX_BYTES >> 10);
	return 0;
}

/* The mailbox itself, by any of its names. */
static bool
is_self(const struct alias_target *t, struct slice account, struct slice user)
{
	return t->kind == ALIAS_ADDRESS &&
	       (slice_ieq(t->text, account) || slice_ieq(t->text, user));
}

static enum found
sort_targets(const struct alias *a, struct slice account, struct slice user,
    struct buf *targets, bool *keep, struct err *err)
{
	*keep = false;
	for (size_t i = 0; i < a->n; i++) {
		if (is_self(&a->targets[i], account, user))
			*keep = true;
		else
			alias_put(&a->targets[i], targets);
	}
	if (targets->failed) {
		err_set(err, ERR_PERM, ".forward has too many targets");
		return TEMPFAIL;
	}
	return FOUND;
}

/* Nothing but blanks and comments: its owner wants no forwarding now. */
static bool
is_empty(struct slice text)
{
	while (text.n > 0) {
		const struct slice line =
		    slice_trim(slice_cut(text, '\n', &text));

		if (line.n > 0 && line.p[0] != '#')
			return false;
	}
	return true;
}

static enum found
read_list(int fd, struct slice account, struct slice user, struct buf *targets,
    bool *keep, struct err *err)
{
	struct buf text = { .max = FORWARD_MAX_BYTES };
	enum found found = TEMPFAIL;
	struct err why = { 0 };
	struct arena arena;
	struct alias a;

	arena_init(&arena);
	if (fd_read_file(fd, &text, err) == -1)
		found = TEMPFAIL;
	else if (is_empty(buf_slice(&text)))
		found = ABSENT;
	else if (alias_parse(buf_slice(&text), &arena, &a, &why) == 0)
		found = sort_targets(&a, account, user, targets, keep, err);
	else /* its owner mends it, unless it is too long */
		err_set(err, a.n < ALIAS_TARGETS_MAX ? ERR_TEMP : ERR_PERM,
		    ".forward: line %zu: %s", a.line, why.text);
	arena_fini(&arena);
	buf_fini(&text);
	return found;
}

enum found
forward_read(int home, struct slice account, struct slice user,
    struct buf *targets, bool *keep, struct err *err)
{
	enum found found = TEMPFAIL;
	int fd = beneath_open(home, ".forward", O_RDONLY | O_NONBLOCK, 0, err);

	if (fd == -1)
		return errno == ENOENT ? ABSENT : TEMPFAIL;
	if (check_owner(fd, err) == 0)
		found = read_list(fd, account, user, targets, keep, err);
	fd_close(&fd);
	return found;
}

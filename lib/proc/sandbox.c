/* SPDX-License-Identifier: ISC */
#include "proc/sandbox.h"

#include <grp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "proc/filter.h"
#include "proc/landlock.h"
#include "proc/narrow.h"

/* The sanitizers need /proc, threads and signals of their own. */
#ifdef PABAL_SANITIZE
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* clang-format off */
static const struct {
	unsigned may;
	const char *word;
} words[] = {
	{ MAY_ACCEPT, "accept" }, { MAY_CONNECT, "connect" },
	{ MAY_DGRAM, "dgram" }, { MAY_READ, "read" }, { MAY_WRITE, "write" },
	{ MAY_SYNC, "sync" }, { MAY_SPAWN, "spawn" }, { MAY_FORK, "fork" },
	{ MAY_UNIX, "unix" }, { MAY_HOST_UNIX, "host-unix" },
	{ MAY_MEMFD, "memfd" },
};
/* clang-format on */

void
sandbox_describe(struct buf *out, unsigned may)
{
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if ((may & words[i].may) == 0)
			continue;
		buf_addf(out, "%s%s", sep, words[i].word);
		sep = " ";
	}
}

static int
drop_ids(const struct sandbox *box, struct err *err)
{
	if (box->empty_root != NULL && !sanitized &&
	    (chroot(box->empty_root) == -1 ||
		((box->may & MAY_HOST_UNIX) == 0 && chdir("/") == -1)))
		return err_sys(err, ERR_PERM, "chroot to %s", box->empty_root);
	if (setgroups(1, &box->gid) == -1 ||
	    setresgid(box->gid, box->gid, box->gid) == -1 ||
	    setresuid(box->uid, box->uid, box->uid) == -1)
		return err_sys(err, ERR_PERM, "become uid %u gid %u",
		    (unsigned)box->uid, (unsigned)box->gid);
	if (box->uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return err_set(err, ERR_PERM, "uid 0 is still within reach");
	return 0;
}

static void
set_limits(unsigned may)
{
	struct rlimit files;
	const struct rlimit none = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)setrlimit(RLIMIT_CORE, &none);
	if ((may & (MAY_WRITE | MAY_SPAWN | MAY_SYNC)) == 0)
		(void)setrlimit(RLIMIT_MEMLOCK, &none);
	umask(077);
}

int
sandbox_enter(const struct sandbox *box, struct err *err)
{
	set_limits(box->may);
	if ((box->may & MAY_HOST_UNIX) != 0 && chdir("/") == -1)
		return err_sys(err, ERR_PERM, "chdir to /");
	if (box->drop && drop_ids(box, err) == -1)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, ERR_PERM, "no_new_privs");
	/* the leak check attaches to its own threads, which a change of uid
	 * forbids */
	if (sanitized)
		return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if ((box->may & MAY_SPAWN) != 0)
		return 0;
	/* A nursery has no directory and its children get one each: what it
	 * locks itself out of they could not be let into. */
	if (box->nursery)
		return filter_enter(box->may | MAY_FORK | MAY_NARROW, err);
	if (landlock_enter(box, err) == -1)
		return -1;
	return filter_enter(box->may, err);
}

int
sandbox_narrow(const struct sandbox *box, struct err *err)
{
	if (sanitized)
		return 0;
	if (landlock_enter(box, err) == -1)
		return -1;
	return narrow_enter(err);
}

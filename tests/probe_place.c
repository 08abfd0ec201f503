/* SPDX-License-Identifier: ISC */
/*
 * Other people's mail, wanted from inside a process of imapd, pop3d, sieved or
 * jmapd: each way to each target is logged as `probe.place target=… what=…
 * got=…`, got being "ok" when one of the paths that lead there did.
 * tests/flow/test_isolation.py says who may reach what.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "proc/sandbox.h"
#include "tests/probe.h"

enum { FDS = 256, MASTER_FD = 3 };

static int dir; /* that the process works beneath */

static int
try_open(const char *path)
{
	char cur[PATH_MAX];
	int fd;

	snprintf(cur, sizeof cur, "%s/cur", path);
	fd = openat(dir, cur, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1)
		close(fd);
	return fd == -1 ? -1 : 0;
}

/* From a directory that was reached without the right to read it. */
static int
try_open_by_path_fd(const char *path)
{
	const int at = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, saved;

	if (at == -1)
		return -1;
	fd = openat(at, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	saved = errno;
	close(at);
	if (fd != -1)
		close(fd);
	errno = saved;
	return fd == -1 ? -1 : 0;
}

/* Whatever is open may lead on. */
static int
try_open_by_any_fd(const char *path)
{
	char cur[PATH_MAX];
	int error = ENOENT;

	snprintf(cur, sizeof cur, "%s/cur", path);
	for (int at = 0; at < FDS; at++) {
		const int fd =
		    openat(at, cur, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd != -1) {
			close(fd);
			return 0;
		}
		if (errno != EBADF && errno != ENOTDIR && errno != ENOENT)
			error = errno;
	}
	errno = error;
	return -1;
}

static int
try_stat(const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, 0);
}

static int
try_create(const char *path)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof name, "%s/probe", path);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	close(fd);
	return unlinkat(dir, name, 0);
}

/* A message that the test has laid there. */
static int
try_steal(const char *path)
{
	char from[PATH_MAX];

	snprintf(from, sizeof from, "%s/cur/secret:2,", path);
	if (renameat(dir, from, dir, "stolen") == -1)
		return -1;
	return renameat(dir, "stolen", dir, from);
}

static int
try_link(const char *path)
{
	char from[PATH_MAX];

	snprintf(from, sizeof from, "%s/cur/secret:2,", path);
	if (linkat(dir, from, dir, "stolen", 0) == -1)
		return -1;
	return unlinkat(dir, "stolen", 0);
}

static int
try_mode(const char *path)
{
	return fchmodat(dir, path, 0700, 0);
}

static int
try_times(const char *path)
{
	return utimensat(dir, path, NULL, 0);
}

static int
try_watch(const char *path)
{
	const int fd = inotify_init1(IN_CLOEXEC);
	int rc;

	if (fd == -1 || fchdir(dir) == -1)
		return -1;
	rc = inotify_add_watch(fd, path, IN_CREATE);
	close(fd);
	return rc == -1 ? -1 : 0;
}

/* clang-format off */
static const struct {
	const char *what;
	int (*attempt)(const char *path);
} attempts[] = {
	{ "open", try_open },     { "path-fd", try_open_by_path_fd },
	{ "any-fd", try_open_by_any_fd },
	{ "stat", try_stat },     { "create", try_create },
	{ "steal", try_steal },   { "link", try_link },
	{ "mode", try_mode },     { "times", try_times },
	{ "watch", try_watch },
};
/* clang-format on */

/* By each way that may lead from here to NAME in DOMAIN, and by a symbolic link
 * that the test has laid into the account. */
static void
attempt(const char *domain, const char *name, size_t i)
{
	static const char *const ways[] = { "%s/%s", "%.0s%s", "../%.0s%s",
		"../%s/%s", "../../%s/%s", "../../../%s/%s", "link-to-%.0s%s" };
	const char *got = "";

	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		char path[PATH_MAX];

		/* the ways are the literals above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof path, ways[w], domain, name);
#pragma GCC diagnostic pop
		errno = 0;
		if (attempts[i].attempt(path) == 0) {
			got = "ok";
			break;
		}
		got = strerrorname_np(errno);
	}
	log_info("probe.place", kv_s("target", name),
	    kv_s("what", attempts[i].what), kv_s("got", got));
}

/* Ask master for others; what it answers stands in its log. */
static void
ask_for(enum role role)
{
	const struct msg m = { .type = MSG_master_connect,
		.master_connect = { .id = 1ULL << 40,
		    .role = role,
		    .ticket = SLICE("0123456789abcdef") } };
	struct buf frame = { .max = MSG_MAX_BYTES };
	int fd;

	if (msg_put(&m, &frame, &fd))
		(void)send(MASTER_FD, frame.p, frame.n, MSG_NOSIGNAL);
	buf_fini(&frame);
}

void
probe_neighbours(const struct sandbox *box, bool narrowed)
{
	static const enum role others[] = { ROLE_IMAPD, ROLE_POP3D, ROLE_LOCAL,
		ROLE_QMGR, ROLE_AUTH, ROLE_KEYS };

	if (strcmp(program_invocation_short_name, "imapd") != 0 &&
	    strcmp(program_invocation_short_name, "pop3d") != 0 &&
	    strcmp(program_invocation_short_name, "sieved") != 0 &&
	    strcmp(program_invocation_short_name, "jmapd") != 0)
		return;
	dir = box->dirs[0];
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		attempt("pabal.test", "bob", i);
		attempt("other.test", "carol", i);
	}
	/* One that only checks has ended before the answers. */
	for (size_t i = 0; i < ARRAY_LEN(others) && narrowed; i++)
		ask_for(others[i]);
}

/* SPDX-License-Identifier: ISC */
#include "lookup/system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/map.h"
#include "ev/loop.h"
#include "log/log.h"
#include "sys/fd.h"

enum {
	FIRST_UID = 500,  /* below are the system's own */
	LAST_UID = 60000, /* above are nobody and his like */
	LOOK_MS = 1000,   /* the reader looks at the file so often */
	NAME_MAX_BYTES = 64,
};

/* One packet; an empty name ends the list. */
struct system_user {
	uint32_t uid;
	char name[NAME_MAX_BYTES];
};

static struct map users; /* name to uid */
static struct map next;  /* a list that is being told */
static unsigned lists;
static struct ev_io reader;

static void
add(struct map *to, const struct system_user *u)
{
	map_put(to, slice_str(u->name), (void *)(uintptr_t)u->uid);
}

/* Call FN for each user that may have mail; false when FN says so. */
static bool
each_user(bool (*fn)(void *arg, const struct system_user *u), void *arg)
{
	const struct passwd *pw;
	bool go_on = true;

	setpwent();
	while (go_on && (pw = getpwent()) != NULL) {
		struct system_user u = { .uid = pw->pw_uid };

		if (pw->pw_uid >= FIRST_UID && pw->pw_uid <= LAST_UID &&
		    strlcpy(u.name, pw->pw_name, sizeof u.name) < sizeof u.name)
			go_on = fn(arg, &u);
	}
	endpwent();
	return go_on;
}

/* ---- the reader ---- */

static bool
tell(void *arg, const struct system_user *u)
{
	const int *fd = arg;

	return write(*fd, u, sizeof *u) == (ssize_t)sizeof *u;
}

static bool
changed(struct stat *seen)
{
	struct stat now;
	const bool is =
	    stat("/etc/passwd", &now) == 0 &&
	    (now.st_ino != seen->st_ino ||
		memcmp(&now.st_ctim, &seen->st_ctim, sizeof now.st_ctim) != 0);

	if (is)
		*seen = now;
	return is;
}

static _Noreturn void
read_users(int fd)
{
	const struct system_user end = { .uid = 0 };
	struct pollfd gone = { .fd = fd };
	struct stat seen = { .st_ino = 0 };

	do {
		if (changed(&seen) &&
		    (!each_user(tell, &fd) || !tell(&fd, &end)))
			break;
		/* the daemon says nothing; it only goes away */
	} while (poll(&gone, 1, LOOK_MS) <= 0);
	_exit(0);
}

static _Noreturn void
begin_reader(int fd, int (*confine)(int dir, struct err *err))
{
	struct err err;
	int dir;

	if (dup2(fd, 0) == -1 || close_range(3, ~0U, 0) == -1)
		_exit(1);
	dir = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1 || confine(dir, &err) == -1)
		_exit(1);
	read_users(0);
}

/* ---- the daemon's side ---- */

static void
on_told(struct ev_io *io, unsigned events)
{
	struct system_user u;
	const ssize_t n = recv(io->fd, &u, sizeof u, MSG_DONTWAIT);

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof u) {
		/* those known now still count */
		log_err("lookup.users-reader-exited");
		ev_io_stop(io);
		fd_close(&io->fd);
		return;
	}
	u.name[sizeof u.name - 1] = '\0';
	if (u.name[0] != '\0') {
		add(&next, &u);
		return;
	}
	lists++;
	log_info("lookup.users-loaded", kv_u("count", next.count));
	map_fini(&users);
	users = next;
	map_init(&next);
}

static bool
take(void *arg, const struct system_user *u)
{
	add(arg, u);
	return true;
}

int
lookup_system_start(int (*confine)(int dir, struct err *err), struct err *err)
{
	int pair[2];
	pid_t pid;

	(void)each_user(take, &users);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(err, ERR_TEMP, "socketpair");
	(void)log_flush();
	pid = fork();
	if (pid == 0)
		begin_reader(pair[1], confine);
	fd_close(&pair[1]);
	if (pid == -1) {
		fd_close(&pair[0]);
		return err_sys(err, ERR_TEMP, "fork");
	}
	ev_io_init(&reader, pair[0], on_told);
	ev_io_set(&reader, EV_READ);
	return 0;
}

uint32_t
lookup_system_find(struct slice name)
{
	return (uint32_t)(uintptr_t)map_find(&users, name);
}

unsigned
lookup_system_lists(void)
{
	return lists;
}

void
lookup_system_stop(void)
{
	if (reader.added || reader.fd > 0) {
		ev_io_stop(&reader);
		fd_close(&reader.fd);
	}
	map_fini(&users);
	map_fini(&next);
}

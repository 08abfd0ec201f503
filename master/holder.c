/* SPDX-License-Identifier: ISC */
#include "master/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/slice.h"
#include "ipc/role.h"
#include "sys/fd.h"

enum {
	LIST_BYTES = 16 << 20,
	LOCAL = 1,
	STATE = 3,
	UID = 7,
	INODE = 9,
	WORDS = 10,
};

struct socket_facts {
	char inode[32]; /* empty: none found */
	char uid[16];
};

static bool
read_proc(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const bool got = fd != -1 && fd_read_file(fd, out, NULL) == 0;

	fd_close(&fd);
	return got;
}

static bool
split(struct slice line, struct slice words[WORDS])
{
	size_t n = 0;

	while (line.n > 0 && n < WORDS) {
		const struct slice word = slice_cut(line, ' ', &line);

		if (word.n > 0)
			words[n++] = word;
	}
	return n == WORDS;
}

/* The socket that listens on PORT, as the kernel's list FILE has it
 * (proc_net_tcp(5)). */
static void
find_socket(const char *file, unsigned port, struct socket_facts *found)
{
	struct buf list = { .max = LIST_BYTES };
	struct slice words[WORDS], rest;
	char end[8];

	snprintf(end, sizeof end, ":%04X", port);
	if (read_proc(file, &list))
		for (rest = buf_slice(&list); rest.n > 0;)
			if (split(slice_cut(rest, '\n', &rest), words) &&
			    slice_ends(words[LOCAL], slice_str(end)) &&
			    slice_is(words[STATE], "0A")) {
				(void)slice_copy(words[INODE], found->inode,
				    sizeof found->inode);
				(void)slice_copy(
				    words[UID], found->uid, sizeof found->uid);
			}
	buf_fini(&list);
}

static bool
has(const char *pid, const char *inode)
{
	char path[300], want[64], link[64];
	const struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	snprintf(want, sizeof want, "socket:[%s]", inode);
	d = opendir(path);
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		const ssize_t n =
		    readlinkat(dirfd(d), e->d_name, link, sizeof link);

		found = n > 0 &&
			slice_eq(slice_of(link, (size_t)n), slice_str(want));
	}
	if (d != NULL)
		closedir(d);
	return found;
}

/* Is it of another's program? */
static bool
name_of(const char *pid, char *out, size_t size)
{
	struct buf comm = { .max = 256 };
	struct slice name, rest;
	char path[300];
	bool foreign = false;

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	if (read_proc(path, &comm)) {
		name = slice_trim(buf_slice(&comm));
		snprintf(out, size, "%.*s (process %s)", SLICE_FMT(name), pid);
		/* "smtpd/2" */
		foreign = role_find(slice_cut(name, '/', &rest)) == ROLE_COUNT;
	}
	buf_fini(&comm);
	return foreign;
}

/* Whose it is at least.  Whose fds a process has only those see who may trace
 * it, and the unit has no right to. */
static void
user_of(const char *uid, char *out, size_t size)
{
	struct cur c = cur_of(slice_str(uid));
	const struct passwd *pw = getpwuid((uid_t)cur_u64(&c, UINT32_MAX));

	snprintf(out, size, "user %s (\"ss -ltnp\" tells root more)",
	    pw != NULL ? pw->pw_name : uid);
}

bool
holder_find(const struct addr *a, char *out, size_t size)
{
	const bool six = a->ss.ss_family == AF_INET6;
	struct socket_facts found = { .inode = "" };
	const struct dirent *e;
	bool foreign = false;
	DIR *d;

	out[0] = '\0';
	find_socket("/proc/self/net/tcp6", addr_port(a), &found);
	if (found.inode[0] == '\0' || !six)
		find_socket("/proc/self/net/tcp", addr_port(a), &found);
	if (found.inode[0] == '\0')
		return false;
	d = opendir("/proc");
	while (d != NULL && out[0] == '\0' && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    has(e->d_name, found.inode))
			foreign = name_of(e->d_name, out, size);
	if (d != NULL)
		closedir(d);
	if (out[0] == '\0')
		user_of(found.uid, out, size);
	return foreign;
}

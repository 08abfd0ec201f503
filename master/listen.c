/* SPDX-License-Identifier: ISC */
#include "master/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "master/backoff.h"
#include "master/holder.h"
#include "master/master.h"
#include "sys/fd.h"

enum {
	BACKLOG = 4096,
	MAX_BOUND = 256,
	PATH_BYTES = 1024,
	RENEW_MS = 2000, /* after the second attempt, and then longer */
	RENEW_MAX_MS = 120000,
};

static struct {
	char text[ADDR_TEXT];
	int fd;
	struct backoff renewal;
} bound[MAX_BOUND];
static size_t nbound;
static bool busy;

/* MAX_BOUND: none. */
static size_t
find_bound(const struct addr *addr)
{
	char text[ADDR_TEXT];

	addr_format(addr, text);
	for (size_t i = 0; i < nbound; i++)
		if (strcmp(bound[i].text, text) == 0)
			return i;
	return MAX_BOUND;
}

int
master_listen_find(const struct addr *addr)
{
	const size_t i = find_bound(addr);

	return i < MAX_BOUND ? bound[i].fd : -1;
}

int
master_listen_unix(const char *path, mode_t mode, int type, struct err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (!slice_copy(slice_str(path), un.sun_path, sizeof un.sun_path))
		return err_set(err, ERR_PERM, "%s: path too long", path);
	(void)unlink(path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	if (bind(fd, (const struct sockaddr *)&un, sizeof un) == -1 ||
	    chmod(path, mode) == -1 || listen(fd, BACKLOG) == -1) {
		err_sys(err, ERR_TEMP, "listen on %s", path);
		fd_close(&fd);
	}
	return fd;
}

static void
unix_path(const struct addr *a, char path[PATH_BYTES])
{
	if (addr_path(a)[0] == '/')
		snprintf(path, PATH_BYTES, "%s", addr_path(a));
	else
		snprintf(
		    path, PATH_BYTES, "%s/%s", master.run_dir, addr_path(a));
}

static int
listen_unix(const struct addr *a, struct err *err)
{
	char path[PATH_BYTES];
	char *slash;

	unix_path(a, path);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (mkdir(path, 0755) == 0)
		(void)chmod(path, 0755);
	*slash = '/';
	return master_listen_unix(path, 0666, SOCK_STREAM, err);
}

static void
add_holder(const struct addr *a, struct err *err)
{
	char who[128];

	if (!holder_find(a, who, sizeof who))
		err->code = ERR_BUSY;
	if (*who != '\0') {
		(void)strlcat(err->text, " by ", sizeof err->text);
		(void)strlcat(err->text, who, sizeof err->text);
	}
}

/* A socket that listens on A; -1 with *IN_USE: somebody has that address, with
 * ERR_BUSY perhaps one of ours. */
static int
bind_inet(const struct addr *a, bool *in_use, struct err *err)
{
	const int on = 1, v6only = a->dual ? 0 : 1;
	char text[ADDR_TEXT];
	int fd = socket(
	    a->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a->ss.ss_family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
	if (bind(fd, (const struct sockaddr *)&a->ss, a->len) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		*in_use = errno == EADDRINUSE;
		err_sys(err, ERR_TEMP, "listen on %s", addr_format(a, text));
		if (*in_use)
			add_holder(a, err);
		fd_close(&fd);
	}
	return fd;
}

bool
master_listen_is_good(const struct addr *addr)
{
	struct pollfd p = { .fd = master_listen_find(addr),
		.events = POLLRDHUP };
	int listens = 0;
	socklen_t len = sizeof listens;

	if (getsockopt(p.fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == -1 ||
	    listens == 0)
		return false;
	/* A UNIX socket says that it listens, and refuses all the same. */
	return poll(&p, 1, 0) <= 0 ||
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
}

int
master_listen_renew(const struct addr *addr, struct err *err)
{
	const size_t i = find_bound(addr);
	bool in_use;
	int fd;

	if (i == MAX_BOUND || bound[i].renewal.until_ms > ev_now_ms())
		return 1;
	fd = addr_is_unix(addr) ? listen_unix(addr, err)
				: bind_inet(addr, &in_use, err);
	if (fd == -1) {
		backoff_ended(
		    &bound[i].renewal, RENEW_MS, RENEW_MAX_MS, ev_now_ms());
		return -1;
	}
	fd_close(&bound[i].fd);
	bound[i].fd = fd;
	bound[i].renewal = (struct backoff){ 0, 0 };
	return 0;
}

static int
bind_one(const struct addr *a, struct err *err)
{
	bool in_use = false;
	int fd;

	if (master_listen_find(a) != -1)
		return 0;
	if (nbound == MAX_BOUND)
		return err_set(
		    err, ERR_PERM, "more than %d addresses", (int)MAX_BOUND);
	fd = addr_is_unix(a) ? listen_unix(a, err) : bind_inet(a, &in_use, err);
	if (fd == -1)
		return -1;
	addr_format(a, bound[nbound].text);
	bound[nbound].renewal = (struct backoff){ 0, 0 };
	bound[nbound++].fd = fd;
	return 0;
}

static bool
named(const struct master_conf *conf, const char *text)
{
	for (size_t i = 0; i < conf->nservices; i++)
		for (size_t k = 0; k < conf->services[i].nlisteners; k++) {
			char other[ADDR_TEXT];

			addr_format(&conf->services[i].listeners[k], other);
			if (strcmp(other, text) == 0)
				return true;
		}
	return false;
}

/* Sockets of a trial, held until its end: two of its addresses may exclude each
 * other. */
static struct {
	const struct master_conf *conf;
	int fds[MAX_BOUND];
	size_t n;
} trial;

/* Do we listen on A's port, at another address?  A restart gives that up: so a
 * host for itself on 127.0.0.1 becomes one for all on *. */
static bool
have_port(const struct addr *a)
{
	char text[ADDR_TEXT];

	addr_format(a, text);
	for (size_t i = 0; i < nbound; i++) {
		const char *ours = strrchr(bound[i].text, ':');
		const char *its = strrchr(text, ':');

		if (ours != NULL && its != NULL && strcmp(ours, its) == 0 &&
		    !named(trial.conf, bound[i].text))
			return true;
	}
	return false;
}

/* A UNIX socket takes its path from whoever has it. */
static int
try_one(const struct addr *a, struct err *err)
{
	bool in_use = false;
	char path[PATH_BYTES];
	struct sockaddr_un un;
	int fd;

	if (master_listen_find(a) != -1)
		return 0;
	if (!addr_is_unix(a)) {
		fd = bind_inet(a, &in_use, err);
		if (fd == -1)
			return in_use && have_port(a) ? 0 : -1;
		if (trial.n < MAX_BOUND)
			trial.fds[trial.n++] = fd;
		else
			fd_close(&fd);
		return 0;
	}
	unix_path(a, path);
	if (strlen(path) >= sizeof un.sun_path)
		return err_set(err, ERR_PERM, "%s: path too long", path);
	return 0;
}

static int
each(const struct master_conf *conf,
    int (*fn)(const struct addr *a, struct err *err), struct buf *why)
{
	int rc = 0;

	busy = false;
	for (size_t i = 0; i < conf->nservices; i++) {
		const struct service_conf *s = &conf->services[i];

		for (size_t k = 0; k < s->nlisteners; k++) {
			struct err err = { 0 };

			if (fn(&s->listeners[k], &err) == 0)
				continue;
			busy = busy || err.code == ERR_BUSY;
			buf_addf(why, "service %s: %s\n", s->name, err.text);
			rc = -1;
		}
	}
	return rc;
}

int
master_listen_bind(const struct master_conf *conf, struct buf *why)
{
	return each(conf, bind_one, why);
}

int
master_listen_try(const struct master_conf *conf, struct buf *why)
{
	int rc;

	trial.conf = conf;
	rc = each(conf, try_one, why);
	while (trial.n > 0)
		fd_close(&trial.fds[--trial.n]);
	return rc;
}

bool
master_listen_busy(void)
{
	return busy;
}

void
master_listen_trim(const struct master_conf *conf)
{
	for (size_t i = 0; i < nbound;) {
		if (named(conf, bound[i].text)) {
			i++;
			continue;
		}
		fd_close(&bound[i].fd);
		bound[i] = bound[--nbound];
	}
}

/* SPDX-License-Identifier: ISC */
#include "master/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/master.h"
#include "sys/fd.h"

enum { BACKLOG = 4096, MAX_BOUND = 256 };

static struct {
	char text[ADDR_TEXT];
	int fd;
} bound[MAX_BOUND];
static size_t nbound;

int
master_listen_find(const struct addr *addr)
{
	char text[ADDR_TEXT];

	addr_format(addr, text);
	for (size_t i = 0; i < nbound; i++)
		if (strcmp(bound[i].text, text) == 0)
			return bound[i].fd;
	return -1;
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

static int
listen_unix(const struct addr *a, struct err *err)
{
	char path[1024];
	char *slash;

	if (addr_path(a)[0] == '/')
		snprintf(path, sizeof path, "%s", addr_path(a));
	else
		snprintf(
		    path, sizeof path, "%s/%s", master.run_dir, addr_path(a));
	slash = strrchr(path, '/');
	*slash = '\0';
	if (mkdir(path, 0755) == 0)
		(void)chmod(path, 0755);
	*slash = '/';
	return master_listen_unix(path, 0666, SOCK_STREAM, err);
}

static int
listen_inet(const struct addr *a, struct err *err)
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
		err_sys(err, ERR_TEMP, "listen on %s", addr_format(a, text));
		fd_close(&fd);
	}
	return fd;
}

static int
bind_one(const struct addr *a, struct err *err)
{
	int fd;

	if (master_listen_find(a) != -1)
		return 0;
	if (nbound == MAX_BOUND)
		return err_set(
		    err, ERR_PERM, "more than %d addresses", (int)MAX_BOUND);
	fd = addr_is_unix(a) ? listen_unix(a, err) : listen_inet(a, err);
	if (fd == -1)
		return -1;
	addr_format(a, bound[nbound].text);
	bound[nbound++].fd = fd;
	return 0;
}

int
master_listen_bind(const struct master_conf *conf, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; i < conf->nservices; i++) {
		const struct service_conf *s = &conf->services[i];

		for (size_t k = 0; k < s->nlisteners; k++) {
			struct err err = { 0 };

			if (bind_one(&s->listeners[k], &err) == 0)
				continue;
			buf_addf(why, "service %s: %s\n", s->name, err.text);
			rc = -1;
		}
	}
	return rc;
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

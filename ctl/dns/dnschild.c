/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnschild.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/cmd/confined.h"
#include "dns/gather.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "sys/fd.h"
#include "sys/portset.h"

enum {
	ZONE_MAX = 4 << 20,
	RESULT_MAX = 1 << 20,
	DNS_TIME_MS = 40 * 1000, /* for everything (RFC 7208 4.6.4) */
	FD_ZONE = 3,             /* in the child; 0 is the file */
};

/* ---- in the child ---- */

struct dnschild_work {
	struct dnschild *child;
	struct dns_answers answers;
	struct dns_gather gather;
};

/* Answers have come, or there is no time left; done, or more are asked for. */
static void
on_all(struct dns_gather *g)
{
	struct dnschild_work *a = OUTER(g, struct dnschild_work, gather);

	while (!a->child->step(a->child, &a->answers))
		if (dns_gather_ask(g))
			return;
	ev_stop();
}

static void
ask_the_dns(struct dnschild_work *a)
{
	dns_gather_init(&a->gather, &a->answers, DNS_TIME_MS, on_all);
	if (!a->child->step(a->child, &a->answers) &&
	    dns_gather_ask(&a->gather))
		ev_run();
	dns_gather_fini(&a->gather);
}

static int
ask_the_zone(struct dnschild_work *a, struct err *err)
{
	struct buf text = { .max = ZONE_MAX };
	struct dns_zone *zone = NULL;

	if (fd_read_rest(FD_ZONE, &text, err) == 0)
		zone = dns_zone_parse(buf_slice(&text), err);
	buf_fini(&text);
	if (zone == NULL)
		return -1;
	while (!a->child->step(a->child, &a->answers))
		dns_zone_answer(zone, &a->answers);
	return 0;
}

static int
open_dns(const struct dnschild *c, struct port_set *ports, struct err *err)
{
	*ports = (struct port_set){ 0 };
	port_set_add(ports, DNS_PORT);
	for (size_t i = 0; i < c->dns->nservers; i++)
		port_set_add(ports, dns_server_port(c->dns->servers[i]));
	ev_init();
	return dns_open(c->dns, err);
}

static int
work(struct dnschild_work *a, struct err *err)
{
	struct dnschild *c = a->child;
	struct port_set *ports = xcalloc(1, sizeof *ports);
	const struct ctl_confined box = { .uid = CTL_NOBODY,
		.gid = CTL_NOBODY,
		.dns = c->zone == -1 ? ports : NULL };
	int rc = 0;

	if (c->zone == -1)
		rc = open_dns(c, ports, err);
	if (rc == 0)
		rc = c->confine(&box, err);
	free(ports);
	if (rc == -1 || (c->begin != NULL && c->begin(c, err) == -1))
		return -1;
	if (c->zone != -1)
		return ask_the_zone(a, err);
	ask_the_dns(a);
	return 0;
}

/* Never returns: what it found, or why not, is on its standard output. */
__attribute__((noreturn)) static void
child(struct dnschild *c)
{
	struct dnschild_work *a = xcalloc(1, sizeof *a);
	struct buf out = { .max = RESULT_MAX };
	struct err err = { .text = "" };
	int rc;

	a->child = c;
	dns_answers_init(&a->answers);
	rc = work(a, &err);
	if (rc == -1)
		buf_adds(&out, err.text);
	else
		c->print(c, &out);
	if (fd_write_all(STDOUT_FILENO, buf_slice(&out), NULL) == -1)
		rc = -1;
	_exit(rc == 0 ? 0 : 1);
}

/* ---- outside ---- */

static int
high(int fd, int null)
{
	return fd != -1 ? fcntl(fd, F_DUPFD_CLOEXEC, 10) : null;
}

/* The file, the pipe, nothing, the zone; and no other file. */
static int
arrange(const struct dnschild *c, int to)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int file = high(c->file, null), zone = high(c->zone, null);
	const int pipe = high(to, null);

	if (null == -1 || file == -1 || zone == -1 || pipe == -1 ||
	    dup2(file, STDIN_FILENO) == -1 || dup2(pipe, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 || dup2(zone, FD_ZONE) == -1)
		return -1;
	return close_range(FD_ZONE + 1, ~0U, 0);
}

int
dnschild_run(struct dnschild *c, struct buf *out, struct err *err)
{
	int ends[2], status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (arrange(c, ends[1]) == -1)
			_exit(1);
		child(c);
	}
	fd_close(&ends[1]);
	if (pid == -1) {
		fd_close(&ends[0]);
		return err_sys(err, ERR_TEMP, "fork");
	}
	(void)fd_read_rest(ends[0], out, NULL);
	fd_close(&ends[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status == 0)
		return 0;
	if (out->n > 0 && WIFEXITED(status))
		err_set(err, ERR_TEMP, "%s", buf_cstr(out));
	else
		err_set(err, ERR_TEMP,
		    "the process that read it has ended "
		    "before its time");
	return -1;
}

/* SPDX-License-Identifier: ISC */
#include "smtp/route/ports.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "conf/conf.h"
#include "proto/nexthop.h"
#include "smtp/conf.h"
#include "sys/fd.h"
#include "sys/kernel.h"
#include "sys/portset.h"
#include "table/reader.h"
#include "table/transport.h"

enum { PORT_LMTP = 24, PORT_SMTP = 25, TABLE_MAX_BYTES = 64 << 20 };

static struct {
	struct port_set table; /* what the table names */
	struct port_set begun; /* what this process started with */
	bool held;
	int fd; /* the table; the directory where there was none */
	struct stat seen;
	void (*on_change)(void);
} ports = { .fd = -1 };

static void
add_nexthop(struct port_set *set, struct slice nexthop, uint16_t own)
{
	struct nexthop nh;

	if (nexthop.n > 0 && !nexthop_parse(nexthop, &nh))
		return;
	if (nexthop.n > 0 && nh.kind == NEXTHOP_UNIX)
		return;
	port_set_add(set, nexthop.n > 0 && nh.port != 0 ? nh.port : own);
}

static void
read_table(struct slice text)
{
	struct table_reader r;
	enum found found;
	struct err err;

	table_reader_init(&r, text);
	while ((found = table_reader_next(&r, &err)) != ABSENT) {
		struct transport t;

		if (found != FOUND ||
		    transport_parse(buf_slice(&r.value), &t, &err) == -1 ||
		    t.kind >= TRANSPORT_ERROR)
			continue;
		add_nexthop(&ports.table, t.nexthop,
		    t.kind == TRANSPORT_LMTP ? PORT_LMTP : PORT_SMTP);
	}
	table_reader_fini(&r);
}

/* 0: TEXT is no port. */
static uint16_t
parse_port(const char *text)
{
	struct cur c = cur_of(slice_str(text));
	const uint64_t port = cur_u64(&c, UINT16_MAX);

	return cur_end(&c) ? (uint16_t)port : 0;
}

int
smtp_ports_read(struct err *err)
{
	struct buf text = { .max = TABLE_MAX_BYTES };
	const char *dir = smtp_conf->shared.table_directory;
	struct nexthop nh;
	char path[1024];

	snprintf(path, sizeof path, "%s/transports", dir);
	ports.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ports.fd == -1)
		ports.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	else if (fd_read_file(ports.fd, &text, NULL) == 0)
		read_table(buf_slice(&text));
	if (ports.fd != -1)
		(void)fstat(ports.fd, &ports.seen);
	buf_fini(&text);
	if (*smtp_conf->shared.relayhost != '\0' &&
	    !nexthop_parse(slice_str(smtp_conf->shared.relayhost), &nh))
		return err_set(err, ERR_PERM,
		    "relayhost: expected DOMAIN, [HOST] or [HOST]:PORT, not "
		    "\"%s\"",
		    smtp_conf->shared.relayhost);
	if (*smtp_conf->relayhost_auth.text != '\0' &&
	    strchr(smtp_conf->relayhost_auth.text, ':') == NULL)
		return err_set(err, ERR_PERM,
		    "relayhost_auth: expected user:password in its file");
	for (size_t i = 0; i < smtp_conf->ports.n; i++)
		if (parse_port(smtp_conf->ports.v[i]) == 0)
			return err_set(err, ERR_PERM, "ports: %s is no port",
			    smtp_conf->ports.v[i]);
	return 0;
}

void
smtp_ports_fill(struct port_set *set)
{
	port_set_add(set, PORT_SMTP);
	add_nexthop(set, slice_str(smtp_conf->shared.relayhost), PORT_SMTP);
	for (size_t i = 0; i < smtp_conf->ports.n; i++)
		port_set_add(set, parse_port(smtp_conf->ports.v[i]));
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		if (port_set_has(&ports.table, (uint16_t)port))
			port_set_add(set, (uint16_t)port);
	if (ports.held)
		return;
	ports.held = kernel_landlock() >= KERNEL_LANDLOCK_NET;
	ports.begun = *set;
}

bool
smtp_ports_has(uint16_t port)
{
	return !ports.held || port_set_has(&ports.begun, port);
}

void
smtp_ports_when_changed(void (*fn)(void))
{
	ports.on_change = fn;
}

bool
smtp_ports_changed(void)
{
	struct stat now;

	if (ports.fd == -1 || fstat(ports.fd, &now) == -1 ||
	    (now.st_nlink == ports.seen.st_nlink &&
		now.st_size == ports.seen.st_size &&
		now.st_mtim.tv_sec == ports.seen.st_mtim.tv_sec &&
		now.st_mtim.tv_nsec == ports.seen.st_mtim.tv_nsec))
		return false;
	ports.on_change();
	return true;
}

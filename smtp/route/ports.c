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
#include "base/mem.h"
#include "conf/conf.h"
#include "proto/nexthop.h"
#include "smtp/conf.h"
#include "smtp/route/relayauth.h"
#include "sys/fd.h"
#include "sys/kernel.h"
#include "sys/portset.h"
#include "table/reader.h"
#include "table/transport.h"

enum { PORT_LMTP = 24, PORT_SMTP = 25, TABLE_MAX_BYTES = 64 << 20 };

/* Those that name next hops. */
static const char *const names[] = { "transports", "sender_relays" };

struct seen_table {
	int fd; /* the table; the directory where there was none */
	struct stat st;
};

static struct {
	struct port_set table; /* what they name */
	struct port_set begun; /* what this process started with */
	bool held;
	struct seen_table seen[ARRAY_LEN(names)];
	void (*on_change)(void);
} ports;

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

static void
see_table(const char *name, struct seen_table *t)
{
	struct buf text = { .max = TABLE_MAX_BYTES };
	const char *dir = smtp_conf->shared.table_directory;
	char path[1024];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	t->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd == -1)
		t->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	else if (fd_read_file(t->fd, &text, NULL) == 0)
		read_table(buf_slice(&text));
	if (t->fd != -1)
		(void)fstat(t->fd, &t->st);
	buf_fini(&text);
}

int
smtp_ports_read(struct err *err)
{
	struct nexthop nh;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		see_table(names[i], &ports.seen[i]);
	if (*smtp_conf->shared.relayhost != '\0' &&
	    !nexthop_parse(slice_str(smtp_conf->shared.relayhost), &nh))
		return err_set(err, ERR_PERM,
		    "relayhost: expected DOMAIN, [HOST] or [HOST]:PORT, not "
		    "\"%s\"",
		    smtp_conf->shared.relayhost);
	if (smtp_relayauth_check(err) == -1)
		return -1;
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

static bool
is_changed(const struct seen_table *t)
{
	struct stat now;

	return t->fd != -1 && fstat(t->fd, &now) == 0 &&
	       (now.st_nlink != t->st.st_nlink ||
		   now.st_size != t->st.st_size ||
		   now.st_mtim.tv_sec != t->st.st_mtim.tv_sec ||
		   now.st_mtim.tv_nsec != t->st.st_mtim.tv_nsec);
}

bool
smtp_ports_changed(void)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_changed(&ports.seen[i])) {
			ports.on_change();
			return true;
		}
	return false;
}

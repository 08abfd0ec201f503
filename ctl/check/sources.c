/* SPDX-License-Identifier: ISC */
#include "ctl/check/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "sys/addr.h"
#include "sys/fd.h"
#include "table/source.h"

/* What smtp will do with it; 0 or an errno. */
static int
try(const struct source *s)
{
	const int family = s->ipv6 ? AF_INET6 : AF_INET;
	struct addr a;
	int fd, error = 0;

	if (!addr_of_ip(&a, family, s->ip, 0))
		return EINVAL;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (const struct sockaddr *)&a.ss, a.len) == -1)
		error = errno;
	fd_close(&fd);
	return error;
}

/* What makes no sense, the check of the table itself tells. */
static bool
visit(void *arg, struct slice key, struct slice value)
{
	struct sources_report *r = arg;
	struct sources all;

	if (source_parse(value, &all, NULL) == -1)
		return true;
	for (size_t i = 0; i < all.n; i++) {
		const int error = try(&all.v[i]);

		if (error != 0)
			r->missing(r, key, all.v[i].ip, error);
	}
	return true;
}

void
sources_each_missing(const struct instance *in, struct sources_report *r)
{
	struct tables t;

	if (tables_open(&t, in) == 0 &&
	    faccessat(t.dirfd, "source_addresses", R_OK, 0) == 0)
		(void)tables_each(&t, "source_addresses", visit, r, NULL);
	tables_close(&t);
}

static void
warn(struct sources_report *r, struct slice key, struct slice ip, int error)
{
	(void)r;
	fprintf(stderr,
	    "pabal: source_addresses: %.*s has %.*s: %s: its mail is "
	    "deferred\n",
	    SLICE_FMT(key), SLICE_FMT(ip), strerror(error));
}

void
sources_warn(const struct instance *in)
{
	struct sources_report r = { warn };

	sources_each_missing(in, &r);
}

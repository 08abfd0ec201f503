/* SPDX-License-Identifier: ISC */
#include "master/rates.h"

#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "front/rate.h"
#include "log/log.h"
#include "master/child.h"
#include "master/slots.h"

struct rates {
	SLIST_ENTRY(rates) link;
	char *service;
	int fd;
};

/* Those of services that are gone from the configuration stay: their names are
 * few, and may come back. */
static SLIST_HEAD(, rates) tables = SLIST_HEAD_INITIALIZER(tables);

static struct rates *
find(const char *service)
{
	struct rates *r;

	SLIST_FOREACH(r, &tables, link)
	if (strcmp(r->service, service) == 0)
		return r;
	return NULL;
}

int
master_rates_find(const char *service)
{
	struct rates *r = find(service);
	struct err err;
	int fd;

	if (r != NULL)
		return r->fd;
	fd = rate_create(&err);
	if (fd == -1) {
		log_warn("master.rates-failed", kv_s("service", service),
		    kv_s("why", err.text));
		return -1;
	}
	r = xcalloc(1, sizeof *r);
	r->service = xstrdup(service);
	r->fd = fd;
	SLIST_INSERT_HEAD(&tables, r, link);
	return fd;
}

struct gone {
	const char *service;
	pid_t pid;
};

/* Is PID a process of the service, and not the one that has gone? */
static bool
serves(pid_t pid, const void *arg)
{
	const struct gone *gone = arg;
	const struct child *c = pid != gone->pid ? slots_by_pid(pid) : NULL;

	return c != NULL && strcmp(c->service, gone->service) == 0;
}

void
master_rates_forget(const char *service, pid_t pid)
{
	const struct rates *r = find(service);
	const struct gone gone = { service, pid };
	struct err err;

	if (r != NULL && rate_keep(r->fd, serves, &gone, &err) == -1)
		log_warn("master.rates-failed", kv_s("service", service),
		    kv_s("why", err.text));
}

/* SPDX-License-Identifier: ISC */
/*
 * The filters of milter.conf, whether they work, and their connections that
 * nobody uses.  A filter that is no longer configured stays for those who have
 * it; so there are as many as names were ever configured.
 */
#ifndef MILTER_FILTER_H
#define MILTER_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/slice.h"
#include "milter/conf.h"
#include "milter/metrics.h"
#include "sys/addr.h"

struct milter_conn;
struct port_set;

struct milter_filter {
	LIST_ENTRY(milter_filter) link;
	char name[MILTER_NAME_MAX];
	/* as configured, for connections of this generation */
	unsigned generation;
	bool configured;
	struct addr addr;
	enum milter_unavailable unavailable;
	int64_t connect_ms, command_ms, message_ms;
	bool changes, reuse;
	bool warn; /* what it says does not count, and is logged */
	/* how it works */
	unsigned failures; /* one after the other */
	int64_t paused_until_ms;
	bool probing;  /* one client tries whether it works again */
	bool no_reuse; /* it did not take a second client */
	TAILQ_HEAD(milter_idle, milter_conn) idle;
	unsigned nidle;
	struct milter_metrics *metrics;
};

/* Read milter_conf; ERR_PERM says what is wrong with it. */
int milter_filter_check(struct err *err);
/* The same, and from now on these are the filters. */
int milter_filter_configure(struct err *err);
/* The TCP ports of milter_conf's filters. */
void milter_filter_ports(struct port_set *ports);

void milter_filter_each(void (*fn)(struct milter_filter *f));
/* NULL: none is configured of that name. */
struct milter_filter *milter_filter_find(struct slice name);

/* May it be asked, or is it suspended?  *PROBE: whoever asked is the one to
 * find out; milter_filter_works, _failed or _unprobed must follow. */
bool milter_filter_usable(struct milter_filter *f, bool *probe);
void milter_filter_works(struct milter_filter *f);
/* On a connection of GENERATION: one of an older one is logged and counted, and
 * does not suspend F as it is now. */
void milter_filter_failed(struct milter_filter *f, unsigned generation,
    const char *sid, const char *why);
void milter_filter_unprobed(struct milter_filter *f);

#endif

/* SPDX-License-Identifier: ISC */
/* A store: its accounts, those of them that are open, and what is to be done
 * later. */
#ifndef STORE_WHOLE_H
#define STORE_WHOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/map.h"
#include "ev/loop.h"
#include "ev/work.h"

struct account;
struct durable;
struct quota_policy;

struct store {
	int rootfd;
	char *place; /* what the log calls it; "": nothing */
	struct durable *durable;
	char *hostname, *boot_id;
	unsigned max_open, nopen;
	int64_t retention_s; /* see retention.h */
	uint64_t retention_bytes;
	bool crlf, visitor;
	struct quota_policy *quota;   /* NULL: not configured */
	struct map accounts;          /* by path */
	TAILQ_HEAD(, account) open;   /* least recently used first */
	TAILQ_HEAD(, account) behind; /* names are behind: see idle.c */
	struct ev_timer flusher;
	struct work_share share; /* of what the store does by itself */
	int64_t flush_stop_ms;   /* how long idle_fini takes at most */
	/* What handle.c does not know: build_open, and whether an earlier
	 * process left something to do (flush.h). */
	int (*open_index)(struct account *a, bool force, struct err *err);
	bool (*is_behind)(struct account *a);
};

#endif

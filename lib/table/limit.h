/* SPDX-License-Identifier: ISC */
/*
 * An entry of the limits table: what a site is sent at most.
 *
 *     mx.example.org   sessions=5 messages=20      (a host that is dialled)
 *     .example.net     rate=1000/1h interval=500ms (hosts beneath it)
 *     .example.com     sessions=10 shared          (all sites of them together)
 *     *                sessions=50                 (every other site)
 */
#ifndef TABLE_LIMIT_H
#define TABLE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { LIMIT_RETRY_MAX = 16 };

struct limit {
	uint32_t sessions;   /* deliveries at once; 0: not said */
	uint32_t messages;   /* in a session; 0: not said */
	uint32_t rate;       /* recipients in rate_ms; 0: any */
	int64_t rate_ms;     /* RATE_MIN_MS at least */
	int64_t interval_ms; /* between the beginnings of deliveries */
	bool shared;         /* all sites of the entry have it together */
	size_t nretry;
	int64_t retry_ms[LIMIT_RETRY_MAX]; /* waits after attempts, as in
					      retry_schedule */
};

int limit_parse(struct slice value, struct limit *l, struct err *err);

/* For table/kind.h. */
int limit_check(struct slice key, struct slice value, struct err *err);

#endif

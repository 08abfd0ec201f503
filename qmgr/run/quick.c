/* SPDX-License-Identifier: ISC */
#include "qmgr/run/quick.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"

enum {
	QUICK_MS = 100, /* much less than a client waits (direct.c) */
	LATE_MS = 500,  /* so that it takes some that are quick to make up */
	LATELY_MS = 60000,
	SITES_MAX = 4096, /* then all are forgotten */
	KEY_MAX_BYTES = 2048,
};

/* A mean in which the last ones weigh most. */
struct site {
	int64_t ms;
};

static struct map sites; /* by site and source; all zero is empty */
static int64_t until_ms; /* one was quick not long before */

/* Until the next call. */
static struct slice
key_of(struct slice site, struct slice source)
{
	static struct buf key = { .max = KEY_MAX_BYTES };

	buf_reset(&key);
	buf_add(&key, slice_sub(site, 0, KEY_MAX_BYTES / 2 - 1));
	buf_addc(&key, '\n');
	buf_add(&key, slice_sub(source, 0, KEY_MAX_BYTES / 2));
	return buf_slice(&key);
}

static void
drop_all(void)
{
	struct map_iter it = { 0 };

	while (map_next(&sites, &it))
		free(it.value);
	map_fini(&sites);
}

static void
set(struct slice key, int64_t ms)
{
	struct site *s = map_find(&sites, key);

	if (s == NULL) {
		if (sites.count >= SITES_MAX)
			drop_all();
		s = xmalloc(sizeof *s);
		map_put(&sites, key, s);
	}
	s->ms = ms;
}

void
quick_took(struct slice site, struct slice source, int64_t ms)
{
	const struct slice key = key_of(site, source);
	const struct site *s = map_find(&sites, key);

	ms = s != NULL ? (7 * s->ms + ms) / 8 : ms;
	set(key, ms);
	if (ms <= QUICK_MS)
		until_ms = ev_now_ms() + LATELY_MS;
}

void
quick_late(struct slice site, struct slice source)
{
	set(key_of(site, source), LATE_MS);
}

bool
quick_is(struct slice site, struct slice source)
{
	const struct site *s = map_find(&sites, key_of(site, source));

	return s != NULL && s->ms <= QUICK_MS;
}

bool
quick_any(void)
{
	return ev_now_ms() < until_ms;
}

void
quick_forget(void)
{
	drop_all();
	until_ms = 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * A look goes from the window (qmgr/queue/waiting.c) to the last key that is
 * due, and brings in:
 *
 *   what is urgent, a share of it;
 *   who has less than a share both of his site and of his login;
 *   where all mail goes to one site, or comes from one login, the other of the
 *   two decides: a share of those each time.
 *
 * What it brings does not move the window, which meets it later.  A key costs a
 * fraction of a microsecond; the next look begins after twenty times as long.
 */
#include "qmgr/queue/ahead.h"

#include "base/slice.h"
#include "qmgr/conf.h"
#include "qmgr/queue/crowd.h"
#include "qmgr/queue/entry_away.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"
#include "qmgr/queue/waiting_window.h"
#include "sys/clock.h"

enum {
	KEYS = 1000,      /* read at once */
	READS = 8,        /* in a step */
	BRING_MAX = 1000, /* by one look */
	SHARES = 100,     /* of active_limit */
	SHARE_MIN = 10,
	REST_MIN_MS = 100, /* between two looks */
	KEYS_A_MS = 250,   /* and for so many keys one more */
};

static struct {
	bool looking;
	struct qindex_due at;
	int64_t next_ms; /* the next look may begin */
	size_t looks, brought;
	size_t at_site, of_login; /* of these only by the one */
	struct qindex_due keys[KEYS];
} ahead;

static size_t
share(void)
{
	const size_t n = qmgr_conf->active_limit / SHARES;

	return n > SHARE_MIN ? n : SHARE_MIN;
}

/* What lets one of OF in counts in *LIMITED, if it is not to be NULL. */
static bool
may_come(const struct crowd_of *of, size_t **limited)
{
	const bool site = crowd_at_site(of) < share();
	const bool login = crowd_of_login(of) < share();

	*limited = NULL;
	if ((of->urgent != 0 && crowd_urgent() < share()) || (site && login))
		return true;
	if (!site && !login)
		return false;
	*limited = site ? &ahead.at_site : &ahead.of_login;
	return **limited < share();
}

static void
look_at(const struct qindex_due *key)
{
	size_t *limited;

	if (!may_come(&key->of, &limited) || !waiting_bring(key->id))
		return;
	ahead.brought++;
	if (limited != NULL)
		++*limited;
}

/* True: there is more of what is due. */
static bool
look(void)
{
	const int64_t now_ms = waiting_now_ms();
	struct err err = { 0 };
	size_t n;

	if (qindex_due_after(&ahead.at, ahead.keys, KEYS, &n, &err) == -1) {
		waiting_fail(&err);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (ahead.keys[i].ms > now_ms)
			return false;
		ahead.at = ahead.keys[i];
		look_at(&ahead.keys[i]);
		if (ahead.brought == BRING_MAX)
			return false;
	}
	ahead.looks += n;
	return n == KEYS;
}

static bool
look_on(void)
{
	unsigned n = 0;

	while (n < READS && look())
		n++;
	return n == READS;
}

static bool
begin(void)
{
	if (clock_ms() < ahead.next_ms)
		return false;
	ahead.looking = true;
	ahead.at = waiting_window();
	ahead.looks = ahead.brought = 0;
	ahead.at_site = ahead.of_login = 0;
	return true;
}

bool
ahead_step(void)
{
	if (!waiting_usable() || entry_away() == 0)
		return ahead.looking = false;
	if (!ahead.looking && !begin())
		return false;
	waiting_flush();
	if (!waiting_usable())
		return ahead.looking = false;
	ahead.looking = look_on();
	if (!ahead.looking)
		ahead.next_ms = clock_ms() + REST_MIN_MS +
				(int64_t)(ahead.looks / KEYS_A_MS);
	return ahead.looking;
}

void
ahead_init(void)
{
	ahead.looking = false;
	ahead.next_ms = INT64_MIN;
}

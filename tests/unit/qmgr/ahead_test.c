/* SPDX-License-Identifier: ISC */
/* Who begins first when much is due: twenty messages behind twenty thousand of
 * one site, of one login, or of both, which all are older. */
#include "qmgr/queue/ahead.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "qmgr/queue/crowd.h"
#include "qmgr/queue/entry_away.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "tests/clock.h"
#include "tests/unit/qmgr/frame.h"

enum {
	MANY = 20000,
	FEW = 20,
	LIMIT = 2000,  /* active_limit */
	A_TURN = 64,   /* as pump.c begins them */
	WITHIN = 1000, /* starts, until all of the few have begun */
};

static char *dir;
static int root = -1;

/* What of a message's site and login is its own; else it is everybody's. */
struct row {
	const char *name;
	bool many_sites, many_logins;     /* of the many, each has its own */
	bool another_site, another_login; /* have the few */
	bool urgent;                      /* are they */
};

/* ---- what waits ---- */

static void
put(const char *id, int64_t due_ms, const char *site, const char *login,
    bool urgent)
{
	struct qrecord_rcpt rcpt = { .address = SLICE("bob@example.org"),
		.text = SLICE("connection refused"),
		.site = slice_str(site) };
	struct qrecord r = { .state = ENTRY_WAITING,
		.place = SPOOL_CUR,
		.known = true,
		.whole = true,
		.attempts = 1,
		.next_ms = due_ms,
		.arrived_us = 1700000000000000,
		.size = 100,
		.mt_priority = urgent ? 4 : 0,
		.sender = SLICE("alice@pabal.test"),
		.login = slice_str(login),
		.rcpts = &rcpt,
		.nrcpts = 1 };
	struct buf value = { .max = 65536 };

	qrecord_put(&value, &r);
	assert_int_equal(qindex_put(slice_str(id), buf_slice(&value), NULL), 0);
	buf_fini(&value);
}

static void
fill(const struct row *row)
{
	const int64_t past_ms = clock_wall_us() / 1000 - 3600000;
	struct qindex_meta meta = { .life = 1 };
	struct err err = { 0 };
	bool kept;

	assert_int_equal(qindex_open(root, "boot", &meta, &kept, &err), 0);
	meta = (struct qindex_meta){ .life = 1 };
	assert_int_equal(qindex_begin(MANY + FEW, &err), 0);
	for (int i = 0; i < MANY + FEW; i++) {
		const bool few = i >= MANY;
		char id[24], site[40], login[40];

		snprintf(id, sizeof id, "%c%06d", few ? 'F' : 'A', i);
		snprintf(site, sizeof site, "smtp:mx%d",
		    !few && row->many_sites    ? i
		    : few && row->another_site ? -1
					       : 0);
		snprintf(login, sizeof login, "user%d",
		    !few && row->many_logins    ? i
		    : few && row->another_login ? -1
						: 0);
		put(id, past_ms + i, site, login, few && row->urgent);
	}
	assert_int_equal(qindex_commit(&meta, &err), 0);
	qindex_close();
}

/* ---- beginning them ---- */

static void
no_rescan(void)
{
	fail_msg("the index was lost");
}

static struct {
	struct entry *active[LIMIT]; /* a ring, the oldest first to end */
	size_t first, n;
	unsigned begun, few, few_at;
} run;

static void
end_some(size_t n)
{
	for (; n > 0 && run.n > 0; n--, run.n--) {
		waiting_drop(&run.active[run.first]);
		run.first = (run.first + 1) % LIMIT;
	}
	waiting_flush();
}

static void
begin(struct entry *e)
{
	assert_int_equal(e->state, ENTRY_WAITING);
	run.begun++;
	if (e->id[0] == 'F' && ++run.few == FEW)
		run.few_at = run.begun;
	entry_activate(e, NULL);
	run.active[(run.first + run.n++) % LIMIT] = e;
}

/* As qmgr/run/pump.c. */
static void
one_turn(void)
{
	struct entry *e;

	if (run.n < LIMIT)
		(void)ahead_step();
	for (unsigned i = 0; i < A_TURN && run.n < LIMIT; i++) {
		e = waiting_first_due();
		if (e == NULL || entry_wait_ms(e) > 0)
			break;
		begin(e);
	}
	/* In memory is what was begun, and little else. */
	assert_true(entry_count() - entry_away() <= LIMIT + LIMIT);
}

static void
all_of(const struct row *row)
{
	struct crowd_of none = { 0 };

	memset(&run, 0, sizeof run);
	fill(row);
	entry_init();
	ahead_init();
	waiting_init(no_rescan);
	waiting_open(root, "boot");
	assert_int_equal(entry_count(), MANY + FEW);
	for (unsigned turn = 0; entry_count() > 0; turn++) {
		assert_true(turn < 20 * MANY / A_TURN);
		one_turn();
		clock_run(5);
		/* The many take their time while memory fills. */
		if (run.n > LIMIT - A_TURN || turn > MANY / A_TURN)
			end_some(A_TURN);
	}
	assert_int_equal(run.begun, MANY + FEW);
	assert_int_equal(run.few, FEW);
	assert_int_equal(crowd_urgent(), 0);
	print_message("%s: the last of the few began as number %u\n", row->name,
	    run.few_at);
	assert_in_range(run.few_at, FEW, WITHIN);
	assert_int_equal(crowd_at_site(&none), 0);
	waiting_close();
	qindex_drop();
}

static void
test_few_among_many(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "another site and login",          false, false, true,  true,  false },
		{ "one site, another login",         false, false, false, true,  false },
		{ "one login, another site",         false, false, true,  false, false },
		{ "many logins at one site",         false, true,  true,  true,  false },
		{ "one login to many sites",         true,  false, true,  true,  false },
		{ "the same login, many logins",     false, true,  true,  false, false },
		{ "the same site, many sites",       true,  false, false, true,  false },
		{ "one site and login, urgent",      false, false, false, false, true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		all_of(&rows[i]);
}

static int
setup(void **state)
{
	char text[40];

	(void)state;
	snprintf(text, sizeof text, "active_limit = %d\n", LIMIT);
	frame_conf(text);
	dir = frame_dir();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ev_init();
	return root == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	fd_close(&root);
	return frame_remove(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_among_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: ISC */
#include "reporter/post.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/sts.h"
#include "reporter/pending.h"
#include "reporter/tally.h"
#include "tests/clock.h"

enum {
	SILENT_MS = 60000, /* fetch_timeout */
	WALK_MS = 120000,
	NOT_DONE = 100,
};

/* ---- sts: of hosts that are silent, or take all */

static struct {
	struct ev_timer timer;
	struct ipc_call *call;
	void (*on_reply)(struct ipc_call *, struct msg *);
	bool silent;
	size_t asked, tried;
} sts;

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)role;
	(void)index;
	(void)uid;
	return NULL;
}

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	(void)peer;
	(void)m;
	return true;
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	(void)peer;
	(void)m;
	(void)reply;
	(void)timeout_ms;
	sts.call = call;
	sts.on_reply = on_reply;
	sts.asked++;
	ev_timer_set(&sts.timer, sts.silent ? SILENT_MS : 1);
}

void
ipc_cancel(struct ipc_call *call)
{
	(void)call;
	ev_timer_stop(&sts.timer);
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)peer;
	(void)why;
}

static void
on_time(struct ev_timer *t)
{
	struct msg m = { .type = MSG_sts_posted };

	(void)t;
	m.sts_posted.end = sts.silent ? STS_POST_FAILED : STS_POST_TAKEN;
	m.sts_posted.why = sts.silent ? SLICE("silence") : SLICE("");
	sts.on_reply(sts.call, &m);
}

static void
on_done(size_t tried)
{
	sts.tried = tried;
}

/* ---- */

static const struct tally_report report = { .domain = "d.test" };

static void
post(struct pending_posts *p)
{
	sts.asked = 0;
	sts.tried = NOT_DONE;
	post_begin(&report, SLICE("id"), SLICE("file"), p, on_done);
	assert_int_equal(sts.tried, NOT_DONE);
}

/* Those of one walk have their time together, and it begins anew. */
static void
test_budget(void **state)
{
	struct pending_posts p = { .uris = { SLICE("a"), SLICE("b"), SLICE("c"),
				       SLICE("d"), SLICE("e") },
		.n = 5 };

	(void)state;
	ev_timer_init(&sts.timer, on_time);
	post_init();
	post_walk();
	sts.silent = true;
	post(&p);
	clock_run(WALK_MS + 1);
	assert_int_equal(sts.tried, 2);
	assert_int_equal(sts.asked, 2);
	assert_int_equal(p.n, 5);
	/* the next report of this walk waits for another */
	sts.silent = false;
	post(&p);
	clock_run(1);
	assert_int_equal(sts.tried, 0);
	assert_int_equal(sts.asked, 0);
	assert_int_equal(p.n, 5);
	assert_false(p.sent);
	post_walk();
	post(&p);
	clock_run(1000);
	assert_int_equal(sts.tried, 0);
	assert_int_equal(sts.asked, 5);
	assert_int_equal(p.n, 0);
	assert_true(p.sent);
}

/* What was given up says nothing more. */
static void
test_forgotten(void **state)
{
	struct pending_posts p = { .uris = { SLICE("a"), SLICE("b") }, .n = 2 };

	(void)state;
	post_walk();
	sts.silent = true;
	post(&p);
	clock_run(WALK_MS + 1);
	assert_int_equal(sts.tried, 2);
	post(&p);
	post_forget();
	clock_run(WALK_MS);
	assert_int_equal(sts.tried, NOT_DONE);
	assert_int_equal(sts.asked, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_forgotten),
	};

	ev_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

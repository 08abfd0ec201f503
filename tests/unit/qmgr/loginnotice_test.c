/* SPDX-License-Identifier: ISC */
/* What policy can have qmgr write, and how often. */
#include "qmgr/report/loginnotice.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool.h"
#include "qmgr/report/adminmail.h"
#include "qmgr/run/life.h"
#include "tests/unit/qmgr/fake_ipc.h"
#include "tests/unit/qmgr/frame.h"

static struct ipc policy = { .role = ROLE_POLICY }, others;
static unsigned written, not_written;
static char *dir;

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)role, (void)index, (void)uid;
	return &others;
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 1;
}

/* lookup, which is asked for the postmaster, does not answer. */
static struct ipc_call *open_calls[200];
static size_t calls;

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	(void)m, (void)timeout_ms;
	*call = (struct ipc_call){
		.peer = peer, .id = 1, .reply = reply, .on_reply = on_reply
	};
	if (calls < ARRAY_LEN(open_calls))
		open_calls[calls++] = call;
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)why;
	peer->dropped++;
}

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	if (m->type != MSG_queue_noticed)
		return true;
	assert_ptr_equal(peer, &policy);
	assert_int_equal(m->queue_noticed.id, 7);
	*(m->queue_noticed.ok ? &written : &not_written) += 1;
	return true;
}

static int
setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	ev_init();
	frame_conf("active_limit = 1000\n");
	dir = frame_dir();
	return life_start(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &err);
}

static int
teardown(void **state)
{
	(void)state;
	spool_stop();
	return frame_remove(dir);
}

static void
on_wake(struct ev_timer *t)
{
	(void)t;
	ev_stop();
}

static void
turn(void)
{
	struct ev_timer wake;

	do {
		ev_timer_init(&wake, on_wake);
		ev_timer_set(&wake, 1);
		ev_run();
		ev_timer_stop(&wake);
	} while (newfile_count() > 0);
}

static void
ask(void)
{
	struct msg m = { .type = MSG_queue_notice,
		.queue_notice = { .id = 7,
		    .login = SLICE("alice@pabal.test"),
		    .why = SLICE("login:messages=1/1d/hold"),
		    .clients = SLICE("192.0.2.1,2001:db8::1"),
		    .since = INT64_MAX } };

	loginnotice_on_notice(&policy, &m);
}

/* One at a time; who is gone meanwhile is not answered. */
static void
test_one_at_a_time(void **state)
{
	const uint64_t before = entry_count();

	(void)state;
	written = not_written = 0;
	ask();
	ask();
	assert_int_equal(not_written, 1);
	assert_int_equal(written, 0);
	turn();
	assert_int_equal(written, 1);
	ask();
	loginnotice_forget(&policy);
	turn();
	assert_int_equal(written, 1);
	assert_int_equal(entry_count(), before + 2);
}

/* A captured policy cannot fill the mailbox. */
static void
test_so_many_a_day(void **state)
{
	const uint64_t before = entry_count();

	(void)state;
	written = not_written = 0;
	for (int i = 0; i < 200; i++) {
		ask();
		turn();
	}
	assert_int_equal(written, 98); /* and two before */
	assert_int_equal(not_written, 102);
	assert_int_equal(entry_count(), before + 98);
	/* nobody wants it */
	frame_conf("hold_notice_to =\n");
	ask();
	assert_int_equal(written, 99);
	assert_int_equal(entry_count(), before + 98);
}

static void
test_plain(void **state)
{
	struct buf b = { .max = 1000 };
	static char lengthy[2000];

	(void)state;
	adminmail_plain(&b, SLICE("a\r\n.\r\n\x1b[2J\xc3\xa4"));
	assert_true(slice_is(buf_slice(&b), "a??.???[2J??"));
	buf_reset(&b);
	adminmail_plain(&b, slice_of(lengthy, sizeof lengthy));
	assert_int_equal(b.n, 400);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_so_many_a_day),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

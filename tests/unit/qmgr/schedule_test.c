/* SPDX-License-Identifier: ISC */
/* When what happens to a message that nobody takes, in virtual time: all of
 * qmgr runs, with a lookup and an smtp that are made up here. */
#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/intake.h"
#include "qmgr/run/life.h"
#include "queue/envelope_text.h"
#include "queue/job.h"
#include "sys/clock.h"
#include "tests/clock.h"
#include "tests/fault.h"
#include "tests/unit/qmgr/fake_ipc.h"
#include "tests/unit/qmgr/frame.h"

enum { TRIES = 100 };
static const int64_t minute = 60000, hour = 3600000, day = 86400000;

static struct ipc smtpd = { .role = ROLE_SMTPD }, smtp = { .role = ROLE_SMTP },
		  lookup = { .role = ROLE_LOOKUP }, ctl = { .role = ROLE_CTL };

/* What smtp and lookup were asked and answer in the next turn. */
struct question {
	struct ev_timer timer;
	struct ipc_call *call;
	enum msg_type type;
	bool report;
	uint32_t recipient;
};

static enum job_status smtp_says = JOB_TEMPFAIL;
static bool lookup_is_there = true;
static unsigned nlooked;
static bool full_when_relayed;  /* the disk, from then on */
static struct slice wants;      /* NOTIFY of the recipient */
static int64_t tried_ms[TRIES]; /* since the message came */
static size_t ntried;
static int64_t came_ms;
static unsigned reports;
static int64_t reported_ms;
static char qid[ENVELOPE_ID_BYTES];
static int qfd = -1;

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)index;
	(void)uid;
	return role == ROLE_LOOKUP ? &lookup : &smtp;
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 1;
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)peer;
	fail_msg("%s", why);
}

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	(void)peer;
	if (m->type == MSG_queue_opened) {
		assert_true(m->queue_opened.ok);
		slice_copy(m->queue_opened.qid, qid, sizeof qid);
		qfd = fcntl(m->queue_opened.file, F_DUPFD_CLOEXEC, 3);
	}
	return true;
}

static void
answer_lookup(struct ipc_call *call)
{
	struct msg m = { .type = MSG_lookup_found };

	nlooked++;
	m.lookup_found.kind = LOOKUP_RELAY;
	m.lookup_found.transport = SLICE("smtp");
	m.lookup_found.nexthop = SLICE("far.test");
	m.lookup_found.site = SLICE("mx.far.test");
	call->on_reply(call, lookup_is_there ? &m : NULL);
}

static void
answer_job(const struct question *q)
{
	struct ipc_call *call = q->call;
	struct msg m = { .type = MSG_job_result };
	struct msg done = { .type = MSG_job_done };

	if (q->report) {
		reports++;
		reported_ms = clock_ms() - came_ms;
	} else if (full_when_relayed)
		fault_arm(FAULT_NOSPC, 1, true);
	if (!q->report && ntried < TRIES)
		tried_ms[ntried++] = clock_ms() - came_ms;
	m.job_result.job = call->id;
	m.job_result.recipient = q->recipient;
	m.job_result.status = q->report ? JOB_RELAYED : smtp_says;
	m.job_result.dsn = SLICE("4.2.2");
	m.job_result.text = SLICE("mailbox full");
	dispatch_on_result(&smtp, &m);
	call->on_reply(call, &done);
}

static void
on_question(struct ev_timer *t)
{
	struct question *q = OUTER(t, struct question, timer);

	if (q->type == MSG_lookup_address)
		answer_lookup(q->call);
	else
		answer_job(q);
	free(q);
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	static uint64_t last;
	struct question *q = xcalloc(1, sizeof *q);

	(void)timeout_ms;
	m->id = ++last;
	*call = (struct ipc_call){
		.peer = peer, .id = m->id, .reply = reply, .on_reply = on_reply
	};
	q->call = call;
	q->type = m->type;
	if (m->type == MSG_job_start) {
		struct slice lines = m->job_start.recipients;
		struct job_rcpt r;
		struct arena arena;

		arena_init(&arena);
		assert_true(job_rcpt_parse(&lines, &arena, &r));
		q->recipient = r.number;
		arena_fini(&arena);
		q->report = memmem(m->job_start.envelope.p,
				m->job_start.envelope.n, "REPORT", 6) != NULL;
		assert_true(slice_is(m->job_start.nexthop, "smtp:far.test"));
	}
	ev_timer_init(&q->timer, on_question);
	ev_timer_set(&q->timer, 1);
}

/* ---- the frame of the tests ---- */

static char *dir;

static bool
is_syncing(void)
{
	return newfile_count() > 0;
}

static void
submit(const char *sender)
{
	static const char body[] = "Subject: x\r\n\r\nhello\r\n";
	struct envelope_rcpt rcpt = { .address = SLICE("to@far.test"),
		.notify = wants };
	struct envelope env = { .sender = slice_str(sender),
		.protocol = SLICE("ESMTP"),
		.rcpts = &rcpt,
		.nrcpts = 1 };
	struct buf text = { .max = 65536 };
	struct msg m = { .type = MSG_queue_open, .queue_open.file = true };

	envelope_format(&env, &text);
	m.queue_open.envelope = buf_slice(&text);
	intake_on_open(&smtpd, &m);
	buf_fini(&text);
	assert_int_equal(write(qfd, body, sizeof body - 1), sizeof body - 1);
	close(qfd);
	m = (struct msg){ .type = MSG_queue_commit };
	m.queue_commit.qid = slice_str(qid);
	m.queue_commit.size = sizeof body - 1;
	m.queue_commit.crc32c = crc32c(0, slice_str(body));
	ntried = reports = 0;
	came_ms = clock_ms();
	intake_on_commit(&smtpd, &m);
	clock_run(100);
}

/* The queue is empty; what was tried is gone. */
static void
finish(void)
{
	smtp_says = JOB_RELAYED;
	clock_run(10 * day);
	smtp_says = JOB_TEMPFAIL;
	assert_int_equal(entry_count(), 0);
}

/* Try number N came WAIT_MS after the one before, or a tenth later. */
static void
check_wait(size_t n, int64_t wait_ms)
{
	const int64_t ms = tried_ms[n] - tried_ms[n - 1];

	assert_true(n < ntried);
	if (ms < wait_ms || ms > wait_ms + wait_ms / 10 + 1000)
		fail_msg("try %zu after %lld ms", n, (long long)ms);
}

static void
test_retries(void **state)
{
	static const int waits_min[] = { 5, 10, 20, 30, 60, 120, 240, 240 };

	(void)state;
	submit("me@here.test");
	clock_run(day);
	for (size_t i = 0; i < ARRAY_LEN(waits_min); i++)
		check_wait(i + 1, waits_min[i] * minute);
	finish();
}

/* A report of the delay after 4 hours, once, and the failure after 5 days. */
static void
test_reports(void **state)
{
	(void)state;
	submit("me@here.test");
	clock_run(4 * hour - 1000);
	assert_int_equal(reports, 0);
	clock_run(5 * hour);
	assert_int_equal(reports, 1);
	clock_run(5 * day - 10 * hour);
	assert_int_equal(reports, 1);
	assert_int_equal(entry_count(), 1);
	clock_run(7 * hour);
	assert_int_equal(reports, 2);
	assert_int_equal(entry_count(), 0);
	assert_true(reported_ms >= 5 * day);
	finish();
}

/* Nobody is told of a report that cannot be delivered; it goes after a day. */
static void
test_null_sender(void **state)
{
	(void)state;
	submit("");
	clock_run(day - hour);
	assert_int_equal(entry_count(), 1);
	clock_run(6 * hour);
	assert_int_equal(entry_count(), 0);
	assert_int_equal(reports, 0);
	finish();
}

/* Trouble of our own is tried again in seconds, and is no attempt. */
static void
test_soon(void **state)
{
	(void)state;
	lookup_is_there = false;
	submit("me@here.test");
	clock_run(minute);
	assert_int_equal(ntried, 0);
	lookup_is_there = true;
	clock_run(3000);
	assert_int_equal(ntried, 1);
	clock_run(10 * minute);
	check_wait(1, 5 * minute);
	finish();
}

/* What nobody can take for trouble of our own ends as well, and its sender is
 * told; an end that is over soon gives nothing up. */
static void
test_soon_expires(void **state)
{
	(void)state;
	lookup_is_there = false;
	submit("me@here.test");
	clock_run(5 * day - hour);
	assert_int_equal(entry_count(), 1);
	clock_run(2 * hour);
	/* the report is there, and waits for lookup itself */
	assert_int_equal(entry_count(), 1);
	lookup_is_there = true;
	clock_run(hour);
	assert_int_equal(ntried, 0);
	assert_int_equal(reports, 1);
	assert_int_equal(entry_count(), 0);
	submit("me@here.test");
	clock_run(5 * day - 10 * minute);
	lookup_is_there = false;
	for (nlooked = 0; nlooked == 0;)
		clock_run(5000);
	assert_true(clock_ms() - came_ms > 5 * day);
	clock_run(minute);
	assert_int_equal(entry_count(), 1);
	lookup_is_there = true;
	reports = 0;
	clock_run(minute);
	assert_int_equal(reports, 1);
	assert_int_equal(entry_count(), 0);
	finish();
}

/* A report that cannot be written is tried again, now and then; nothing is lost
 * and nothing is told twice. */
static void
test_report_cannot_be_written(void **state)
{
	(void)state;
	submit("me@here.test");
	clock_run(4 * hour - minute);
	assert_int_equal(reports, 0);
	fault_arm(FAULT_NOSPC, 1, true);
	clock_run(6 * day);
	assert_true(fault_struck());
	/* in seconds for a while, then in minutes: not a turn of the loop each
	 */
	assert_in_range(fault_calls(), 100, 5000);
	assert_int_equal(reports, 0);
	assert_int_equal(entry_count(), 1);
	fault_off();
	clock_run(hour);
	assert_int_equal(reports, 1);
	assert_int_equal(entry_count(), 0);
	finish();
}

/* The same of mail that was delivered: it stays until its sender knows. */
static void
test_success_cannot_be_written(void **state)
{
	(void)state;
	wants = SLICE("SUCCESS,FAILURE");
	smtp_says = JOB_RELAYED;
	full_when_relayed = true;
	submit("me@here.test");
	clock_run(hour);
	assert_int_equal(ntried, 1);
	assert_int_equal(reports, 0);
	assert_in_range(fault_calls(), 10, 1000);
	assert_int_equal(entry_count(), 1);
	full_when_relayed = false;
	fault_off();
	clock_run(hour);
	assert_int_equal(ntried, 1);
	assert_int_equal(reports, 1);
	assert_int_equal(entry_count(), 0);
	wants = SLICE("");
	finish();
}

/* A wall clock that is set back makes nothing wait for years. */
static void
test_clock_set_back(void **state)
{
	(void)state;
	submit("me@here.test");
	clock_set_wall(-365 * day);
	clock_run(6 * minute);
	assert_int_equal(ntried, 2);
	clock_run(12 * minute);
	assert_int_equal(ntried, 3);
	check_wait(2, 10 * minute);
	/* and it ends when it would have ended */
	clock_run(5 * day + 5 * hour);
	assert_int_equal(entry_count(), 0);
	clock_set_wall(365 * day);
	finish();
}

/* Back by an hour, in the middle of a wait. */
static void
test_clock_set_back_a_little(void **state)
{
	(void)state;
	submit("me@here.test");
	clock_run(minute);
	assert_int_equal(ntried, 1);
	clock_set_wall(-hour);
	clock_run(20 * minute);
	assert_int_equal(ntried, 3);
	check_wait(1, 5 * minute);
	check_wait(2, 10 * minute);
	clock_set_wall(hour);
	finish();
}

/* Set forward it gives nothing up, warns nobody, and nothing is tried sooner:
 * what came while we ran is as old as we have run. */
static void
test_clock_set_forward(void **state)
{
	(void)state;
	submit("");
	clock_run(10 * minute);
	assert_int_equal(ntried, 2);
	clock_set_wall(30 * day);
	clock_run(2 * minute);
	assert_int_equal(ntried, 2);
	clock_run(day - hour);
	assert_int_equal(entry_count(), 1);
	clock_run(6 * hour);
	assert_int_equal(entry_count(), 0);
	submit("me@here.test");
	clock_run(minute);
	clock_set_wall(30 * day);
	clock_run(3 * hour);
	assert_int_equal(reports, 0);
	clock_run(6 * hour);
	assert_int_equal(reports, 1);
	clock_set_wall(-60 * day);
	finish();
}

/* Set both ways by hours, again and again, while several wait: each is tried
 * when it would have been, none sooner and none later. */
static void
test_clock_steps(void **state)
{
	const int64_t steps[] = { 6 * hour, -12 * hour, 6 * hour, -day, day };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		submit("me@here.test");
	assert_int_equal(ntried, 1); /* of the last */
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		clock_set_wall(steps[i]);
		clock_run(minute / 2);
	}
	assert_int_equal(ntried, 1);
	clock_run(4 * minute);
	assert_int_equal(ntried, 1 + ARRAY_LEN(steps));
	assert_int_equal(reports, 0);
	finish();
}

static void
act(const char *verb)
{
	struct msg m = { .type = MSG_queue_act };

	m.queue_act.verb = slice_str(verb);
	admin_on_act(&ctl, &m);
	clock_run(1000);
}

static void
test_held(void **state)
{
	(void)state;
	submit("me@here.test");
	act("hold");
	clock_run(3 * day);
	assert_int_equal(ntried, 1);
	act("release");
	assert_int_equal(ntried, 2);
	act("retry");
	assert_int_equal(ntried, 3);
	act("delete");
	assert_int_equal(entry_count(), 0);
	finish();
}

/* A reload with a shorter schedule does not leave what waits by the longer one:
 * it is tried at once, and then by the new one. */
static void
test_reload(void **state)
{
	struct err err = { 0 };

	(void)state;
	submit("me@here.test");
	clock_run(20 * minute);
	assert_int_equal(ntried, 3);
	frame_conf("retry_schedule = 30s\n");
	assert_int_equal(life_reload(&err), 0);
	clock_run(1000);
	assert_int_equal(ntried, 4);
	clock_run(3 * minute / 4); /* twice 30 s are more */
	assert_int_equal(ntried, 5);
	/* a longer one counts from the next attempt on */
	frame_conf("retry_schedule = 1h\n");
	assert_int_equal(life_reload(&err), 0);
	clock_run(minute);
	assert_int_equal(ntried, 6);
	clock_run(50 * minute);
	assert_int_equal(ntried, 6);
	frame_conf("");
	assert_int_equal(life_reload(&err), 0);
	finish();
}

static int
setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	ev_init();
	frame_conf("");
	clock_wait_while(is_syncing);
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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_null_sender),
		cmocka_unit_test(test_soon),
		cmocka_unit_test(test_soon_expires),
		cmocka_unit_test(test_report_cannot_be_written),
		cmocka_unit_test(test_success_cannot_be_written),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_clock_set_back_a_little),
		cmocka_unit_test(test_clock_set_forward),
		cmocka_unit_test(test_clock_steps),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * What somebody who took over a daemon would say to qmgr, said here as that
 * daemon: qmgr's own code runs, its peers are this file.  Whatever is not the
 * sender's to say drops him, and leads to no delivery.
 */
#include "tests/unit.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "mime/wire.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool.h"
#include "qmgr/queue/tail.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/intake.h"
#include "qmgr/run/life.h"
#include "qmgr/run/quick.h"
#include "qmgr/run/round.h"
#include "queue/envelope.h"
#include "queue/job.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "tests/unit/qmgr/fake_ipc.h"
#include "tests/unit/qmgr/frame.h"

enum { OWNER = 1234, MAX_CALLS = 16 };

/* ---- peers ---- */

static struct ipc smtpd = { .role = ROLE_SMTPD };
static struct ipc links[MAX_CALLS];
static size_t nlinks;

/* What qmgr asked and was not answered yet. */
static struct {
	struct ipc_call *call;
	enum msg_type type;
	struct job_rcpt rcpt; /* of a job: the first */
	size_t record_bytes;
	size_t body_bytes;
	bool has_file;
} calls[MAX_CALLS];
static size_t ncalls;
static struct arena arena;

static char opened[ENVELOPE_ID_BYTES];
static int opened_fd = -1;
static unsigned refused, committed, not_committed;
static struct buf listed = { .max = 65536 };

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)index;
	for (size_t i = 0; i < nlinks; i++)
		if (links[i].role == role && links[i].uid == uid)
			return &links[i];
	must(nlinks < MAX_CALLS);
	links[nlinks] = (struct ipc){ .role = role, .uid = uid };
	return &links[nlinks++];
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 1;
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	static uint64_t last;
	struct slice lines;

	(void)timeout_ms;
	must(ncalls < MAX_CALLS);
	m->id = ++last;
	*call = (struct ipc_call){
		.peer = peer, .id = m->id, .reply = reply, .on_reply = on_reply
	};
	calls[ncalls].call = call;
	calls[ncalls].type = m->type;
	if (m->type == MSG_job_start) {
		lines = m->job_start.recipients;
		calls[ncalls].record_bytes = m->job_start.record.n;
		calls[ncalls].body_bytes = m->job_start.body.n;
		calls[ncalls].has_file = m->job_start.file != -1;
		must(job_rcpt_parse(&lines, &arena, &calls[ncalls].rcpt));
	}
	ncalls++;
}

/* The call at I, no longer open. */
static struct ipc_call *
take_call(size_t i)
{
	struct ipc_call *call = calls[i].call;

	calls[i] = calls[--ncalls];
	call->id = 0;
	return call;
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)why;
	peer->dropped++;
	for (size_t i = ncalls; i > 0; i--)
		if (calls[i - 1].call->peer == peer) {
			struct ipc_call *call = take_call(i - 1);

			call->on_reply(call, NULL);
		}
	intake_forget(peer);
}

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	if (m->type == MSG_queue_listed) {
		buf_reset(&listed);
		buf_add(&listed, m->queue_listed.text);
		refused += !m->queue_listed.ok;
		return true;
	}
	if (m->type == MSG_queue_counted) {
		refused += !m->queue_counted.ok;
		return true;
	}
	if (m->type == MSG_queue_sited) {
		buf_reset(&listed);
		buf_add(&listed, m->queue_sited.text);
		refused += !m->queue_sited.ok;
		return true;
	}
	assert_ptr_equal(peer, &smtpd);
	if (m->type == MSG_queue_opened && m->queue_opened.ok) {
		slice_copy(m->queue_opened.qid, opened, sizeof opened);
		opened_fd =
		    m->queue_opened.file == -1
			? -1
			: fcntl(m->queue_opened.file, F_DUPFD_CLOEXEC, 3);
	} else if (m->type == MSG_queue_opened)
		refused++;
	if (m->type == MSG_queue_committed)
		*(m->queue_committed.ok ? &committed : &not_committed) += 1;
	return true;
}

/* ---- the frame of the tests ---- */

static char *dir;
static const char body[] = "Subject: x\r\n\r\nhello\r\n";

static int
group_setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	arena_init(&arena);
	ev_init();
	frame_conf("active_limit = 100\n");
	dir = frame_dir();
	return life_start(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &err);
}

static int
group_teardown(void **state)
{
	(void)state;
	spool_stop();
	return frame_remove(dir);
}

/* What earlier tests left open stays so. */
static struct ipc_call *unanswered[16 * MAX_CALLS];

static int
setup(void **state)
{
	static size_t n;

	(void)state;
	while (ncalls > 0 && n < ARRAY_LEN(unanswered))
		unanswered[n++] = calls[--ncalls].call;
	ncalls = nlinks = 0;
	smtpd.dropped = refused = committed = not_committed = 0;
	quick_forget();
	opened[0] = '\0';
	return 0;
}

static void
on_stop(struct ev_task *task)
{
	(void)task;
	ev_stop();
}

static void
on_wake(struct ev_timer *t)
{
	(void)t;
	ev_stop();
}

/* What the loop has to do, and the sync threads. */
static void
turn(void)
{
	struct ev_timer wake;
	struct ev_task task;

	for (int i = 0; i < 3; i++) {
		ev_task_init(&task, on_stop);
		ev_task_queue(&task);
		ev_run();
	}
	while (newfile_count() > 0) {
		ev_timer_init(&wake, on_wake);
		ev_timer_set(&wake, 1);
		ev_run();
		ev_timer_stop(&wake);
	}
}

/* ---- smtpd ---- */

static void
say_open_as(struct slice lines, bool file)
{
	struct buf b = { .max = 65536 };
	struct msg m = { .type = MSG_queue_open, .queue_open.file = file };

	buf_addf(&b, "pabal-queue 1\n%.*s", SLICE_FMT(lines));
	buf_addf(&b, "end %08x\n", crc32c(0, buf_slice(&b)));
	m.queue_open.id = 1;
	m.queue_open.envelope = buf_slice(&b);
	intake_on_open(&smtpd, &m);
	buf_fini(&b);
}

static void
say_open(struct slice lines)
{
	say_open_as(lines, true);
}

static void
test_smtpd_envelope(void **state)
{
	static const char *const rows[] = {
		"rcpt c@d target=|id uid=1000\n",
		"rcpt c@d target=|id parent=0\n",
		"rcpt c@d uid=1000\n",
		"rcpt c@d parent=0\n",
		"rcpt c@d\nrcpt e@f target=:include:/etc/shadow\n",
		"id ABC\nrcpt c@d\n",
		"arrived 1\nrcpt c@d\n",
		"size 1\nrcpt c@d\n",
		"crc32c 00000000\nrcpt c@d\n",
		"protocol REPORT\nrcpt c@d\n",
		"protocol NOTICE\nrcpt c@d\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		say_open(slice_str(rows[i]));
		if (smtpd.dropped != i + 1 || opened[0] != '\0')
			fail_msg("%s", rows[i]);
	}
	assert_int_equal(refused, 0);
	assert_int_equal(ncalls, 0);
}

/* What is only wrong is answered. */
static void
test_smtpd_nonsense(void **state)
{
	(void)state;
	say_open(SLICE("future x\nrcpt c@d\n"));
	assert_int_equal(refused, 1);
	say_open(SLICE("sender a@b\n"));
	assert_int_equal(refused, 2);
	assert_int_equal(smtpd.dropped, 0);
}

/* The forged line is behind a part. */
static void
test_smtpd_parts(void **state)
{
	struct msg m = { .type = MSG_queue_part };

	(void)state;
	m.queue_part.key = 7;
	m.queue_part.envelope = SLICE("pabal-queue 1\n");
	intake_on_part(&smtpd, &m);
	m = (struct msg){ .type = MSG_queue_open, .queue_open.file = true };
	m.queue_open.key = 7;
	m.queue_open.envelope = SLICE("rcpt c@d target=|id\n");
	intake_on_open(&smtpd, &m);
	assert_int_equal(smtpd.dropped, 1);
}

/* What it begins and never ends has a limit, which others do not share. */
static void
test_smtpd_begins_too_much(void **state)
{
	static char text[60000];
	struct msg m = { .type = MSG_queue_part };
	unsigned n = 0;

	(void)state;
	memset(text, 'x', sizeof text);
	m.queue_part.key = 7;
	m.queue_part.envelope = slice_of(text, sizeof text);
	while (n++ < (256u << 20) / (sizeof text + 1024))
		intake_on_part(&smtpd, &m);
	assert_int_equal(smtpd.dropped, 0);
	/* Nearly all of it is there: what is opened is refused for now, */
	for (n = 0; refused == 0 && n < 1000; n++)
		say_open_as(SLICE("rcpt c@d\n"), false);
	assert_in_range(n, 2, 999);
	/* and one envelope more is the last, */
	intake_on_part(&smtpd, &m);
	assert_int_equal(smtpd.dropped, 1);
	intake_forget(&smtpd);
	/* whereafter there is room. */
	refused = 0;
	say_open_as(SLICE("rcpt c@d\n"), false);
	assert_int_equal(refused, 0);
	intake_forget(&smtpd);
}

/* What smtpd holds writes the message and does nothing else. */
static void
test_smtpd_reads(void **state)
{
	char text[10];

	(void)state;
	say_open(SLICE("rcpt c@d\n"));
	assert_int_equal(fcntl(opened_fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	assert_int_equal(write(opened_fd, body, 4), 4);
	assert_int_equal(pread(opened_fd, text, 4, 0), -1);
	close(opened_fd);
}

static struct slice record; /* what smtpd says of the message's structure */

static void
say_commit(void)
{
	struct msg m = { .type = MSG_queue_commit };

	m.queue_commit.record = record;
	m.queue_commit.id = 2;
	m.queue_commit.qid = slice_str(opened);
	m.queue_commit.size = sizeof body - 1;
	m.queue_commit.crc32c = crc32c(0, slice_str(body));
	intake_on_commit(&smtpd, &m);
	turn();
}

/* It keeps the descriptor, to put lines of its own into the file later. */
static void
test_smtpd_keeps_fd(void **state)
{
	(void)state;
	say_open(SLICE("rcpt c@d\n"));
	assert_int_equal(
	    write(opened_fd, body, sizeof body - 1), sizeof body - 1);
	say_commit();
	assert_int_equal(committed, 0);
	assert_int_equal(ncalls, 0);
	assert_null(entry_find(slice_str(opened)));
	close(opened_fd);
}

/* ---- small messages, which come with their commit ---- */

static void
say_small(struct slice text, int64_t size)
{
	struct msg m = { .type = MSG_queue_commit };

	m.queue_commit.id = 2;
	m.queue_commit.qid = slice_str(opened);
	m.queue_commit.size = size;
	m.queue_commit.crc32c = crc32c(0, text);
	m.queue_commit.body = text;
	m.queue_commit.record = record;
	intake_on_commit(&smtpd, &m);
	turn();
}

static void
say_file(const char *id)
{
	struct msg m = { .type = MSG_queue_file };

	m.queue_file.id = 3;
	m.queue_file.qid = slice_str(id);
	intake_on_file(&smtpd, &m);
}

/* Nothing stands in the spool before it is whole. */
static void
test_small(void **state)
{
	const struct entry *e;
	char text[1000];
	ssize_t n;
	int fd;

	(void)state;
	say_open_as(SLICE("rcpt c@d\n"), false);
	assert_string_not_equal(opened, "");
	assert_int_equal(opened_fd, -1);
	say_small(slice_str(body), sizeof body - 1);
	assert_int_equal(committed, 1);
	e = entry_find(slice_str(opened));
	assert_non_null(e);
	assert_true(e->own);
	fd = spool_open(opened, SPOOL_NEW, O_RDONLY, NULL);
	n = read(fd, text, sizeof text);
	close(fd);
	assert_true(n > (ssize_t)sizeof body);
	assert_memory_equal(text, "pabal-queue 1\n", 14);
	assert_memory_equal(
	    text + n - (sizeof body - 1), body, sizeof body - 1);
}

/* Of another length than was said: refused, and nothing is left. */
static void
test_small_lies(void **state)
{
	static const int64_t sizes[] = { 0, 1, sizeof body, -1, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		say_open_as(SLICE("rcpt c@d\n"), false);
		say_small(slice_str(body), sizes[i]);
		assert_int_equal(committed, 0);
		assert_null(entry_find(slice_str(opened)));
	}
	assert_int_equal(ncalls, 0);
}

/* It has become too large: there is one file for it, and only for its own. */
static void
test_file_later(void **state)
{
	char id[ENVELOPE_ID_BYTES];

	(void)state;
	say_open_as(SLICE("rcpt c@d\n"), false);
	strlcpy(id, opened, sizeof id);
	say_file("");
	say_file("NOSUCHMESSAGE");
	assert_int_equal(refused, 2);
	assert_int_equal(opened_fd, -1);
	say_file(id);
	assert_int_not_equal(opened_fd, -1);
	assert_string_equal(opened, id);
	assert_int_equal(fcntl(opened_fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	say_file(id);
	assert_int_equal(refused, 3);
	assert_int_equal(
	    write(opened_fd, body, sizeof body - 1), sizeof body - 1);
	close(opened_fd);
	say_commit();
	assert_int_equal(committed, 1);
	assert_false(entry_find(slice_str(id))->own);
}

/* ---- agents ---- */

/* A message for c@d is in the queue; lookup is asked. */
static void
submit(void)
{
	say_open(SLICE("protocol ESMTP\nsender a@b\nrcpt c@d\n"));
	assert_string_not_equal(opened, "");
	assert_int_equal(
	    write(opened_fd, body, sizeof body - 1), sizeof body - 1);
	close(opened_fd);
	say_commit();
	assert_int_equal(committed, 1);
	assert_int_equal(ncalls, 1);
	assert_int_equal(calls[0].type, MSG_lookup_address);
}

static void
answer(struct msg_lookup_found found)
{
	struct msg m = { .type = MSG_lookup_found, .lookup_found = found };
	struct ipc_call *call = take_call(0);

	call->on_reply(call, &m);
	turn();
}

/* The only job under way goes to ROLE's process of UID. */
static void
expect_job(enum role role, uid_t uid, const char *target)
{
	assert_int_equal(ncalls, 1);
	assert_int_equal(calls[0].type, MSG_job_start);
	assert_int_equal(ipc_role(calls[0].call->peer), role);
	assert_int_equal(ipc_uid(calls[0].call->peer), uid);
	if (!slice_is(calls[0].rcpt.target, target))
		fail_msg("target %.*s", SLICE_FMT(calls[0].rcpt.target));
}

static struct ipc *
say_expanded(const char *targets)
{
	struct ipc *peer = calls[0].call->peer;
	struct msg m = { .type = MSG_job_result };

	m.job_result = (struct msg_job_result){ .job = calls[0].call->id,
		.recipient = calls[0].rcpt.number,
		.status = JOB_EXPANDED,
		.dsn = SLICE("2.1.5"),
		.targets = slice_str(targets) };
	dispatch_on_result(peer, &m);
	turn();
	return peer;
}

/* The agent has no more to say of its job. */
static void
say_done(size_t i)
{
	struct msg m = { .type = MSG_job_done };
	struct ipc_call *call = take_call(i);

	call->on_reply(call, &m);
	turn();
}

static const struct msg_lookup_found relay = { .kind = LOOKUP_RELAY,
	.transport = SLICE("smtp"),
	.nexthop = SLICE("far.test") };

static void
test_smtp_expands(void **state)
{
	(void)state;
	submit();
	answer(relay);
	expect_job(ROLE_SMTP, 0, "");
	assert_int_equal(say_expanded("C/bin/id\n")->dropped, 1);
	assert_int_equal(ncalls, 0);
}

static void
test_smtp_expands_to_address(void **state)
{
	(void)state;
	submit();
	answer(relay);
	assert_int_equal(say_expanded("Asomebody@else.test\n")->dropped, 1);
	assert_int_equal(ncalls, 0);
}

/* Of a virtual user; there is no .forward. */
static void
test_virtual_local_expands(void **state)
{
	(void)state;
	submit();
	answer((struct msg_lookup_found){
	    .kind = LOOKUP_MAILBOX, .address = SLICE("c@d") });
	expect_job(ROLE_LOCAL, 0, "");
	assert_int_equal(say_expanded("C/bin/id\n")->dropped, 1);
	assert_int_equal(ncalls, 0);
}

/* A system user's .forward: his commands, as himself. */
static void
test_forward(void **state)
{
	(void)state;
	submit();
	answer((struct msg_lookup_found){
	    .kind = LOOKUP_MAILBOX, .address = SLICE("c@d"), .uid = OWNER });
	expect_job(ROLE_LOCAL, OWNER, "");
	assert_int_equal(say_expanded("C/bin/id\n")->dropped, 0);
	say_done(0);
	expect_job(ROLE_PIPE, OWNER, "|/bin/id");
	/* A command stands for nobody else. */
	assert_int_equal(say_expanded("Asomebody@else.test\n")->dropped, 1);
}

/* The mailbox itself has no .forward. */
static void
test_final_expands(void **state)
{
	(void)state;
	submit();
	answer((struct msg_lookup_found){
	    .kind = LOOKUP_MAILBOX, .address = SLICE("c@d"), .uid = OWNER });
	assert_int_equal(say_expanded("!c@d\n")->dropped, 0);
	say_done(0);
	assert_int_equal(calls[0].type, MSG_lookup_address);
	answer((struct msg_lookup_found){
	    .kind = LOOKUP_MAILBOX, .address = SLICE("c@d"), .uid = OWNER });
	expect_job(ROLE_LOCAL, OWNER, "\\");
	assert_int_equal(say_expanded("C/bin/id\n")->dropped, 1);
}

/* ---- delivered before it is in the spool (qmgr/run/direct.h) ---- */

static const struct msg_lookup_found mailbox = { .kind = LOOKUP_MAILBOX,
	.address = SLICE("c@d") };

/* In memory or in the index. */
static bool
is_queued(void)
{
	return waiting_recall(slice_str(opened)) != NULL;
}

static bool
in_spool(void)
{
	int fd = spool_open(opened, SPOOL_NEW, O_RDONLY, NULL);
	const bool yes = fd != -1;

	fd_close(&fd);
	return yes;
}

static bool large; /* it comes in a file */

/* A message in its file, or with its commit. */
static void
say_text(void)
{
	if (!large) {
		say_small(slice_str(body), sizeof body - 1);
		return;
	}
	assert_int_equal(
	    write(opened_fd, body, sizeof body - 1), sizeof body - 1);
	close(opened_fd);
	say_commit();
}

/* A message for c@d, with a record. */
static void
commit_it(void)
{
	say_open_as(SLICE("protocol ESMTP\nsender a@b\nrcpt c@d\n"), large);
	record = SLICE("a record");
	say_text();
	record = SLICE("");
}

/* It is not in the spool; lookup is asked. */
static void
submit_direct(void)
{
	commit_it();
	assert_int_equal(committed, 0);
	assert_false(in_spool());
	assert_int_equal(ncalls, 1);
	assert_int_equal(calls[0].type, MSG_lookup_address);
}

static void
say_result(enum job_status status, const char *dsn)
{
	struct msg m = { .type = MSG_job_result };

	m.job_result = (struct msg_job_result){ .job = calls[0].call->id,
		.recipient = calls[0].rcpt.number,
		.status = status,
		.dsn = slice_str(dsn) };
	dispatch_on_result(calls[0].call->peer, &m);
	turn();
}

static void
until_committed(void)
{
	while (committed == 0)
		turn();
}

static void
test_direct(void **state)
{
	(void)state;
	submit_direct();
	answer(mailbox);
	expect_job(ROLE_LOCAL, 0, "");
	assert_int_equal(calls[0].has_file, large);
	assert_int_equal(calls[0].body_bytes, large ? 0 : sizeof body - 1);
	assert_false(in_spool());
	assert_int_equal(committed, 0);
	assert_false(is_queued());
	say_result(JOB_DELIVERED, "2.1.5");
	assert_int_equal(committed, 1);
	assert_false(in_spool());
	say_done(0);
	assert_int_equal(direct_count(), 0);
	/* nothing is left of a file either */
	assert_int_equal(spool_open_reader(opened, NULL), -1);
}

/* The bytes that smtpd may hand over do not fit in local's frame beside the
 * largest record and a long envelope: it gets the file. */
static void
test_direct_no_room(void **state)
{
	enum { RCPTS = 4 };
	static char text[MSG_MAX_BYTES - MIME_WIRE_MAX - 1024];
	static const char structure[MIME_WIRE_MAX];
	struct buf lines = { .max = 4096 };

	(void)state;
	buf_adds(&lines, "protocol ESMTP\nsender a@b\n");
	for (int i = 0; i < RCPTS; i++)
		buf_addf(&lines, "rcpt %d%0200d@somewhere.example\n", i, 0);
	say_open_as(buf_slice(&lines), false);
	memset(text, 'x', sizeof text);
	record = slice_of(structure, sizeof structure);
	say_small(slice_of(text, sizeof text), sizeof text);
	record = SLICE("");
	assert_false(in_spool());
	for (int i = 0; i < RCPTS; i++)
		answer(mailbox);
	expect_job(ROLE_LOCAL, 0, "");
	assert_true(calls[0].body_bytes == sizeof text || calls[0].has_file);
	until_committed();
	assert_true(is_queued());
	buf_fini(&lines);
}

/* What may lead elsewhere is saved before anything is done about it. */
static void
test_direct_elsewhere(void **state)
{
	const struct msg_lookup_found rows[] = {
		relay,
		{ .kind = LOOKUP_ALIAS, .targets = SLICE("Ax@y\n") },
		{ .kind = LOOKUP_MAILBOX,
		    .address = SLICE("c@d"),
		    .uid = OWNER },
		{ .kind = LOOKUP_TEMPFAIL, .enhanced = SLICE("4.3.0") },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		setup(state);
		submit_direct();
		answer(rows[i]);
		until_committed();
		assert_true(is_queued());
	}
}

/* A delivery that fails, one that tells nothing, and an agent that ends. */
static void
test_direct_not_delivered(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct ipc_call *call;

		setup(state);
		submit_direct();
		answer(mailbox);
		if (i == 0)
			say_result(JOB_TEMPFAIL, "4.2.2");
		call = take_call(0);
		call->on_reply(
		    call, i < 2 ? &(struct msg){ .type = MSG_job_done } : NULL);
		until_committed();
		assert_int_equal(committed, 1);
		assert_true(is_queued());
		assert_int_equal(direct_count(), 0);
	}
}

/* The client does not wait for a delivery that takes its time; what becomes of
 * it later counts all the same. */
static void
test_direct_slow(void **state)
{
	(void)state;
	submit_direct();
	answer(mailbox);
	until_committed();
	assert_true(in_spool());
	assert_true(is_queued());
	say_result(JOB_DELIVERED, "2.1.5");
	assert_int_equal(committed, 1);
	assert_false(is_queued());
	say_done(0);
}

/* It could be neither delivered nor saved: refused, and gone. */
static void
test_direct_refused(void **state)
{
	struct rlimit files, none;

	(void)state;
	submit_direct();
	answer(mailbox);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = files;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	say_result(JOB_TEMPFAIL, "4.2.2");
	setrlimit(RLIMIT_NOFILE, &files);
	assert_int_equal(committed, 0);
	assert_int_equal(not_committed, 1);
	assert_false(is_queued());
	assert_int_equal(direct_count(), 0);
	say_done(0);
	/* The client tries again, and would each time. */
	commit_it();
	until_committed();
	assert_true(in_spool());
	setup(state);
	submit_direct();
}

/* Who is known does not get what cannot be kept for another. */
static void
test_direct_refused_in_part(void **state)
{
	struct rlimit files, none;

	(void)state;
	say_open_as(
	    SLICE("protocol ESMTP\nsender a@b\nrcpt c@d\nrcpt e@d\n"), large);
	record = SLICE("a record");
	say_text();
	record = SLICE("");
	assert_int_equal(ncalls, 2);
	answer(mailbox);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = files;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	answer(relay);
	while (ncalls == 0)
		turn();
	setrlimit(RLIMIT_NOFILE, &files);
	assert_int_equal(not_committed, 1);
	for (size_t i = 0; i < ncalls; i++) {
		assert_int_equal(calls[i].body_bytes, 0);
		assert_false(calls[i].has_file);
	}
}

/* What has become known before it is saved stands behind the message. */
static void
test_direct_saved_with_lines(void **state)
{
	char text[1000];
	ssize_t n;
	int fd;

	(void)state;
	submit_direct();
	answer(mailbox);
	say_result(JOB_TEMPFAIL, "4.2.2");
	say_done(0);
	until_committed();
	fd = spool_open(opened, SPOOL_NEW, O_RDONLY, NULL);
	if (fd == -1)
		fd = spool_open(opened, SPOOL_CUR, O_RDONLY, NULL);
	n = read(fd, text, sizeof text - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_memory_equal(text, "pabal-queue 1\n", 14);
	assert_non_null(strstr(text, body));
	assert_non_null(strstr(strstr(text, body), "result 0 tempfail"));
}

/* far.test takes mail at once; a message for c@d, which is there. */
static void
submit_to_quick(void)
{
	quick_took(SLICE("smtp:far.test"), SLICE(""), 1);
	say_open_as(SLICE("protocol ESMTP\nsender a@b\nrcpt c@d\n"), large);
	say_text();
	assert_int_equal(ncalls, 1);
	assert_int_equal(calls[0].type, MSG_lookup_address);
	answer(relay);
	expect_job(ROLE_SMTP, 0, "");
}

static void
test_direct_relayed(void **state)
{
	(void)state;
	submit_to_quick();
	assert_int_equal(calls[0].has_file, large);
	assert_int_equal(calls[0].body_bytes, large ? 0 : sizeof body - 1);
	assert_false(in_spool());
	assert_int_equal(committed, 0);
	say_result(JOB_RELAYED, "2.0.0");
	assert_int_equal(committed, 1);
	say_done(0);
	assert_int_equal(direct_count(), 0);
	assert_int_equal(spool_open_reader(opened, NULL), -1);
}

/* It answers late, for now, or not at all: the message is in the spool. */
static void
test_direct_not_relayed(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct ipc_call *call;

		setup(state);
		submit_to_quick();
		if (i == 0)
			until_committed();
		if (i == 1)
			say_result(JOB_TEMPFAIL, "4.2.2");
		call = take_call(0);
		call->on_reply(
		    call, i < 2 ? &(struct msg){ .type = MSG_job_done } : NULL);
		until_committed();
		assert_int_equal(committed, 1);
		assert_true(is_queued());
		assert_int_equal(direct_count(), 0);
		/* A client waits once for a host that is late. */
		assert_int_equal(
		    quick_is(SLICE("smtp:far.test"), SLICE("")), i != 0);
	}
}

/* All of it for a message that has come in a file. */
static void
test_direct_large(void **state)
{
	static void (*const tests[])(void **) = { test_direct,
		test_direct_elsewhere, test_direct_not_delivered,
		test_direct_slow, test_direct_saved_with_lines,
		test_direct_relayed, test_direct_not_relayed };

	large = true;
	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		setup(state);
		tests[i](state);
	}
	large = false;
}

/* Whatever uid lookup says. */
static void
test_lookup_says_uid(void **state)
{
	(void)state;
	submit();
	answer((struct msg_lookup_found){ .kind = LOOKUP_ALIAS,
	    .uid = OWNER,
	    .targets = SLICE("C/bin/id\n") });
	expect_job(ROLE_PIPE, 0, "|/bin/id");
	say_done(0);
}

/* A record of N bytes with a message for a mailbox here, or far away. */
static size_t
pass_record(size_t n, bool far)
{
	static const char text[MIME_WIRE_MAX + 1];

	record = slice_of(text, n);
	say_open(SLICE("protocol ESMTP\nsender a@b\nrcpt c@d\n"));
	assert_int_equal(
	    write(opened_fd, body, sizeof body - 1), sizeof body - 1);
	close(opened_fd);
	say_commit();
	assert_int_equal(ncalls, 1);
	record = SLICE("");
	answer(far ? relay
		   : (struct msg_lookup_found){
			 .kind = LOOKUP_MAILBOX, .address = SLICE("c@d") });
	expect_job(far ? ROLE_SMTP : ROLE_LOCAL, 0, "");
	n = calls[0].record_bytes;
	if (far)
		until_committed();
	else
		say_result(JOB_DELIVERED, "2.1.5");
	say_done(0);
	return n;
}

static void
test_record(void **state)
{
	(void)state;
	assert_int_equal(pass_record(MIME_WIRE_MAX, false), MIME_WIRE_MAX);
}

/* local and smtp get the message of a small one, and no file; pipe a file. */
static void
test_small_jobs(void **state)
{
	const struct msg_lookup_found to_command = { .kind = LOOKUP_RELAY,
		.transport = SLICE("pipe"),
		.nexthop = SLICE("filter") };
	const struct {
		struct msg_lookup_found found;
		enum role role;
	} rows[] = { { mailbox, ROLE_LOCAL }, { relay, ROLE_SMTP },
		{ to_command, ROLE_PIPE } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const bool file = rows[i].role == ROLE_PIPE;

		setup(state);
		say_open_as(
		    SLICE("protocol ESMTP\nsender a@b\nrcpt c@d\n"), false);
		say_small(slice_str(body), sizeof body - 1);
		assert_int_equal(ncalls, 1);
		answer(rows[i].found);
		expect_job(rows[i].role, 0, "");
		assert_int_equal(
		    calls[0].body_bytes, file ? 0 : sizeof body - 1);
		assert_int_equal(calls[0].has_file, file);
		assert_int_equal(entry_find(slice_str(opened))->own, !file);
	}
}

static void
test_record_too_large(void **state)
{
	(void)state;
	assert_int_equal(pass_record(MIME_WIRE_MAX + 1, false), 0);
}

/* Nobody but local has a use for it. */
static void
test_record_far(void **state)
{
	(void)state;
	assert_int_equal(pass_record(100, true), 0);
}

/* A list's members are its reader's. */
static void
test_list(void **state)
{
	(void)state;
	submit();
	answer((struct msg_lookup_found){
	    .kind = LOOKUP_ALIAS, .uid = OWNER, .targets = SLICE("I/list\n") });
	expect_job(ROLE_PIPE, 0, ":include:/list");
	assert_int_equal(say_expanded("I/other\n")->dropped, 0);
	say_done(0);
	expect_job(ROLE_PIPE, 0, ":include:/other");
	say_done(0);
}

/* ---- the spool file ---- */

/* A file as somebody who could write to it would leave it: the lines HEAD in
 * the envelope, TAIL behind the message, each sealed as it should be. */
static struct message *
forge(const char *head, const char *tail)
{
	struct buf b = { .max = 65536 }, lines = { .max = 65536 };
	char id[ENVELOPE_ID_BYTES];
	struct slice rest = slice_str(tail);
	struct err err = { 0 };
	struct entry *e;
	int fd;

	spool_new_id(id);
	buf_addf(&b,
	    "pabal-queue 1\nid %s\narrived %016lld\nsize %020d\n"
	    "crc32c %08x\nsender a@b\n%s",
	    id, (long long)clock_wall_us(), (int)sizeof body - 1,
	    crc32c(0, slice_str(body)), head);
	buf_addf(&b, "end %08x\n%s", crc32c(0, buf_slice(&b)), body);
	while (rest.n > 0) {
		const size_t from = lines.n;

		buf_add(&lines, slice_cut(rest, '\n', &rest));
		tail_seal(&lines, from);
	}
	buf_add(&b, buf_slice(&lines));
	fd = spool_create(id, &err);
	assert_int_equal(write(fd, b.p, b.n), (ssize_t)b.n);
	close(fd);
	assert_int_equal(spool_publish(id, &err), 0);
	buf_fini(&b);
	buf_fini(&lines);
	e = entry_add(id, SPOOL_NEW, clock_wall_us());
	return message_load(e, &err);
}

static void
test_forged_file(void **state)
{
	/* clang-format off */
	static const struct {
		const char *head, *tail;
		uid_t uid; /* whose pipe is asked */
		bool runs;
	} rows[] = {
		/* today's own */
		{ "rcpt c@d\n",
		  "rcpt c@d parent=0 target=|id uid=1234\nresult 0 expanded "
		  "2.1.5\n", OWNER, true },
		{ "rcpt c@d\n",
		  "rcpt c@d parent=0 target=:include:/x uid=1234\n"
		  "result 0 expanded 2.1.5\n"
		  "rcpt c@d parent=1 target=|id uid=1234\n"
		  "result 1 expanded 2.1.5\n", OWNER, true },
		{ "rcpt c@d target=|id uid=1234\n", "", OWNER, false },
		{ "rcpt c@d target=|id uid=1234 parent=0\n", "", OWNER, false },
		{ "rcpt c@d\nrcpt c@d target=|id uid=1234 parent=0\n",
		  "result 0 expanded 2.1.5\n", OWNER, false },
		{ "rcpt c@d\n",
		  "result 0 delivered 2.0.0\n"
		  "rcpt c@d target=|id uid=1234\n", OWNER, false },
		{ "rcpt c@d\n",
		  "rcpt c@d parent=0 target=:include:/x uid=1\n"
		  "result 0 expanded 2.1.5\n"
		  "rcpt c@d parent=1 target=|id uid=1234\n"
		  "result 1 expanded 2.1.5\n", OWNER, false },
		{ "rcpt c@d\n",
		  "rcpt c@d parent=0 target=|x uid=1234\n"
		  "result 0 expanded 2.1.5\n"
		  "rcpt c@d parent=1 target=|id uid=1234\n"
		  "result 1 expanded 2.1.5\n", OWNER, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message *m = forge(rows[i].head, rows[i].tail);
		bool runs = false;

		assert_non_null(m);
		round_start(m);
		turn();
		while (ncalls > 0) {
			if (calls[0].type == MSG_job_start &&
			    calls[0].rcpt.target.n > 0) {
				runs = true;
				expect_job(ROLE_PIPE, rows[i].uid, "|id");
				say_done(0);
			} else if (calls[0].type == MSG_job_start) {
				say_done(0); /* the report */
			} else {
				answer(relay);
			}
		}
		if (runs != rows[i].runs)
			fail_msg("row %zu", i);
	}
}

/* ---- mailq ---- */

static struct ipc ctl = { .role = ROLE_CTL };
static struct ipc user = { .role = ROLE_USER, .uid = OWNER };

static void
list(struct ipc *peer, const char *filter)
{
	struct msg m = { .type = MSG_queue_list };

	m.queue_list.filter = slice_str(filter);
	admin_on_list(peer, &m);
}

static void
count(struct ipc *peer, const char *filter)
{
	struct msg m = { .type = MSG_queue_count };

	m.queue_count.filter = slice_str(filter);
	admin_on_count(peer, &m);
}

static void
test_mailq(void **state)
{
	char only[40];

	(void)state;
	submit();
	snprintf(only, sizeof only, "id=%s", opened);
	answer((struct msg_lookup_found){
	    .kind = LOOKUP_ALIAS, .targets = SLICE("C/bin/secret\n") });
	list(&ctl, only);
	assert_non_null(strstr(buf_cstr(&listed), "target=|/bin/secret"));
	list(&user, only);
	assert_non_null(strstr(buf_cstr(&listed), "address=c@d"));
	assert_null(strstr(buf_cstr(&listed), "secret"));
	say_done(0);
	list(&ctl, only);
	assert_non_null(strstr(buf_cstr(&listed), "text="));
	list(&user, only);
	assert_null(strstr(buf_cstr(&listed), "text="));
	assert_null(strstr(buf_cstr(&listed), "dsn="));
	/* Nor by asking which ones have a reason that begins with… */
	assert_int_equal(refused, 0);
	count(&ctl, "reason=the*");
	assert_int_equal(refused, 0);
	count(&user, "reason=the*");
	list(&user, "state=waiting reason=the*");
	assert_int_equal(refused, 2);
	count(&user, "site=*");
	assert_int_equal(refused, 3);
}

/* Whatever is asked for, there is an answer. */
static void
test_site(void **state)
{
	static char lengthy[60000];
	/* clang-format off */
	const struct { const char *name, *cursor; bool ok; } rows[] = {
		{ "smtp:x",                     "",  true },
		{ "",                           "",  true },
		{ "local:",                     "",  true },
		{ "local:99999999999999999999", "",  true },
		{ "pipe:-1",                    "",  true },
		{ lengthy,                      "",  true },
		{ "x", "0",                          true },
		{ "x", "99999999999",                true },
		{ "x", "18446744073709551615",       true },
		{ "x", "18446744073709551616",       false },
		{ "x", "-1",                         false },
		{ "x", "one",                        false },
	};
	/* clang-format on */

	(void)state;
	memset(lengthy, 'x', sizeof lengthy - 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct msg m = { .type = MSG_queue_site };

		refused = 0;
		m.queue_site.name = slice_str(rows[i].name);
		m.queue_site.cursor = slice_str(rows[i].cursor);
		admin_on_site(&ctl, &m);
		assert_int_equal(refused, !rows[i].ok);
		assert_int_equal(listed.n, 0);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	static const struct CMUnitTest tests[] = {
		T(test_smtpd_envelope),
		T(test_smtpd_nonsense),
		T(test_smtpd_parts),
		T(test_smtpd_begins_too_much),
		T(test_smtpd_reads),
		T(test_smtpd_keeps_fd),
		T(test_smtp_expands),
		T(test_smtp_expands_to_address),
		T(test_virtual_local_expands),
		T(test_forward),
		T(test_final_expands),
		T(test_lookup_says_uid),
		T(test_record),
		T(test_record_too_large),
		T(test_record_far),
		T(test_direct),
		T(test_direct_no_room),
		T(test_direct_elsewhere),
		T(test_direct_not_delivered),
		T(test_direct_slow),
		T(test_direct_saved_with_lines),
		T(test_direct_relayed),
		T(test_direct_not_relayed),
		T(test_direct_large),
		T(test_direct_refused),
		T(test_direct_refused_in_part),
		T(test_small),
		T(test_small_lies),
		T(test_file_later),
		T(test_small_jobs),
		T(test_list),
		T(test_forged_file),
		T(test_mailq),
		T(test_site),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * The queue on a disk that fails.  A process of qmgr's own code, with a lookup
 * and agents that are made up, takes messages in, expands, delivers, puts off
 * and reports, while one call that changes the spool fails, or all from it on:
 * cut short, no space, an I/O error, or the end of the process, after which
 * another takes over.  Then the disk works again, and what was acknowledged
 * must arrive whole, once if no process ended, what was refused must not, and
 * nothing may have been set aside.
 *
 *   PABAL_SWEEP=1  every call of every kind (make torture); else every third
 */
#include "tests/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/intake.h"
#include "qmgr/run/life.h"
#include "qmgr/run/round.h"
#include "qmgr/run/scan.h"
#include "queue/envelope_text.h"
#include "queue/job.h"
#include "sys/fd.h"
#include "tests/fault.h"
#include "tests/unit/qmgr/fake_ipc.h"
#include "tests/unit/qmgr/frame.h"

enum { TURNS = 8, FAULTY_TURNS = 4, IDLE_TICKS = 2 };

/* Who is written to, and what comes of it. */
static const struct {
	const char *rcpts[3];
	const char
	    *ends[4]; /* who has it in the end; a report is the sender's */
} mails[] = {
	{ { "ok@x" }, { "ok@x" } },
	{ { "ok@x", "later@x" }, { "ok@x", "later@x" } },
	{ { "list@x" }, { "ok@x", "later@x", "never@x" } },
	{ { "no@x", "ok@x" }, { "ok@x", "sender@x" } },
	/* When the host has taken others at once: relayed, if it can be, before
	 * they are in the spool. */
	{ { "ok@x" }, { "ok@x" } },
	{ { "ok@x", "later@x" }, { "ok@x", "later@x" } },
};
enum { MAILS = 6, FIRST_DIRECT = 4, ENDS = 4 };

/* What outlives a process. */
static struct world {
	bool acked[MAILS], refused[MAILS];
	unsigned delivered[MAILS][ENDS];
	unsigned tries;
	unsigned torn;  /* messages that were not whole */
	unsigned calls; /* of the disk, counted */
	char struck[32];
} * world;

static char *top;

/* Where a process ends that is no call of the disk: it says 250 next, gives a
 * job to an agent, or hears what became of one. */
enum point { POINT_NONE, POINT_ANSWER, POINT_JOB, POINT_RESULT };
static struct {
	enum point point;
	unsigned nth;
} end_at;

static void
pass(enum point point)
{
	if (end_at.point == point && --end_at.nth == 0)
		_exit(FAULT_STATUS);
}

/* ---- the other daemons ---- */

static struct ipc peers[ROLE_COUNT];

struct answer {
	struct ev_timer timer;
	struct ipc_call *call;
	struct arena arena;
	struct slice address;
	struct job_rcpt rcpts[8];
	size_t n;
	bool whole;
	unsigned mail;
};

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)index;
	(void)uid;
	peers[role].role = role;
	return &peers[role];
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)peer;
	fail_msg("%s", why);
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 1;
}

static void
end_call(struct answer *a, struct msg *reply)
{
	struct ipc_call *call = a->call;

	call->id = 0;
	call->on_reply(call, reply);
	arena_fini(&a->arena);
	free(a);
}

static void
on_lookup(struct ev_timer *t)
{
	struct answer *a = OUTER(t, struct answer, timer);
	struct msg m = { .type = MSG_lookup_found };
	struct msg_lookup_found *f = &m.lookup_found;

	f->address = a->address;
	f->kind = LOOKUP_RELAY;
	f->transport = SLICE("smtp");
	f->nexthop = SLICE("far.test");
	if (slice_is(a->address, "list@x")) {
		f->kind = LOOKUP_ALIAS;
		f->targets = SLICE("Aok@x\nAlater@x\nAnever@x\n");
	}
	end_call(a, &m);
}

static enum job_status
status_of(const struct answer *a, struct slice address)
{
	/* A report's text names its message. */
	const unsigned mail = a->mail;

	if (slice_is(address, "no@x"))
		return JOB_PERMFAIL;
	if (!a->whole)
		world->torn++;
	if (slice_is(address, "later@x") && world->tries++ % 3 != 2)
		return JOB_TEMPFAIL;
	for (size_t i = 0; mail < MAILS && i < ENDS; i++)
		if (mails[mail].ends[i] != NULL &&
		    slice_is(address, mails[mail].ends[i]))
			world->delivered[mail][i]++;
	return JOB_RELAYED;
}

static void
on_job(struct ev_timer *t)
{
	struct answer *a = OUTER(t, struct answer, timer);
	struct msg done = { .type = MSG_job_done };

	for (size_t i = 0; i < a->n; i++) {
		const enum job_status status =
		    status_of(a, a->rcpts[i].address);
		struct msg m = { .type = MSG_job_result,
			.job_result = { .job = a->call->id,
			    .recipient = a->rcpts[i].number,
			    .status = status,
			    .dsn = status == JOB_RELAYED    ? SLICE("2.0.0")
				   : status == JOB_TEMPFAIL ? SLICE("4.2.0")
							    : SLICE("5.1.1"),
			    .text = SLICE("said the agent") } };

		dispatch_on_result(a->call->peer, &m);
		pass(POINT_RESULT);
	}
	end_call(a, &done);
}

static bool
take_body(struct slice from, char *to, int64_t size)
{
	if ((int64_t)from.n == size)
		memcpy(to, from.p, from.n);
	return (int64_t)from.n == size;
}

/* Which of the mails it is, and whether it is whole. */
static void
look_at(struct answer *a, const struct msg_job_start *job)
{
	const struct slice mark = SLICE("Subject: mail ");
	char *text = xmalloc((size_t)job->size + 1);
	struct slice s = slice_of(text, (size_t)job->size);
	size_t at;

	a->mail = MAILS;
	if (job->body.n > 0)
		a->whole =
		    job->file == -1 && take_body(job->body, text, job->size);
	else
		a->whole = fd_pread_all(job->file, text, (size_t)job->size,
			       job->offset, NULL) == 0;
	a->whole = a->whole && crc32c(0, s) == job->crc32c;
	at = slice_search(s, mark);
	if (a->whole && at + mark.n < s.n)
		a->mail = (unsigned)(s.p[at + mark.n] - '0');
	free(text);
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	static uint64_t last;
	struct answer *a = xcalloc(1, sizeof *a);
	struct slice rest;

	(void)reply;
	(void)timeout_ms;
	call->peer = peer;
	call->id = ++last;
	call->on_reply = on_reply;
	a->call = call;
	arena_init(&a->arena);
	if (m->type == MSG_lookup_address) {
		a->address = arena_slice(&a->arena, m->lookup_address.address);
		ev_timer_init(&a->timer, on_lookup);
	} else {
		rest = arena_slice(&a->arena, m->job_start.recipients);
		while (a->n < ARRAY_LEN(a->rcpts) &&
		       job_rcpt_parse(&rest, &a->arena, &a->rcpts[a->n]))
			a->n++;
		look_at(a, &m->job_start);
		ev_timer_init(&a->timer, on_job);
		pass(POINT_JOB);
	}
	ev_timer_set(&a->timer, 0);
}

/* ---- smtpd ---- */

static struct ipc smtpd = { .role = ROLE_SMTPD };

static void
write_and_commit(unsigned i, int fd, struct slice qid)
{
	struct buf text = { .max = 20000 };
	struct msg m = { .type = MSG_queue_commit,
		.queue_commit = { .id = i, .qid = qid } };
	struct err err = { 0 };

	buf_addf(&text, "Subject: mail %u\r\n\r\n", i);
	while (text.n < 9000)
		buf_adds(&text, "A line of a message.\r\n");
	m.queue_commit.size = (int64_t)text.n;
	m.queue_commit.crc32c = crc32c(0, buf_slice(&text));
	if (fd == -1) {
		m.queue_commit.body = buf_slice(&text);
		intake_on_commit(&smtpd, &m);
	} else if (fd_write_all(fd, buf_slice(&text), &err) == 0) {
		fd_close(&fd);
		intake_on_commit(&smtpd, &m);
	} else {
		m = (struct msg){ .type = MSG_queue_abort,
			.queue_abort = { .code = err.code, .qid = qid } };
		intake_on_abort(&smtpd, &m);
		world->refused[i] = true;
	}
	fd_close(&fd);
	buf_fini(&text);
}

/* What the last queue_open was answered. */
static struct {
	int fd;
	char qid[ENVELOPE_ID_BYTES];
} opened = { .fd = -1 };

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	const struct msg_queue_opened *o = &m->queue_opened;
	const struct msg_queue_committed *c = &m->queue_committed;

	(void)peer;
	if (m->type == MSG_queue_opened && !o->ok)
		world->refused[o->id] = true;
	else if (m->type == MSG_queue_opened) {
		slice_copy(o->qid, opened.qid, sizeof opened.qid);
		if (o->file != -1)
			opened.fd = fcntl(o->file, F_DUPFD_CLOEXEC, 3);
	} else if (m->type == MSG_queue_committed && c->ok) {
		pass(POINT_ANSWER);
		world->acked[c->id] = true;
	} else if (m->type == MSG_queue_committed)
		world->refused[c->id] = true;
	return true;
}

static void
submit(unsigned i)
{
	struct envelope_rcpt rcpts[3] = { 0 };
	struct envelope env = { .sender = SLICE("sender@x"), .rcpts = rcpts };
	struct buf text = { .max = 65536 };
	/* One in two comes with its commit. */
	struct msg m = { .type = MSG_queue_open,
		.queue_open = { .id = i, .file = i % 2 == 0 } };

	while (env.nrcpts < 3 && mails[i].rcpts[env.nrcpts] != NULL) {
		rcpts[env.nrcpts].address =
		    slice_str(mails[i].rcpts[env.nrcpts]);
		env.nrcpts++;
	}
	envelope_format(&env, &text);
	m.queue_open.envelope = buf_slice(&text);
	intake_on_open(&smtpd, &m);
	if (opened.qid[0] != '\0')
		write_and_commit(i, opened.fd, slice_str(opened.qid));
	opened.fd = -1;
	opened.qid[0] = '\0';
	buf_fini(&text);
}

/* ---- a process ---- */

/* What happens to it at the call NTH (0: nothing): to any, to CALL beneath
 * WITHIN, or where it comes to POINT for the NTH time. */
struct trouble {
	enum fault_kind kind;
	unsigned nth;
	bool for_ever;
	const char *call, *within;
	enum point point;
};

static struct ev_timer tick;
static unsigned idle, turn, turns;
static unsigned fault_turns;
static bool more; /* those from FIRST_DIRECT on are to come */

/* Everything that waits is tried now. */
static void
flush(void)
{
	static struct ipc ctl = { .role = ROLE_CTL };
	struct msg m = { .type = MSG_queue_act,
		.queue_act.verb = SLICE("flush") };

	admin_on_act(&ctl, &m);
}

static bool
any_active(void)
{
	const struct entry *e = NULL;

	while ((e = entry_next(e)) != NULL)
		if (e->state == ENTRY_ACTIVE)
			return true;
	return false;
}

static void
on_tick(struct ev_timer *t)
{
	/* Where the disk fails for good, so does reading the spool. */
	const bool reads = turn >= fault_turns && !scan_is_over();
	const bool busy = newfile_count() > 0 || any_active() || reads;

	idle = busy ? 0 : idle + 1;
	ev_timer_set(t, 1);
	if (idle < IDLE_TICKS)
		return;
	idle = 0;
	for (unsigned i = FIRST_DIRECT; more && i < MAILS; i++)
		submit(i);
	if (more) {
		more = false;
		return;
	}
	if (++turn == fault_turns) {
		world->calls = fault_calls();
		snprintf(
		    world->struck, sizeof world->struck, "%s", fault_name());
		fault_off();
	}
	if (turn >= turns && entry_count() == 0) {
		ev_stop();
		return;
	}
	if (turn > 1000 * TURNS)
		_exit(4);
	flush();
}

/* Take MAILS in, or only go on with what is there. */
static void
process(bool take, const struct trouble *t)
{
	struct err err = { 0 };
	const int root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	frame_conf_of(
	    "hostname = mail.x\ndomains = x\n", "retry_schedule = 1h\n");
	ev_init();
	life_prepare();
	if (life_start(root, &err) == -1)
		_exit(6);
	if (t->call != NULL)
		fault_arm_at(t->kind, t->call, t->within, t->nth);
	else if (t->nth > 0 && t->point == POINT_NONE)
		fault_arm(t->kind, t->nth, t->for_ever);
	else
		fault_count();
	end_at.point = t->point;
	end_at.nth = t->nth;
	turn = idle = 0;
	turns = take ? TURNS : FAULTY_TURNS;
	fault_turns = FAULTY_TURNS;
	for (unsigned i = 0; take && i < FIRST_DIRECT; i++)
		submit(i);
	more = take;
	ev_timer_init(&tick, on_tick);
	ev_timer_set(&tick, 0);
	ev_run();
	fault_off();
	spool_stop();
	_exit(0);
}

static int
run_with(bool take, const struct trouble *t)
{
	int status;
	const pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (getenv("PABAL_VERBOSE") == NULL)
			(void)!freopen("/dev/null", "w", stderr);
		process(take, t);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 1000 + WTERMSIG(status);
}

static int
run(bool take, enum fault_kind kind, unsigned nth, bool for_ever)
{
	const struct trouble t = {
		.kind = kind, .nth = nth, .for_ever = for_ever
	};

	return run_with(take, &t);
}

/* ---- what must hold ---- */

static unsigned
files_in(const char *sub, bool deep)
{
	char path[300];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", top, sub);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", sub, e->d_name);
		n += deep ? files_in(path, false) : 1;
	}
	closedir(d);
	return n;
}

/* ONCE: nobody may have got anything twice, and nobody what was refused, but
 * for what was relayed before it was to be in the spool.  LEFTOVER: files that
 * could not be removed may be there, those of refused messages too: the scan of
 * the start delivers what it finds of them, as after a power cut. */
static void
check(bool once, bool leftover, const char *what, unsigned nth)
{
	bool ok = world->torn == 0 && files_in("bad", false) == 0 &&
		  (leftover || (files_in("new", true) == 0 &&
				   files_in("cur", true) == 0));

	for (unsigned i = 0; i < MAILS; i++)
		for (unsigned k = 0; k < ENDS; k++) {
			const unsigned n = world->delivered[i][k];

			if (mails[i].ends[k] == NULL)
				continue;
			if (world->acked[i])
				ok &= once && !leftover ? n == 1 : n >= 1;
			else if (once && !leftover)
				ok &= n <= (i >= FIRST_DIRECT);
		}
	if (ok)
		return;
	for (unsigned i = 0; i < MAILS; i++)
		print_error(
		    "mail %u acked=%d refused=%d delivered %u %u %u %u\n", i,
		    world->acked[i], world->refused[i], world->delivered[i][0],
		    world->delivered[i][1], world->delivered[i][2],
		    world->delivered[i][3]);
	print_error("bad %u new %u cur %u torn %u\n", files_in("bad", false),
	    files_in("new", true), files_in("cur", true), world->torn);
	fail_msg("%s at call %u (%s)", what, nth, world->struck);
}

/* A file that could not be removed is delivered again by the next process;
 * start with an empty spool. */
static void
fresh(void)
{
	char cmd[300];

	memset(world, 0, sizeof *world);
	snprintf(cmd, sizeof cmd,
	    "rm -rf %s/tmp %s/free; find %s -type f -delete", top, top, top);
	assert_int_equal(system(cmd), 0);
}

static unsigned
step(void)
{
	return getenv("PABAL_SWEEP") != NULL ? 1 : 3;
}

static unsigned
count_calls(void)
{
	fresh();
	assert_int_equal(run(true, FAULT_IO, 0, false), 0);
	for (unsigned i = 0; i < MAILS; i++)
		assert_true(world->acked[i]);
	check(true, false, "no fault", 0);
	assert_true(world->calls > 30);
	return world->calls;
}

static void
sweep(enum fault_kind kind, bool for_ever, const char *what)
{
	const unsigned calls = count_calls();

	/* Batches vary, so that there may be some more. */
	for (unsigned nth = 1; nth <= calls + 3; nth += step()) {
		int rc;

		fresh();
		rc = run(true, kind, nth, for_ever);
		if (kind == FAULT_EXIT && rc == FAULT_STATUS) {
			assert_int_equal(run(false, kind, 0, false), 0);
			check(false, false, what, nth);
			continue;
		}
		if (rc != 0)
			print_error(
			    "%s at call %u (%s)\n", what, nth, world->struck);
		assert_int_equal(rc, 0);
		check(true, for_ever || strcmp(world->struck, "unlinkat") == 0,
		    what, nth);
	}
}

static void
test_short_once(void **state)
{
	(void)state;
	sweep(FAULT_SHORT, false, "a short write");
}

static void
test_short_for_ever(void **state)
{
	(void)state;
	sweep(FAULT_SHORT, true, "short writes");
}

static void
test_full_once(void **state)
{
	(void)state;
	sweep(FAULT_NOSPC, false, "no space once");
}

static void
test_full_for_ever(void **state)
{
	(void)state;
	sweep(FAULT_NOSPC, true, "no space");
}

static void
test_io_once(void **state)
{
	(void)state;
	sweep(FAULT_IO, false, "an I/O error");
}

static void
test_io_for_ever(void **state)
{
	(void)state;
	sweep(FAULT_IO, true, "I/O errors");
}

static void
test_end_of_process(void **state)
{
	(void)state;
	sweep(FAULT_EXIT, false, "the end of the process");
}

/*
 * The states of doc/queue-format.md: the process ends in each, whenever it
 * comes there, and another takes over.  What a power cut leaves in them is
 * tried by flow/powercut, and what of it is torn by flow/bad and qmgr/bad.
 */
static const struct state {
	const char *name;
	const char *call, *in; /* before this call, in this directory; or */
	enum point point;
} states[] = {
	/* clang-format off */
	{ "before 3: no file yet",               "openat",    "tmp", 0 },
	{ "before 3: a file without its head",   "pwrite",    "tmp", 0 },
	{ "before 3: a whole file in tmp",       "renameat2", "tmp", 0 },
	{ "between 3 and 4",                     "sync",      "",    0 },
	{ "between 4 and 5",                     NULL, NULL, POINT_ANSWER },
	{ "being delivered",                     NULL, NULL, POINT_JOB },
	{ "result of an agent, not appended",    NULL, NULL, POINT_RESULT },
	{ "lines of the end of a turn, in new",  "write",     "new", 0 },
	{ "lines of the end of a turn, in cur",  "write",     "cur", 0 },
	{ "put off, or left: still in new",      "renameat2", "new", 0 },
	{ "left: still in cur",                  "renameat2", "cur", 0 },
	/* clang-format on */
};

static unsigned
end_in(const struct state *s, unsigned nth)
{
	char within[100];
	const struct trouble t = { .kind = FAULT_EXIT,
		.nth = nth,
		.call = s->call,
		.within = within,
		.point = s->point };
	int rc;

	snprintf(within, sizeof within, "%s%s%s", top,
	    s->in != NULL && s->in[0] != '\0' ? "/" : "",
	    s->in != NULL ? s->in : "");
	fresh();
	rc = run_with(true, &t);
	if (rc == 0)
		return 0;
	assert_int_equal(rc, FAULT_STATUS);
	assert_int_equal(run(false, FAULT_EXIT, 0, false), 0);
	check(false, false, s->name, nth);
	return 1;
}

static void
test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		unsigned n = 0;

		while (end_in(&states[i], n + 1))
			n++;
		print_message("%3u times: %s\n", n, states[i].name);
		assert_true(n > 0);
	}
}

/* What a crash in an append leaves. */
static void
tear_all(void)
{
	char cmd[300];

	snprintf(cmd, sizeof cmd,
	    "find %s/new %s/cur -type f | "
	    "while read -r f; do printf 'result 0 deli' >>\"$f\"; done",
	    top, top);
	assert_int_equal(system(cmd), 0);
}

/* A process ends somewhere, the next finds torn files on a disk that fails. */
static void
test_restart_on_failing_disk(void **state)
{
	const char *env = getenv("PABAL_SEED");
	unsigned seed =
	    env != NULL ? (unsigned)strtoul(env, NULL, 10) : arc4random();
	const unsigned rounds = step() == 1 ? 500 : 40;
	const unsigned calls = count_calls();

	(void)state;
	print_message("PABAL_SEED=%u\n", seed);
	for (unsigned i = 0; i < rounds; i++) {
		const unsigned end = 1 + (unsigned)rand_r(&seed) % calls;
		const unsigned nth = 1 + (unsigned)rand_r(&seed) % 30;
		const enum fault_kind kind =
		    (enum fault_kind)(rand_r(&seed) % 4);
		const bool for_ever =
		    kind != FAULT_EXIT && rand_r(&seed) % 2 == 0;
		int rc;

		fresh();
		if (run(true, FAULT_EXIT, end, false) != FAULT_STATUS)
			continue; /* it made fewer calls this time */
		tear_all();
		rc = run(false, kind, nth, for_ever);
		assert_true(rc == 0 || rc == FAULT_STATUS);
		assert_int_equal(run(false, FAULT_IO, 0, false), 0);
		check(false, false, "a restart", nth);
	}
}

static int
setup(void **state)
{
	(void)state;
	top = frame_dir();
	world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return world == MAP_FAILED ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	return frame_remove(top);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_once),
		cmocka_unit_test(test_short_for_ever),
		cmocka_unit_test(test_full_once),
		cmocka_unit_test(test_full_for_ever),
		cmocka_unit_test(test_io_once),
		cmocka_unit_test(test_io_for_ever),
		cmocka_unit_test(test_end_of_process),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_restart_on_failing_disk),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

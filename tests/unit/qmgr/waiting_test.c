/* SPDX-License-Identifier: ISC */
/*
 * The law of the index: whatever is done to messages that wait, and whenever
 * qmgr ends, after the next start the index says of each what its file says, or
 * that it is due, upon which the file is read.
 *
 * Processes of qmgr's own code follow each other on one spool.  Each compares
 * the index with all files when its scan is over, then accepts, defers, holds,
 * releases, retries, deletes, and damages at random, and is ended: by the death
 * of the process before any call that changes the spool, at the end of a turn,
 * or in order.  Between two of them somebody may change files by hand, remove
 * the index, or restart the system.
 *
 *   PABAL_SEED    the first seed (default: the time); round i uses seed + i
 *   PABAL_ROUNDS  how many (default 15)
 *   PABAL_VERBOSE log of qmgr on standard error
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
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry_away.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/qwalk.h"
#include "qmgr/queue/tail.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"
#include "qmgr/run/life.h"
#include "qmgr/run/round.h"
#include "qmgr/run/scan.h"
#include "queue/envelope_text.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "tests/fault.h"
#include "tests/unit/qmgr/count_law.h"
#include "tests/unit/qmgr/frame.h"

enum { PROCESSES = 8, TURNS = 12, HOUR_MS = 3600000 };

static char *top;
static int root;
static struct world {
	unsigned made;
	char wrong[300];
} * world;

static void __attribute__((format(printf, 1, 2), noreturn))
wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(world->wrong, sizeof world->wrong, fmt, ap);
	va_end(ap);
	_exit(3);
}

/* ---- the administrator ---- */

struct ipc {
	enum role role;
};

static struct ipc ctl = { ROLE_CTL };

const struct ipc_pass *
ipc_pass(const struct ipc *peer)
{
	(void)peer;
	return NULL;
}

void
ipc_cancel(struct ipc_call *call)
{
	call->id = 0;
}

enum role
ipc_role(const struct ipc *peer)
{
	return peer->role;
}

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	(void)peer;
	if (m->type == MSG_queue_acted && !m->queue_acted.ok)
		wrong("an order was not understood");
	return true;
}

/* Nobody is asked and nothing is delivered. */

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)role;
	(void)index;
	(void)uid;
	return NULL;
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 1;
}

uid_t
ipc_uid(const struct ipc *peer)
{
	(void)peer;
	return 0;
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)peer;
	wrong("%s", why);
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	(void)peer;
	(void)m;
	(void)call;
	(void)reply;
	(void)on_reply;
	(void)timeout_ms;
	wrong("a call");
}

static void
order(const char *verb, const char *id)
{
	struct buf filter = { .max = 200 };
	struct msg m = { .type = MSG_queue_act };

	buf_addf(&filter, "id=%s", id);
	m.queue_act.verb = slice_str(verb);
	m.queue_act.filter = buf_slice(&filter);
	admin_on_act(&ctl, &m);
	buf_fini(&filter);
}

/* ---- messages ---- */

static struct entry *active[100];
static size_t nactive;

static struct message *
make(unsigned nrcpts)
{
	struct envelope_rcpt rcpts[40] = { 0 };
	struct envelope env = { .arrived_us = clock_wall_us(),
		.size = 5,
		.sender = percent(20) ? SLICE("") : SLICE("alice@a.test"),
		.login = percent(50) ? SLICE("") : SLICE("alice"),
		.rcpts = rcpts,
		.nrcpts = nrcpts };
	struct buf text = { .max = 65536 };
	char id[ENVELOPE_ID_BYTES];
	struct err err = { 0 };
	struct entry *e;
	int fd;

	for (unsigned i = 0; i < nrcpts; i++)
		rcpts[i].address =
		    i % 3 == 0 ? SLICE("bob@b.test") : SLICE("bob@c.test");
	spool_new_id(id);
	env.id = slice_str(id);
	envelope_format(&env, &text);
	buf_adds(&text, "hello");
	fd = spool_create(id, &err);
	if (fd == -1 || fd_write_all(fd, buf_slice(&text), &err) == -1)
		wrong("%s", err.text);
	fd_close(&fd);
	if (spool_publish(id, &err) == -1)
		wrong("%s", err.text);
	buf_fini(&text);
	world->made++;
	e = entry_add(id, SPOOL_NEW, 0);
	return message_load(e, &err);
}

static void
tempfail(struct message *m)
{
	struct entry *e = m->entry;
	const int64_t next_ms = clock_wall_us() / 1000 +
				(percent(70) ? HOUR_MS : 2000) + pick(HOUR_MS);
	struct err err = { 0 };

	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];

		if (rcpt_is_final(r))
			continue;
		rcpt_enter(r, RCPT_RESOLVING);
		rcpt_say(r, JOB_TEMPFAIL, SLICE("4.4.1"), SLICE("mx.b.test"),
		    SLICE("connection refused"));
		rcpt_enter(r, RCPT_DEFERRED);
		note_result(&m->notes, r);
	}
	note_word(&m->notes, "next", next_ms);
	e->attempts++;
	if (e->hold_wanted)
		note_held(&m->notes, 1, SLICE(""));
	(void)tail_record(e, &m->notes, &err);
	if (e->hold_wanted)
		entry_hold(e);
	else
		entry_wait(e, next_ms);
	waiting_put(m, true);
	message_free(&m);
}

static void
end_attempt(size_t i)
{
	struct entry *e = active[i];
	struct message *m = e->message;

	active[i] = active[--nactive];
	if (e->delete_wanted || percent(30)) {
		spool_remove(e->id, (enum spool_place)e->place, false);
		waiting_drop(&e);
		message_free(&m);
	} else
		tempfail(m);
}

static void
activate(struct message *m)
{
	entry_activate(m->entry, m);
	active[nactive++] = m->entry;
}

static void
accept_one(void)
{
	struct message *m = make(1 + pick(percent(20) ? 40 : 3));

	if (percent(20)) { /* no room in memory */
		entry_wait(m->entry, 0);
		waiting_put(m, false);
		message_free(&m);
	} else if (nactive < 90)
		activate(m);
	else
		tempfail(m);
}

/* The id of any message that is in the index. */
static bool
pick_id(char id[ENVELOPE_ID_BYTES])
{
	const uint32_t n = pick(30);
	struct qwalk w;
	struct qrecord r;
	bool any = false;

	qwalk_begin(&w, SLICE(""));
	for (uint32_t i = 0; i <= n && qwalk_next(&w, &r); i++) {
		strlcpy(id, r.id, ENVELOPE_ID_BYTES);
		any = true;
	}
	qwalk_end(&w);
	return any;
}

static void
take_up(void)
{
	struct entry *e = waiting_first_due();
	char id[ENVELOPE_ID_BYTES];
	struct message *m;

	if (percent(50) && pick_id(id))
		e = waiting_recall(slice_str(id));
	if (e == NULL || e->state != ENTRY_WAITING || nactive > 90)
		return;
	m = message_load(e, NULL);
	if (m == NULL)
		wrong("%s cannot be read", e->id);
	activate(m);
}

static void
act(void)
{
	static const char *const verbs[] = { "hold", "hold", "release",
		"release", "retry", "delete" };
	char id[ENVELOPE_ID_BYTES];
	const uint32_t what = pick(10);

	if (what < 4)
		accept_one();
	else if (what < 6)
		take_up();
	else if (what < 8 && nactive > 0)
		end_attempt(pick((uint32_t)nactive));
	else if (pick_id(id))
		order(verbs[pick(ARRAY_LEN(verbs))], id);
}

/* ---- what must hold ---- */

static void
same(const char *id, const char *what, int64_t in_file, int64_t in_index)
{
	if (in_file != in_index)
		wrong("%s: %s is %lld in its file and %lld in the index", id,
		    what, (long long)in_file, (long long)in_index);
}

/* The file of what stands in the index as R. */
static void
compare(const struct qrecord *r)
{
	struct entry e = { .place = r->place };
	const int64_t now_ms = clock_wall_us() / 1000;
	const int64_t next_ms = waiting_wall_ms(r->next_ms);
	struct message *m;
	struct qrecord f = { 0 };
	struct arena a;

	strlcpy(e.id, r->id, sizeof e.id);
	arena_init(&a);
	m = message_load(&e, NULL);
	if (m == NULL)
		wrong("%s is in the index, and its file cannot be read", r->id);
	qrecord_of(&f, m, &a);
	same(r->id, "place", e.place, r->place);
	same(r->id, "held", m->held, r->state == ENTRY_HELD);
	same(r->id, "attempts", e.attempts, r->attempts);
	same(r->id, "size", f.size, r->size);
	same(r->id, "sender", 0, slice_cmp(f.sender, r->sender));
	same(r->id, "login", 0, slice_cmp(f.login, r->login));
	same(r->id, "recipients", (int64_t)f.nrcpts, (int64_t)r->nrcpts);
	for (size_t i = 0; i < f.nrcpts; i++)
		same(r->id, "reason", 0,
		    slice_cmp(f.rcpts[i].text, r->rcpts[i].text));
	/* what is due is read before anything else */
	if (r->state == ENTRY_WAITING && next_ms > now_ms + 1 &&
	    llabs(next_ms - m->next_ms) > 50)
		same(r->id, "next", m->next_ms, next_ms);
	message_free(&m);
	arena_fini(&a);
}

static unsigned
count_files(void)
{
	char *cmd = xasprintf("find %s/new %s/cur -type f | wc -l", top, top);
	FILE *f = popen(cmd, "r");
	unsigned n = 0;

	if (f == NULL || fscanf(f, "%u", &n) != 1)
		wrong("no files can be counted");
	pclose(f);
	free(cmd);
	return n;
}

static void
check(void)
{
	struct qwalk w;
	struct qrecord r;
	unsigned n = 0;

	qwalk_begin(&w, SLICE(""));
	while (qwalk_next(&w, &r)) {
		if (!qwalk_know(&w, &r, true))
			wrong("%s cannot be read", r.id);
		compare(&r);
		n++;
	}
	qwalk_end(&w);
	if (waiting_usable() && count_law() != NULL)
		wrong("%s", count_law());
	same("all", "number", count_files(), n);
	same("all", "count", n, (int64_t)entry_count());
}

/* ---- a process ---- */

enum ending { KILLED_EARLY, KILLED_ANYWHERE, KILLED, CLOSED, ENDINGS };
static enum ending ending;
static unsigned turn;
static struct ev_timer tick;

static void
on_tick(struct ev_timer *t)
{
	ev_timer_set(t, 0);
	if (!scan_is_over())
		return;
	if (turn++ == 0) {
		waiting_flush();
		check();
		if (ending == KILLED_ANYWHERE)
			fault_arm(FAULT_EXIT, 1 + pick(150), false);
		return;
	}
	if (turn > TURNS) {
		ev_stop();
		return;
	}
	for (uint32_t n = pick(8); n > 0; n--)
		act();
}

static void
load_conf(void)
{
	char text[60];

	snprintf(text, sizeof text, "active_limit = %u\n", 10 + pick(2) * 100);
	frame_conf(text);
}

static void __attribute__((noreturn)) process(uint64_t seed)
{
	struct err err = { 0 };

	chance_state = seed;
	(void)pick(2);
	ending = (enum ending)pick(ENDINGS);
	load_conf();
	ev_init();
	life_prepare();
	if (life_start(root, &err) == -1)
		wrong("%s", err.text);
	round_stop();
	if (ending == KILLED_EARLY) /* while the names are compared */
		fault_arm(FAULT_EXIT, 1 + pick(30), false);
	ev_timer_init(&tick, on_tick);
	ev_timer_set(&tick, 0);
	ev_run();
	if (ending == KILLED) /* at the end of a turn */
		_exit(0);
	if (ending == CLOSED)
		waiting_close();
	fault_off();
	spool_stop();
	_exit(0);
}

/* What others do while no qmgr runs. */
static void
in_between(void)
{
	static const char *const doings[] = {
		/* somebody edits, and brings back, and throws away */
		"find cur -type f | head -3 | while read f; do "
		"cp $f $f+; mv $f+ $f; done",
		"find cur -type f | tail -1 | xargs -r rm",
		"rm -rf index",
		"rm -f index/data.mdb",
		"test ! -f index/stamp || "
		"sed -i 's/open .*/open another/' index/stamp",
		"for f in $(find cur -type f | head -2); do "
		"mv $f $(echo $f | sed s,cur/,new/,); done",
	};
	char *cmd;

	if (percent(50))
		return;
	cmd = xasprintf("cd %s && %s", top, doings[pick(ARRAY_LEN(doings))]);
	assert_int_equal(system(cmd), 0);
	free(cmd);
}

static void
one_round(uint64_t seed)
{
	char *cmd = xasprintf("rm -rf %s/*", top);

	assert_int_equal(system(cmd), 0);
	free(cmd);
	memset(world, 0, sizeof *world);
	for (unsigned i = 0; i <= PROCESSES; i++) {
		const pid_t pid = fork();
		int status;

		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			if (getenv("PABAL_VERBOSE") == NULL)
				(void)!freopen("/dev/null", "w", stderr);
			process(seed * 100 + i);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) ||
		    (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 77))
			fail_msg("seed %llu process %u: %s (%x)",
			    (unsigned long long)seed, i, world->wrong, status);
		chance_state = seed * 1000 + i;
		in_between();
	}
	assert_true(world->made > 0);
}

/* ---- steps of other tests ---- */

enum { MAKE, END_EARLY, COMPARE, LOSE, LOSE_FOR_EVER };

static void
on_scanned(struct ev_timer *t)
{
	ev_timer_set(t, 0);
	if (scan_is_over())
		ev_stop();
}

static void
until_scanned(void)
{
	ev_timer_init(&tick, on_scanned);
	ev_timer_set(&tick, 0);
	ev_run();
	waiting_flush();
}

/* A transaction fails: what was away is read from the files again, into a new
 * index or, where there can be none, into memory. */
static void
lose(bool for_ever)
{
	const uint64_t away = entry_away();

	if (away == 0)
		wrong("nothing is away");
	tempfail(make(1));
	fault_arm(FAULT_NOSPC, 1, for_ever);
	waiting_flush();
	if (!fault_struck() || waiting_usable())
		wrong("nothing failed");
	/* in this turn on_lose runs */
	ev_timer_init(&tick, on_scanned);
	ev_timer_set(&tick, 0);
	ev_run();
	until_scanned();
	fault_off();
	if (for_ever ? entry_away() != 0 || waiting_usable()
		     : entry_away() < away || !waiting_usable())
		wrong("%llu are away, usable %d",
		    (unsigned long long)entry_away(), waiting_usable());
	check();
	/* and it goes on */
	tempfail(make(1));
	waiting_flush();
	check();
}

static void __attribute__((noreturn)) step(int what)
{
	struct err err = { 0 };

	load_conf();
	ev_init();
	life_prepare();
	if (life_start(root, &err) == -1)
		wrong("%s", err.text);
	round_stop();
	if (what == END_EARLY) {
		/* The index is written to before anything was compared. */
		tempfail(make(1));
		waiting_flush();
		_exit(0);
	}
	until_scanned();
	if (what == COMPARE)
		check();
	if (what == LOSE || what == LOSE_FOR_EVER)
		lose(what == LOSE_FOR_EVER);
	for (int i = 0; what == MAKE && i < 3; i++)
		tempfail(make(1));
	waiting_close();
	spool_stop();
	_exit(0);
}

static void
in_step(int what)
{
	const pid_t pid = fork();
	int status;

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		step(what);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s (%x)", world->wrong, status);
}

/* Somebody holds them by hand. */
static void
hold_all(void)
{
	struct buf line = { .max = 100 };
	char *cmd;

	note_held(&line, 1, SLICE(""));
	cmd = xasprintf("find %s/cur -type f | while read f; do "
			"printf '%%s' '%s' >>$f; done",
	    top, buf_cstr(&line));
	assert_int_equal(system(cmd), 0);
	free(cmd);
	buf_fini(&line);
}

static void
make_some(void)
{
	char *cmd = xasprintf("rm -rf %s/*", top);

	assert_int_equal(system(cmd), 0);
	free(cmd);
	chance_state = 1;
	in_step(MAKE);
}

static void
test_lost(void **state)
{
	(void)state;
	make_some();
	in_step(LOSE);
	in_step(COMPARE);
	in_step(LOSE_FOR_EVER);
	in_step(COMPARE);
}

static void
test_end_early(void **state)
{
	(void)state;
	make_some();
	hold_all();
	in_step(END_EARLY);
	in_step(COMPARE);
}

static void
test_law(void **state)
{
	const uint64_t seed = number("PABAL_SEED", (uint64_t)time(NULL) * 1000);
	const uint64_t rounds = number("PABAL_ROUNDS", 15);

	(void)state;
	print_message("PABAL_SEED=%llu PABAL_ROUNDS=%llu\n",
	    (unsigned long long)seed, (unsigned long long)rounds);
	for (uint64_t i = 0; i < rounds; i++)
		one_round(seed + i);
}

static int
setup(void **state)
{
	(void)state;
	top = frame_dir();
	root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return root == -1 || world == MAP_FAILED ? -1 : 0;
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
		cmocka_unit_test(test_law),
		cmocka_unit_test(test_end_early),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: ISC */
/*
 * The law of the queue, tried at random: every recipient that was accepted
 * ends in exactly one of delivered, relayed, reported, discarded on order, or
 * waits.  qmgr's own code runs here in a process of its own for each round,
 * with a lookup and agents that are made up, under a clock that jumps to the
 * next thing that happens.  Random aliases (loops, diamonds, lists in lists,
 * forwards), results in any order, agents and lookups that die, expiry, an
 * administrator, a disk that is full or failing for a while, and the death of
 * qmgr before any call that changes the spool, after which another process
 * takes over.  What the agents delivered and what
 * the reports said is kept in memory that outlives the process and is compared
 * with the aliases at the end.
 *
 *   PABAL_SEED    the first seed (default: the time); round i uses seed + i
 *   PABAL_ROUNDS  how many (default 100)
 *   PABAL_VERBOSE log of qmgr on standard error
 */
#include "tests/unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/intake.h"
#include "qmgr/run/life.h"
#include "queue/envelope_text.h"
#include "queue/job.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "table/alias.h"
#include "tests/fault.h"
#include "tests/unit/qmgr/fake_ipc.h"
#include "tests/unit/qmgr/frame.h"

enum {
	NODES = 26,
	TARGETS = 4,
	MSGS = 6,
	CRASHES = 3,
};
static const int64_t max_ms = 60 * 86400000LL;

/* qmgr's own chance is ours. */
uint32_t
arc4random(void)
{
	return pick(1U << 31);
}

uint32_t
arc4random_uniform(uint32_t n)
{
	return n > 1 ? pick(n) : 0;
}

/* ---- what outlives a process ---- */

struct told {
	bool opened, accepted, deleted;
	bool twice_ok; /* an agent died after a delivery */
	char qid[ENVELOPE_ID_BYTES];
	unsigned delivered[NODES];
	unsigned reported[NODES];
	bool expanded[NODES];
	bool trouble[NODES]; /* something said that it failed */
};

static struct world {
	int64_t now_ms;
	int64_t calls; /* of the clock, in microseconds */
	unsigned submitted;
	unsigned mega_delivered, mega_reported, mega_twice;
	struct told msgs[MSGS];
	char wrong[300];
} * world;

static void
wrong(const char *what)
{
	snprintf(world->wrong, sizeof world->wrong, "%s", what);
	_exit(3);
}

int64_t
clock_ms(void)
{
	return world->now_ms;
}

int64_t
clock_us(void)
{
	return world->now_ms * 1000;
}

int64_t
clock_cpu_us(void)
{
	return 0;
}

int64_t
clock_wall_us(void)
{
	return 1700000000000000 + world->now_ms * 1000 + world->calls++;
}

int64_t
clock_wall_s(void)
{
	return clock_wall_us() / 1000000;
}

/* ---- the aliases ---- */

enum kind { MAILBOX, RELAY, REFUSED, ALIAS, INCLUDE, FORWARD, KINDS };

struct node {
	enum kind kind;
	bool keep; /* FORWARD: and to the mailbox */
	unsigned n, to[TARGETS];
};

static struct {
	struct node nodes[NODES];
	unsigned n;
	bool chain;
	struct {
		bool null_sender;
		bool small; /* comes without a file, with a record */
		const char *notify;
		unsigned n, roots[TARGETS];
	} msgs[MSGS];
	unsigned nmsgs;
	unsigned bounce; /* percent of the reports that get nowhere */
	unsigned temp, perm, die, silent, lookup_die; /* percent */
	unsigned admin;
	unsigned full; /* times that the disk is full or failing */
	enum fault_kind fault;
} plan;

static bool
expands(unsigned i)
{
	return plan.nodes[i].kind >= ALIAS;
}

static bool
is_end(unsigned i)
{
	return !expands(i) ||
	       (plan.nodes[i].kind == FORWARD && plan.nodes[i].keep);
}

static void
plan_nodes(void)
{
	plan.chain = percent(4);
	plan.n = plan.chain ? NODES : 2 + pick(9);
	for (unsigned i = 0; i < plan.n; i++) {
		struct node *v = &plan.nodes[i];
		const unsigned p = pick(100);

		v->kind = p < 30   ? MAILBOX
			  : p < 38 ? RELAY
			  : p < 44 ? REFUSED
			  : p < 75 ? ALIAS
			  : p < 90 ? INCLUDE
				   : FORWARD;
		v->keep = percent(40);
		v->n = 1 + pick(TARGETS);
		for (unsigned k = 0; k < v->n; k++) {
			v->to[k] = pick(plan.n);
			/* who forwards to himself keeps it */
			v->keep |= v->to[k] == i;
		}
		if (plan.chain) {
			*v = (struct node){ .kind = ALIAS, .n = 1 };
			v->to[0] = i + 1 < NODES ? i + 1 : i;
			if (i == NODES - 1 && percent(50))
				v->kind = MAILBOX;
		}
	}
}

/* Different ones. */
static void
plan_roots(unsigned m)
{
	const unsigned want = 1 + pick(TARGETS);
	unsigned first = pick(plan.chain ? 5 : plan.n);

	for (unsigned k = 0; k < want && k < plan.n; k++)
		plan.msgs[m].roots[plan.msgs[m].n++] = first++ % plan.n;
}

static void
plan_make(uint64_t seed)
{
	static const char *const notify[] = { "", "", "FAILURE",
		"SUCCESS,FAILURE", "NEVER" };

	memset(&plan, 0, sizeof plan);
	chance_state = seed;
	for (int i = 0; i < 8; i++)
		pick(2);
	plan_nodes();
	plan.nmsgs = 1 + pick(MSGS);
	for (unsigned i = 0; i < plan.nmsgs; i++) {
		plan.msgs[i].null_sender = percent(10);
		plan.msgs[i].small = percent(60);
		plan.msgs[i].notify = notify[pick(ARRAY_LEN(notify))];
		plan_roots(i);
	}
	plan.temp = percent(50) ? pick(60) : 0;
	plan.perm = percent(50) ? pick(40) : 0;
	plan.die = percent(30) ? pick(30) : 0;
	plan.silent = percent(20) ? pick(20) : 0;
	plan.lookup_die = percent(30) ? pick(30) : 0;
	plan.bounce = percent(40) ? 10 + pick(90) : 0;
	plan.admin = percent(20) ? 1 + pick(4) : 0;
	plan.full = percent(25) ? 1 + pick(4) : 0;
	plan.fault = (enum fault_kind)pick(FAULT_EXIT);
}

/* "N3@a.test", as somebody writes it. */
static void
put_name(struct buf *out, unsigned i)
{
	buf_addf(out, "%c%u@a.test", percent(50) ? 'n' : 'N', i);
}

static unsigned
node_of(struct slice address)
{
	struct cur c = cur_of(address);
	unsigned i;

	if (!slice_istarts(address, SLICE("n")))
		return NODES;
	(void)cur_byte(&c);
	i = (unsigned)cur_u64(&c, NODES - 1);
	cur_lit(&c, "@a.test");
	return cur_end(&c) ? i : NODES;
}

static void
put_targets(struct buf *out, unsigned i)
{
	const struct node *v = &plan.nodes[i];

	for (unsigned k = 0; k < v->n; k++) {
		struct buf name = { .max = 100 };
		struct alias_target t = { .kind = ALIAS_ADDRESS };

		/* a forward to itself is its mailbox */
		if (v->kind == FORWARD && v->to[k] == i)
			continue;
		put_name(&name, v->to[k]);
		t.text = buf_slice(&name);
		alias_put(&t, out);
		buf_fini(&name);
	}
	if (v->kind == FORWARD && v->keep) {
		struct buf name = { .max = 100 };
		struct alias_target t = { ALIAS_ADDRESS, true, { 0 } };

		put_name(&name, i);
		t.text = buf_slice(&name);
		alias_put(&t, out);
		buf_fini(&name);
	}
}

/* ---- one big list, for the limit ---- */

enum { MEGA_LISTS = 6, MEGA_EACH = 9990, MEGA_PART = 1500 };
static bool mega;
static unsigned char mega_got[MEGA_LISTS * MEGA_EACH];

static void
put_mega(struct buf *out, unsigned list, unsigned from)
{
	unsigned i;

	for (i = from; i < MEGA_EACH && i < from + MEGA_PART; i++)
		buf_addf(out, "Am%u@m.test\n", list * MEGA_EACH + i);
	if (i < MEGA_EACH)
		buf_addf(out, "I+%u/%u:/%u\n", i, MEGA_EACH, list);
}

/* ---- the other daemons ---- */

static struct ipc peers[ROLE_COUNT][2]; /* [1]: of a system user */
static unsigned calls_open;

struct fake {
	struct ev_timer timer;
	struct ipc_call *call;
	struct arena arena;
	/* lookup_address */
	struct slice address;
	unsigned flags;
	/* job_start */
	struct told *told; /* NULL: a report, or the big list */
	bool report;
	bool doubled; /* about a report */
	struct job_rcpt *rcpts;
	size_t n;
	int file;
	size_t bytes; /* that came with the job */
	int64_t offset, size;
};

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)index;
	peers[role][uid != 0] = (struct ipc){ .role = role, .uid = uid };
	return &peers[role][uid != 0];
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 2;
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)peer;
	wrong(why);
}

static struct told *
told_of(struct slice qid)
{
	for (unsigned i = 0; i < MSGS; i++)
		if (world->msgs[i].qid[0] != '\0' &&
		    slice_is(qid, world->msgs[i].qid))
			return &world->msgs[i];
	return NULL;
}

static void
fake_end(struct fake *f, struct msg *reply)
{
	struct ipc_call *call = f->call;

	call->id = 0;
	calls_open--;
	call->on_reply(call, reply);
	fd_close(&f->file);
	arena_fini(&f->arena);
	free(f);
}

static void
trouble(struct told *told, unsigned node)
{
	if (told != NULL && node < NODES)
		told->trouble[node] = true;
}

/* Every message's copy of a node's trouble: lookup does not know whose. */
static void
trouble_for_all(unsigned node)
{
	for (unsigned i = 0; i < MSGS; i++)
		trouble(&world->msgs[i], node);
}

static void
answer_lookup(struct fake *f)
{
	const unsigned i = node_of(f->address);
	struct buf targets = { .max = MSG_MAX_BYTES };
	struct msg m = { .type = MSG_lookup_found };
	struct msg_lookup_found *a = &m.lookup_found;

	a->address = f->address;
	a->kind = LOOKUP_RELAY;
	a->transport = SLICE("smtp");
	a->nexthop = SLICE("far.test");
	if (mega && slice_is(f->address, "mega@a.test")) {
		a->kind = LOOKUP_ALIAS;
		for (unsigned k = 0; k < MEGA_LISTS; k++)
			buf_addf(&targets, "Alist%u@a.test\n", k);
	} else if (mega && slice_starts(f->address, SLICE("list"))) {
		a->kind = LOOKUP_ALIAS;
		buf_addf(&targets, "I/%c\n", f->address.p[4]);
	} else if (i < NODES && percent(plan.temp)) {
		a->kind = LOOKUP_TEMPFAIL;
		a->enhanced = SLICE("4.3.0");
		a->text = SLICE("later");
		trouble_for_all(i);
	} else if (i < NODES) {
		const struct node *v = &plan.nodes[i];

		if (v->kind == REFUSED) {
			a->kind = LOOKUP_REFUSE;
			a->enhanced = SLICE("5.1.1");
			a->text = SLICE("no such user here");
		} else if (v->kind == ALIAS) {
			a->kind = LOOKUP_ALIAS;
			put_targets(&targets, i);
		} else if (v->kind == INCLUDE) {
			a->kind = LOOKUP_ALIAS;
			buf_addf(&targets, "I/list/%u\n", i);
		} else if (v->kind != RELAY) {
			a->kind = LOOKUP_MAILBOX;
			a->home = SLICE("home");
			/* who has a .forward is a system user */
			a->uid = v->kind == FORWARD ? 1000 : 0;
		}
		/* only of one message, but which is not known: a look-up that
		 * is answered may yet be lost with the process */
	}
	a->targets = buf_slice(&targets);
	fake_end(f, &m);
	buf_fini(&targets);
}

static void
on_lookup(struct ev_timer *t)
{
	struct fake *f = OUTER(t, struct fake, timer);

	if (!mega && node_of(f->address) < NODES && percent(plan.lookup_die)) {
		trouble_for_all(node_of(f->address));
		fake_end(f, NULL);
		return;
	}
	answer_lookup(f);
}

/* ---- agents ---- */

static void
read_report(const struct fake *f)
{
	char *text = xmalloc((size_t)f->size);
	struct slice rest = slice_of(text, (size_t)f->size);
	struct told *told = NULL;
	unsigned node = NODES;

	if (fd_pread_all(f->file, text, (size_t)f->size, f->offset, NULL) == -1)
		wrong("a report cannot be read");
	while (rest.n > 0) {
		struct slice value;
		const struct slice name = slice_cut(
		    slice_trim(slice_cut(rest, '\n', &rest)), ':', &value);

		value = slice_trim(value);
		if (slice_is(name, "X-Pabal-Queue-ID"))
			told = told_of(value);
		if (slice_is(name, "Final-Recipient")) {
			(void)slice_cut(value, ';', &value);
			node = node_of(slice_trim(value));
			if (mega &&
			    slice_starts(slice_trim(value), SLICE("list")))
				world->mega_reported++;
		}
		if (slice_is(name, "Action") && slice_is(value, "failed") &&
		    told != NULL && node < NODES)
			told->reported[node]++;
	}
	free(text);
}

static enum job_status
mega_result(const struct job_rcpt *r, struct buf *targets)
{
	struct cur c = cur_of(slice_from(r->target, sizeof ":include:" - 1));
	unsigned from = 0;

	if (r->target.n > 0) {
		if (cur_try_byte(&c, '+')) {
			from = (unsigned)cur_u64(&c, MEGA_EACH);
			cur_lit(&c, "/9990:");
		}
		cur_lit(&c, "/");
		put_mega(targets, (unsigned)cur_u64(&c, MEGA_LISTS), from);
		return JOB_EXPANDED;
	}
	c = cur_of(slice_from(r->address, 1));
	from = (unsigned)cur_u64(&c, sizeof mega_got - 1);
	world->mega_twice += mega_got[from];
	mega_got[from] = 1;
	world->mega_delivered++;
	return JOB_DELIVERED;
}

/* What the agent does with R. */
static enum job_status
result_of(const struct fake *f, const struct job_rcpt *r, struct buf *targets)
{
	const unsigned i = node_of(r->address);
	struct told *told = f->told;

	if (mega && !f->report)
		return mega_result(r, targets);
	if (f->report) {
		if (percent(20))
			return JOB_TEMPFAIL;
		if (!f->doubled && !mega && percent(plan.bounce))
			return JOB_PERMFAIL;
		if (f->doubled && !slice_is(r->address, "postmaster"))
			wrong("a double bounce for somebody");
		read_report(f);
		return JOB_RELAYED;
	}
	if (i == NODES)
		wrong("a job for an address that nobody named");
	if ((f->file == -1 && f->bytes == 0) || percent(plan.temp)) {
		trouble(told, i);
		return JOB_TEMPFAIL;
	}
	if (percent(plan.perm)) {
		trouble(told, i);
		return JOB_PERMFAIL;
	}
	if ((slice_starts(r->target, SLICE(":include:")) ||
		(plan.nodes[i].kind == FORWARD && r->target.n == 0))) {
		put_targets(targets, i);
		return JOB_EXPANDED;
	}
	told->delivered[i]++;
	return plan.nodes[i].kind == RELAY ? JOB_RELAYED : JOB_DELIVERED;
}

static void
one_result(struct fake *f)
{
	static const char *const dsn[] = { "2.0.0", "2.0.0", "4.2.0", "5.2.0",
		"2.1.5" };
	struct buf targets = { .max = MSG_MAX_BYTES };
	const size_t k = pick((uint32_t)f->n);
	struct job_rcpt r = f->rcpts[k];
	struct msg m = { .type = MSG_job_result };
	struct msg_job_result *a = &m.job_result;

	f->rcpts[k] = f->rcpts[--f->n];
	a->job = f->call->id;
	a->recipient = r.number;
	a->status = result_of(f, &r, &targets);
	a->dsn = slice_str(a->status == JOB_TEMPFAIL && percent(50)
			       ? "4.4.1"
			       : dsn[a->status]);
	a->text = SLICE("said the agent");
	a->targets = buf_slice(&targets);
	if (f->report || mega || !percent(plan.silent)) {
		dispatch_on_result(f->call->peer, &m);
		/* by now it is in the file, if the disk took it */
		if (a->status == JOB_EXPANDED && !mega && plan.full == 0 &&
		    !fault_struck())
			f->told->expanded[node_of(r.address)] = true;
	} else if (f->told != NULL) { /* never said */
		f->told->twice_ok = true;
		trouble(f->told, node_of(r.address));
	}
	buf_fini(&targets);
}

static void
on_job(struct ev_timer *t)
{
	struct fake *f = OUTER(t, struct fake, timer);
	struct msg done = { .type = MSG_job_done,
		.job_done.site =
		    percent(plan.temp) ? pick(4) : JOB_SITE_ANSWERED };

	if (!f->report && !mega && percent(plan.die)) {
		for (size_t i = 0; i < f->n; i++)
			trouble(f->told, node_of(f->rcpts[i].address));
		fake_end(f, NULL);
		return;
	}
	for (unsigned n = mega ? 100 : pick(3); n > 0 && f->n > 0; n--)
		one_result(f);
	if (f->n > 0)
		ev_timer_set(t, pick(2000));
	else
		fake_end(f, &done);
}

static void
start_job(struct fake *f, const struct msg_job_start *in)
{
	struct slice lines = in->recipients;
	struct envelope env;
	struct err err;
	size_t len;

	if (envelope_parse(in->envelope, ENVELOPE_FROM_QMGR, &f->arena, &env,
		&len, &err) == -1)
		wrong("a job without an envelope");
	f->doubled = slice_is(env.protocol, "NOTICE");
	f->report = f->doubled || slice_is(env.protocol, "REPORT");
	f->told = told_of(in->qid);
	if (f->told == NULL && !f->report && !mega)
		wrong("a job of an unknown message");
	f->rcpts = arena_alloc(&f->arena, 1001 * sizeof *f->rcpts);
	while (job_rcpt_parse(&lines, &f->arena, &f->rcpts[f->n]))
		f->n++;
	f->file = in->file != -1 ? fcntl(in->file, F_DUPFD_CLOEXEC, 3) : -1;
	f->bytes = in->body.n;
	f->offset = in->offset;
	f->size = in->size;
	ev_timer_init(&f->timer, on_job);
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	static uint64_t last;
	struct fake *f = xcalloc(1, sizeof *f);

	(void)timeout_ms;
	m->id = call->id = ++last;
	call->peer = peer;
	call->reply = reply;
	call->on_reply = on_reply;
	arena_init(&f->arena);
	f->call = call;
	f->file = -1;
	calls_open++;
	if (m->type == MSG_lookup_address) {
		f->address = arena_slice(&f->arena, m->lookup_address.address);
		f->flags = m->lookup_address.flags;
		ev_timer_init(&f->timer, on_lookup);
	} else
		start_job(f, &m->job_start);
	ev_timer_set(&f->timer, percent(30) ? 0 : pick(5000));
}

/* ---- clients ---- */

static const char body[] = "Subject: law\r\n\r\nhello\r\n";
static struct ipc smtpd = { .role = ROLE_SMTPD };
static struct ipc ctl = { .role = ROLE_CTL };

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	struct told *told = &world->msgs[(world->submitted - 1) % MSGS];

	(void)peer;
	if (m->type == MSG_queue_opened && m->queue_opened.ok) {
		slice_copy(m->queue_opened.qid, told->qid, sizeof told->qid);
		told->opened = m->queue_opened.file == -1 ||
			       write(m->queue_opened.file, body,
				   sizeof body - 1) == sizeof body - 1;
	}
	if (m->type == MSG_queue_committed && m->id <= MSGS)
		world->msgs[m->id - 1].accepted = m->queue_committed.ok;
	if (m->type == MSG_queue_acted && !m->queue_acted.ok)
		wrong("an order was not understood");
	return true;
}

static void
submit(unsigned i)
{
	struct envelope_rcpt rcpts[TARGETS] = { 0 };
	struct envelope env = { .protocol = SLICE("ESMTP"),
		.sender = plan.msgs[i].null_sender ? SLICE("")
						   : SLICE("sender@s.test"),
		.rcpts = rcpts };
	struct buf names[TARGETS], text = { .max = 65536 };
	struct msg m = { .type = MSG_queue_open,
		.queue_open.file = !plan.msgs[i].small };

	for (; env.nrcpts < plan.msgs[i].n; env.nrcpts++) {
		struct buf *name = &names[env.nrcpts];

		buf_init(name, 100);
		if (mega)
			buf_adds(name, "mega@a.test");
		else
			buf_addf(
			    name, "n%u@a.test", plan.msgs[i].roots[env.nrcpts]);
		rcpts[env.nrcpts].address = buf_slice(name);
		rcpts[env.nrcpts].notify = slice_str(plan.msgs[i].notify);
	}
	envelope_format(&env, &text);
	world->submitted++;
	m.queue_open.id = i + 1;
	m.queue_open.envelope = buf_slice(&text);
	intake_on_open(&smtpd, &m);
	if (world->msgs[i].opened) {
		m = (struct msg){ .type = MSG_queue_commit,
			.queue_commit = { .id = i + 1,
			    .qid = slice_str(world->msgs[i].qid),
			    .size = sizeof body - 1,
			    .crc32c = crc32c(0, slice_str(body)) } };
		if (plan.msgs[i].small) {
			m.queue_commit.record = SLICE("a record");
			m.queue_commit.body = slice_str(body);
		}
		intake_on_commit(&smtpd, &m);
	}
	buf_fini(&text);
	for (size_t k = 0; k < env.nrcpts; k++)
		buf_fini(&names[k]);
}

static void
order(const char *verb, const char *id)
{
	struct buf filter = { .max = 200 };
	struct msg m = { .type = MSG_queue_act };

	if (id != NULL)
		buf_addf(&filter, "id=%s", id);
	m.queue_act.verb = slice_str(verb);
	m.queue_act.filter = buf_slice(&filter);
	admin_on_act(&ctl, &m);
	buf_fini(&filter);
}

static void
on_admin(struct ev_timer *t)
{
	static const char *const verbs[] = { "hold", "release", "retry",
		"delete" };
	struct told *told = &world->msgs[pick(plan.nmsgs)];
	const unsigned v = pick(ARRAY_LEN(verbs));

	if (told->qid[0] != '\0' && plan.admin > 0) {
		plan.admin--;
		if (v == 3)
			told->deleted = true;
		order(verbs[v], told->qid);
	}
	/* and in the end nothing is held */
	order("release", NULL);
	ev_timer_set(t, 3600000);
}

/* Nothing is written for a while. */
static void
on_disk(struct ev_timer *t)
{
	static bool failing;

	if (failing)
		fault_off();
	else if (plan.full > 0) {
		plan.full--;
		fault_arm(plan.fault, 1 + pick(5), true);
	}
	failing = !failing;
	ev_timer_set(t, failing ? 1000 + pick(1200000) : pick(7200000));
}

static void
on_client(struct ev_timer *t)
{
	if (world->submitted < plan.nmsgs)
		submit(world->submitted);
	ev_timer_set(t, 1 + pick(600000));
}

/* ---- time ---- */

/* With nothing to do now, time jumps to what comes next; a sync is waited for
 * without it. */
int
epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	__typeof__(&epoll_wait) real =
	    (__typeof__(&epoll_wait))dlsym(RTLD_NEXT, "epoll_wait");
	const int n = real(epfd, events, max, 0);

	if (n != 0 || timeout == 0)
		return n;
	if (newfile_count() > 0)
		return real(epfd, events, max, 1000);
	if (entry_count() == 0 && direct_count() == 0 && calls_open == 0 &&
	    world->submitted >= plan.nmsgs)
		ev_stop();
	else if (timeout < 0 || world->now_ms > max_ms)
		wrong("a message waits for ever");
	else
		world->now_ms += timeout;
	return 0;
}

/* ---- a process ---- */

static void
load_conf(void)
{
	char text[200];

	snprintf(text, sizeof text,
	    "retry_schedule = 5m 30m 2h\nqueue_lifetime = 1d\n"
	    "bounce_lifetime = 2d\nactive_limit = %u\n"
	    "recipients_per_job = %u\n",
	    10 + pick(2) * 1000, mega ? 1000 : 1 + pick(10));
	frame_conf(text);
}

static void
run_process(const char *dir, uint64_t seed, unsigned crash_at)
{
	struct ev_timer client, admin, disk;
	struct err err;

	chance_state = seed;
	ev_init();
	load_conf();
	life_prepare();
	if (life_start(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &err) ==
	    -1)
		wrong(err.text);
	ev_timer_init(&client, on_client);
	ev_timer_set(&client, 0);
	ev_timer_init(&admin, on_admin);
	ev_timer_set(&admin, pick(7200000));
	ev_timer_init(&disk, on_disk);
	if (crash_at > 0)
		fault_arm(FAULT_EXIT, crash_at, false);
	else if (plan.full > 0)
		ev_timer_set(&disk, pick(600000));
	ev_run();
	fault_off();
	spool_stop();
	_exit(0);
}

static int
in_process(const char *dir, uint64_t seed, unsigned crash_at)
{
	const pid_t pid = fork();
	int status;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		const int null = open("/dev/null", O_WRONLY);

		if (getenv("PABAL_VERBOSE") == NULL)
			dup2(null, 2);
		run_process(dir, seed, crash_at);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		snprintf(world->wrong, sizeof world->wrong,
		    "qmgr ended by signal %d", WTERMSIG(status));
		return 3;
	}
	return WEXITSTATUS(status);
}

/* ---- the judgement ---- */

static void
mark_reach(bool seen[NODES], unsigned from, const struct told *stop)
{
	const struct node *v = &plan.nodes[from];

	if (seen[from])
		return;
	seen[from] = true;
	if (!expands(from) || (stop != NULL && stop->reported[from] > 0 &&
				  !(is_end(from) && stop->expanded[from])))
		return;
	for (unsigned k = 0; k < v->n; k++)
		mark_reach(seen, v->to[k], stop);
}

/* Does a message for I come to an end anywhere? */
static bool
is_grounded(unsigned i, const struct told *stop)
{
	bool seen[NODES] = { 0 };

	mark_reach(seen, i, stop);
	for (unsigned k = 0; k < plan.n; k++)
		if (seen[k] &&
		    (is_end(k) || (stop != NULL && stop->reported[k] > 0)))
			return true;
	return false;
}

/* Was the loop that I is in told of under the name of one that leads there? */
static bool
is_told_above(unsigned i, const struct told *told)
{
	for (unsigned w = 0; w < plan.n; w++) {
		bool seen[NODES] = { 0 };

		if (told->reported[w] == 0 || is_grounded(w, NULL))
			continue;
		mark_reach(seen, w, NULL);
		if (seen[i])
			return true;
	}
	return false;
}

static bool
may_be_reported(unsigned m, unsigned i, const bool seen[NODES])
{
	const struct told *told = &world->msgs[m];

	if (told->trouble[i] || plan.nodes[i].kind == REFUSED || plan.chain)
		return true;
	if (is_grounded(i, NULL))
		return false;
	/* What waits or has failed is an end, so loops below it count alone. */
	if (plan.temp > 0 || plan.perm > 0 || plan.lookup_die > 0 ||
	    plan.die > 0 || plan.silent > 0 || plan.full > 0)
		return true;
	/* a loop is told once: by who leads into it */
	for (unsigned k = 0; k < plan.msgs[m].n; k++)
		if (plan.msgs[m].roots[k] == i)
			return true;
	for (unsigned p = 0; p < plan.n; p++)
		for (unsigned k = 0; seen[p] && k < plan.nodes[p].n; k++)
			if (plan.nodes[p].to[k] == i && expands(p) &&
			    is_grounded(p, NULL))
				return true;
	return false;
}

static const char *
judge_node(unsigned m, unsigned i, const bool may[NODES],
    const bool must_end[NODES], bool strict)
{
	const struct told *told = &world->msgs[m];
	const unsigned ends = told->delivered[i] + told->reported[i];
	const bool quiet = plan.msgs[m].null_sender ||
			   strcmp(plan.msgs[m].notify, "NEVER") == 0;

	if (quiet && told->reported[i] > 0)
		return "a report that nobody wanted";
	if (told->reported[i] > 0 && !may_be_reported(m, i, may))
		return "a report of what did not fail";
	if (!may[i] && ends > 0)
		return "delivered or reported without reason";
	if (strict && ends > 1)
		return "ended twice";
	if (!must_end[i])
		return NULL;
	if (quiet && (told->trouble[i] || plan.nodes[i].kind == REFUSED))
		return NULL;
	if (is_end(i))
		return ends == 0 ? "LOST: accepted, and no end" : NULL;
	if (!quiet && !is_grounded(i, told) && !is_told_above(i, told))
		return "LOST: a loop that nobody was told of";
	return NULL;
}

/* What is wrong with message M; NULL: nothing. */
static const char *
judge(unsigned m, bool strict)
{
	const struct told *told = &world->msgs[m];
	const bool quiet = plan.msgs[m].null_sender ||
			   strcmp(plan.msgs[m].notify, "NEVER") == 0;
	bool may[NODES] = { 0 }, must_end[NODES] = { 0 };
	const char *why = NULL;

	if (!told->accepted || told->deleted)
		return NULL;
	/* Nobody is told of what fails above: no more is known. */
	if (quiet && (plan.temp > 0 || plan.perm > 0 || plan.lookup_die > 0 ||
			 plan.die > 0 || plan.silent > 0 || plan.chain))
		return NULL;
	for (unsigned k = 0; k < plan.msgs[m].n; k++) {
		mark_reach(may, plan.msgs[m].roots[k], NULL);
		mark_reach(must_end, plan.msgs[m].roots[k], told);
	}
	for (unsigned i = 0; i < plan.n && why == NULL; i++)
		why =
		    judge_node(m, i, may, must_end, strict && !told->twice_ok);
	return why;
}

static unsigned
files_beneath(const char *dir, const char *place)
{
	char *cmd = xasprintf(
	    "test -z \"$(find %s/%s -type f -print -quit)\"", dir, place);
	const int rc = system(cmd);

	free(cmd);
	return rc != 0;
}

static void
explain(uint64_t seed, unsigned m, const char *why)
{
	static const char *const kinds[] = { "mailbox", "relay", "refused",
		"alias", "include", "forward" };
	const struct told *told = &world->msgs[m];

	print_error("seed %llu message %u (%s): %s\n", (unsigned long long)seed,
	    m, told->qid, why);
	for (unsigned i = 0; i < plan.n; i++) {
		const struct node *v = &plan.nodes[i];

		print_error("  n%u %s%s:", i, kinds[v->kind],
		    v->keep && v->kind == FORWARD ? " (keeps)" : "");
		for (unsigned k = 0; expands(i) && k < v->n; k++)
			print_error(" n%u", v->to[k]);
		print_error("  delivered %u reported %u%s\n",
		    told->delivered[i], told->reported[i],
		    told->trouble[i] ? " (trouble)" : "");
	}
	print_error("  recipients:");
	for (unsigned k = 0; k < plan.msgs[m].n; k++)
		print_error(" n%u", plan.msgs[m].roots[k]);
	print_error("  notify \"%s\"%s\n", plan.msgs[m].notify,
	    plan.msgs[m].null_sender ? ", null sender" : "");
}

/* False: said what is wrong. */
static bool
one_round(uint64_t seed)
{
	char *dir = frame_dir();
	unsigned crashes;
	bool crashed = false, good = true;
	uint64_t life = seed * 1000;
	int rc;

	memset(world, 0, sizeof *world);
	plan_make(seed);
	crashes = plan.full == 0 && percent(60) ? 1 + pick(CRASHES) : 0;
	do {
		const unsigned at = crashes > 0 ? 1 + pick(80) : 0;

		crashes -= crashes > 0;
		rc = in_process(dir, ++life, at);
		crashed |= rc == FAULT_STATUS;
	} while (rc == FAULT_STATUS);
	if (rc != 0) {
		explain(seed, 0, world->wrong);
		good = false;
	}
	for (unsigned m = 0; m < plan.nmsgs && good; m++) {
		const char *why = judge(m, !crashed);

		if (why != NULL) {
			explain(seed, m, why);
			good = false;
		}
	}
	/* What could not be removed stands there, and the log says so. */
	if (good && plan.full == 0 &&
	    (files_beneath(dir, "new") || files_beneath(dir, "cur") ||
		files_beneath(dir, "bad"))) {
		explain(seed, 0, "a file is left in the spool");
		good = false;
	}
	assert_int_equal(frame_remove(dir), 0);
	return good;
}

static void
test_law(void **state)
{
	const uint64_t seed = number("PABAL_SEED", (uint64_t)time(NULL) * 1000);
	const uint64_t rounds = number("PABAL_ROUNDS", 100);

	(void)state;
	print_message("PABAL_SEED=%llu PABAL_ROUNDS=%llu\n",
	    (unsigned long long)seed, (unsigned long long)rounds);
	for (uint64_t i = 0; i < rounds; i++)
		assert_true(one_round(seed + i));
}

/* More members than a message may have recipients: each gets it, or the list
 * that he is in is reported. */
static void
test_too_many(void **state)
{
	char *dir = frame_dir();

	(void)state;
	memset(world, 0, sizeof *world);
	memset(&plan, 0, sizeof plan);
	mega = true;
	plan.nmsgs = 1;
	plan.msgs[0].n = 1;
	plan.msgs[0].notify = "";
	assert_int_equal(in_process(dir, 1, 0), 0);
	assert_int_equal(world->mega_twice, 0);
	assert_int_equal(world->mega_reported, 1);
	assert_int_equal(world->mega_delivered, 5 * MEGA_EACH);
	mega = false;
	assert_int_equal(frame_remove(dir), 0);
}

static int
setup(void **state)
{
	(void)state;
	world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return world == MAP_FAILED ? -1 : 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_law),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * A daemon that was taken over, and says whatever it likes: linked into every
 * daemon of build/probe.  At a reload whose files have the line
 * "# captured: NAME" the daemon of that name asks for each role and sends it
 * every message of lib/ipc/all.def, each in several forms (below), one on a
 * channel of its own, then a flood of them.  The messages come from the .def
 * files, so a new one is tried without a new line here.
 *
 *   probe.reach   to= got=           a connection, or why not
 *   probe.message to= name= form= must= got= answer=
 *       must: "drop" where the .def lines do not let us say it, or it is
 *       malformed; "any" otherwise
 *       got: dropped, answered (answer has the fields), taken (no answer is
 *       due), nothing (in DEADLINE_MS: never right)
 *   probe.flood   to= frames=
 *   probe.turned  to= name= form=
 *       what it may say goes out on the channels that others opened to it, too:
 *       results and answers that nobody asked for
 *   probe.park    home= got=
 *       imapd asks for a ticket with which it could have a session of HOME's
 *   probe.captured done=
 *   probe.signed (probe_sign.c)
 *   Each has from=: the place of the process (proc/service.h), or "-".  A
 *   captured nursery and the processes that it has made speak all.
 *
 * tests/flow/test_capture.py does this to each daemon and says what must be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "conf/conf.h"
#include "ev/loop.h"
#include "ipc/admit.h"
#include "ipc/auth.h"
#include "ipc/frame.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "proc/service.h"
#include "sys/fd.h"
#include "tests/hostile.h"
#include "tests/probe.h"

enum {
	DEADLINE_MS = 90000, /* an answer of auth may be late on purpose */
	FRAMES_A_TURN = 64,
	FLOOD = 100000,
};

int __real_conf_load_service(const struct conf_desc *d, const char *service,
    const struct conf_text *texts, size_t n, void **conf,
    struct conf_errors *errors);
int __wrap_conf_load_service(const struct conf_desc *d, const char *service,
    const struct conf_text *texts, size_t n, void **conf,
    struct conf_errors *errors);

struct ipc *__real_ipc_admit(
    int fd, enum role role, unsigned index, uid_t uid, uint32_t asker);
struct ipc *__wrap_ipc_admit(
    int fd, enum role role, unsigned index, uid_t uid, uint32_t asker);

/* Only parking has it. */
void __real_hold_on_expect(struct ipc *peer, struct msg *m)
    __attribute__((weak));
void __wrap_hold_on_expect(struct ipc *peer, struct msg *m);

/* Of the last session that parking was to hold. */
static char ticket[AUTH_TICKET_SIZE];

/* Channels that others opened, by descriptor; some are closed by now. */
static struct {
	bool open;
	enum role role;
} opened[256];

static struct {
	bool running;
	enum role self;
	enum role to;
	unsigned type; /* enum msg_type */
	enum hostile_form form;
	bool flooding;
	unsigned sent; /* frames of the flood */
	unsigned connects;
	struct ipc_call connect;
	struct ev_io io;
	struct ev_timer deadline;
	struct ev_task next;
} probe;

/* Which of the captured processes this is. */
static struct kv
from(void)
{
	return kv_s("from", service_place()[0] != '\0' ? service_place() : "-");
}

/* ---- one message ---- */

static bool
may_say(enum msg_type type)
{
	return msg_may_send(probe.self, type) &&
	       msg_may_receive(probe.to, type);
}

static bool
must_drop(void)
{
	return hostile_must_drop(
	    probe.self, probe.to, (enum msg_type)probe.type, probe.form);
}

static bool
has_answer(void)
{
	return hostile_has_answer(
	    probe.self, probe.to, (enum msg_type)probe.type);
}

static bool
say(void)
{
	return hostile_say(probe.io.fd, (enum msg_type)probe.type, probe.form);
}

static void
end_channel(void)
{
	ev_timer_stop(&probe.deadline);
	ev_io_stop(&probe.io);
	if (probe.io.fd != -1)
		close(probe.io.fd);
	probe.io.fd = -1;
}

static void
settle(const char *got, const char *answer)
{
	log_info("probe.message", from(), kv_s("to", role_name(probe.to)),
	    kv_s("name", msg_name((enum msg_type)probe.type)),
	    kv_s("form", hostile_form_name(probe.form)),
	    kv_s("must", must_drop() ? "drop" : "any"), kv_s("got", got),
	    kv_s("answer", answer));
	end_channel();
	if (++probe.form == FORM_COUNT) {
		probe.form = 0;
		probe.type++;
	}
	ev_task_queue(&probe.next);
}

static void
on_answer(struct ev_io *io, unsigned events)
{
	static char frame[MSG_MAX_BYTES];
	struct buf text = { .max = 4096 };
	const ssize_t n = recv(io->fd, frame, sizeof frame, MSG_DONTWAIT);
	struct msg m = { 0 };

	(void)events;
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		settle(must_drop() || has_answer() ? "dropped" : "taken", "");
		return;
	}
	/* not an answer to us: keys tells everybody, an agent its results */
	if (!msg_get(slice_of(frame, (size_t)n), -1, &m))
		m.type = MSG_none;
	if (m.type != MSG_none && !msg_is_reply(m.type))
		return;
	if (must_drop() || !has_answer())
		return; /* an answer to what came before, if at all */
	hostile_describe(&m, &text);
	settle("answered", buf_cstr(&text));
	buf_fini(&text);
}

static void
on_deadline(struct ev_timer *t)
{
	(void)t;
	settle("nothing", "");
}

/* ---- the flood ---- */

/* The next type that we may say to them. */
static void
next_allowed(void)
{
	for (unsigned i = 0; i < MSG_COUNT; i++) {
		probe.type = probe.type + 1 < MSG_COUNT ? probe.type + 1 : 1;
		if (may_say((enum msg_type)probe.type))
			return;
	}
	probe.sent = FLOOD;
}

static void
flood_end(void)
{
	end_channel();
	log_info("probe.flood", from(), kv_s("to", role_name(probe.to)),
	    kv_u("frames", probe.sent), kv_u("channels", probe.connects));
	probe.flooding = false;
	probe.to++;
	probe.type = 1;
	ev_task_queue(&probe.next);
}

static void
on_flood(struct ev_io *io, unsigned events)
{
	(void)io;
	if ((events & EV_HUP) != 0) { /* dropped: by the next channel then */
		end_channel();
		ev_task_queue(&probe.next);
		return;
	}
	for (int i = 0; i < FRAMES_A_TURN && probe.sent < FLOOD; i++) {
		if (!say()) {
			if (errno == EAGAIN)
				return;
			end_channel();
			ev_task_queue(&probe.next);
			return;
		}
		probe.sent++;
		next_allowed();
	}
	if (probe.sent >= FLOOD)
		flood_end();
}

/* ---- going round ---- */

static struct park {
	struct ipc_call call;
	const char *home, *dir;
} parks[] = {
	{ .home = "pabal.test/bob", .dir = "" },
	{ .home = "pabal.test/bob", .dir = "." },
	{ .home = "pabal.test", .dir = "" },
	{ .home = "pabal.test/alice/../bob", .dir = "." },
	{ .home = "other.test/carol", .dir = "" },
	{ .home = "", .dir = "" },
	{ .home = "pabal.test/alice", .dir = ".." },
	{ .home = "pabal.test/alice", .dir = "../bob" },
	{ .home = "pabal.test/alice", .dir = "./../../bob" },
	{ .home = "pabal.test/alice", .dir = ".none" },
};

static void
reach(const char *got)
{
	log_info("probe.reach", from(), kv_s("to", role_name(probe.to)),
	    kv_s("got", got));
}

static void
on_connected(struct ipc_call *call, struct msg *m)
{
	(void)call;
	if (m == NULL || !m->master_connected.ok) {
		char why[200] = "no answer";

		if (m != NULL)
			(void)slice_copy(
			    m->master_connected.why, why, sizeof why);
		reach(why);
		probe.to++;
		probe.type = 1;
		probe.form = 0;
		ev_task_queue(&probe.next);
		return;
	}
	if (probe.type == 1 && probe.form == 0 && !probe.flooding)
		reach("ok");
	probe.connects++;
	ev_io_init(&probe.io, m->master_connected.sock,
	    probe.flooding ? on_flood : on_answer);
	m->master_connected.sock = -1;
	if (probe.flooding) {
		ev_io_set(&probe.io, EV_WRITE);
		return;
	}
	ev_io_set(&probe.io, EV_READ);
	ev_timer_set(&probe.deadline, DEADLINE_MS);
	(void)say();
	if (!must_drop() && !has_answer())
		hostile_goodbye(probe.io.fd);
}

static void
on_ticket(struct ipc_call *call, struct msg *m)
{
	struct park *p = OUTER(call, struct park, call);

	log_info("probe.park", from(), kv_s("home", p->home),
	    kv_s("got", m == NULL             ? "nothing"
			: m->master_ticket.ok ? "ok"
					      : "refused"));
}

/* Sessions of others, and of itself in directories that are none of it. */
static void
ask_to_park(void)
{
	for (size_t i = 0; i < ARRAY_LEN(parks); i++)
		IPC_CALL(ipc_master(), &parks[i].call, master_ticket, on_ticket,
		    DEADLINE_MS, master_park, .account = SLICE("a@b"),
		    .home = slice_str(parks[i].home),
		    .dir = slice_str(parks[i].dir));
}

static void
on_next(struct ev_task *task)
{
	(void)task;
	if (probe.to == ROLE_COUNT) {
		probe.running = false;
		log_info("probe.captured", from(),
		    kv_s("done", role_name(probe.self)));
		return;
	}
	if (probe.to == ROLE_MASTER) {
		/* Once more, with more than was declared. */
		IPC_SEND(ipc_master(), master_hello, .role = ROLE_CTL,
		    .reach = UINT32_MAX, .dirs = UINT32_MAX);
		if (probe.self == ROLE_IMAPD)
			ask_to_park();
		probe.to++;
	}
	if (probe.type == MSG_COUNT) {
		probe.flooding = true;
		probe.form = FORM_ZERO;
		probe.sent = probe.connects = 0;
		next_allowed();
	}
	IPC_CALL(ipc_master(), &probe.connect, master_connected, on_connected,
	    DEADLINE_MS, master_connect, .role = probe.to,
	    .ticket = slice_of(ticket, sizeof ticket));
}

/* Say what may be said on FD, which is the peer's link to us. */
static void
turn(int fd)
{
	int type = 0;
	socklen_t len = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_SEQPACKET)
		return;
	probe.to = opened[fd].role;
	probe.io.fd = fd;
	for (probe.type = 1; probe.type < MSG_COUNT; probe.type++) {
		if (!may_say((enum msg_type)probe.type))
			continue;
		for (probe.form = 0; probe.form <= FORM_LIE; probe.form++)
			if (say())
				log_info("probe.turned", from(),
				    kv_s("to", role_name(probe.to)),
				    kv_s("name",
					msg_name((enum msg_type)probe.type)),
				    kv_s(
					"form", hostile_form_name(probe.form)));
	}
}

void
__wrap_hold_on_expect(struct ipc *peer, struct msg *m)
{
	if (m->parking_expect.ticket.n == sizeof ticket)
		memcpy(ticket, m->parking_expect.ticket.p, sizeof ticket);
	__real_hold_on_expect(peer, m);
}

struct ipc *
__wrap_ipc_admit(
    int fd, enum role role, unsigned index, uid_t uid, uint32_t asker)
{
	if (fd >= 0 && (size_t)fd < ARRAY_LEN(opened)) {
		opened[fd].open = true;
		opened[fd].role = role;
	}
	return __real_ipc_admit(fd, role, index, uid, asker);
}

static void
begin(enum role self)
{
	probe.running = true;
	probe.self = self;
	for (size_t i = 0; i < ARRAY_LEN(opened); i++)
		if (opened[i].open)
			turn((int)i);
	probe.to = 0;
	probe.type = 1;
	probe.form = 0;
	probe.flooding = false;
	probe.io.fd = -1;
	ev_timer_init(&probe.deadline, on_deadline);
	ev_task_init(&probe.next, on_next);
	ev_task_queue(&probe.next);
}

int
__wrap_conf_load_service(const struct conf_desc *d, const char *service,
    const struct conf_text *texts, size_t n, void **conf,
    struct conf_errors *errors)
{
	static bool started;
	struct buf mark = { .max = 64 };

	for (size_t i = 0; i < n && !started; i++)
		probe_halt_at(d->name, texts[i].body);
	for (size_t i = 0; i < n && started; i++)
		probe_runner(texts[i].body);
	buf_addf(&mark, "# captured: %s\n", d->name);
	for (size_t i = 0; i < n && started && !probe.running; i++)
		if (service_index() == 0 &&
		    slice_search(texts[i].body, buf_slice(&mark)) <
			texts[i].body.n) {
			begin(role_find(slice_str(d->name)));
			probe_sign(texts[i].body);
		}
	started = true;
	buf_fini(&mark);
	return __real_conf_load_service(d, service, texts, n, conf, errors);
}

/* SPDX-License-Identifier: ISC */
/* Both ends of every channel live in this process: ipc_accept with the role
 * that the other end has.  Raw frames are sent past it. */
#include "ipc/ipc.h"
#include "ipc/pass.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "ipc/setup.h"

/* As seen from qmgr: smtpd is who asks, and `qmgr` is smtpd's end. */
static struct ipc *smtpd, *qmgr;
static struct ev_timer guard;
static int opens, commits, results, gone_count, done;
static int64_t last_size;
static int kept_fds[2];
static enum role last_gone;
static enum { ANSWER, SAY_NOTHING, DROP, ANSWER_TWICE, WRONG_TYPE } manner;

/* ---- what the ends do ---- */

static void
on_queue_open(struct ipc *peer, struct msg *m)
{
	const uint64_t id = m->queue_open.id;

	opens++;
	switch (manner) {
	case ANSWER_TWICE:
		IPC_SEND(peer, queue_opened, .id = id, .ok = true,
		    .qid = m->queue_open.envelope, .file = 1);
		/* fallthrough */
	case ANSWER:
		IPC_SEND(peer, queue_opened, .id = id, .ok = true,
		    .qid = m->queue_open.envelope, .file = 1);
		break;
	case WRONG_TYPE:
		IPC_SEND(peer, queue_committed, .id = id, .ok = true);
		break;
	case DROP:
		ipc_drop(peer, NULL);
		break;
	case SAY_NOTHING:
		break;
	}
}

static void
on_queue_commit(struct ipc *peer, struct msg *m)
{
	(void)peer;
	assert_int_equal(m->queue_commit.size, last_size + 1);
	last_size = m->queue_commit.size;
	commits++;
}

/* Keeps every second fd; the others are closed behind it. */
static void
on_job_start(struct ipc *peer, struct msg *m)
{
	struct stat st;

	(void)peer;
	results++;
	assert_int_equal(fstat(m->job_start.file, &st), 0);
	assert_int_not_equal(fcntl(m->job_start.file, F_GETFD) & FD_CLOEXEC, 0);
	if (results % 2 == 0) {
		kept_fds[results / 2 - 1] = m->job_start.file;
		m->job_start.file = -1;
	}
}

static void
on_gone(struct ipc *peer)
{
	gone_count++;
	last_gone = ipc_role(peer);
	if (peer == smtpd)
		smtpd = NULL;
	if (peer == qmgr)
		qmgr = NULL;
}

static void on_master_connect(struct ipc *peer, struct msg *m);

static const struct ipc_table table = {
	.on = {
	    [MSG_queue_open] = on_queue_open,
	    [MSG_queue_commit] = on_queue_commit,
	    [MSG_job_start] = on_job_start,
	    [MSG_master_connect] = on_master_connect,
	},
	.on_gone = on_gone,
};

/* ---- the frame of the tests ---- */

static void
on_guard(struct ev_timer *t)
{
	(void)t;
	fail_msg("nothing happens any more");
}

static int
setup(void **state)
{
	static bool once;

	(void)state;
	ev_init();
	if (!once)
		ipc_setup(ROLE_QMGR, &table);
	once = true;
	opens = commits = results = gone_count = done = 0;
	last_size = 0;
	manner = ANSWER;
	ev_timer_init(&guard, on_guard);
	ev_timer_set(&guard, 10000);
	return 0;
}

static void
raw_pair(int fd[2])
{
	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd),
	    0);
}

/* An end whose owner is SELF. */
static struct ipc *
accept_as(enum role self, int fd, enum role role)
{
	struct ipc *peer;

	ipc_set_self(self);
	peer = ipc_accept(fd, role, 0, 0);
	ipc_set_self(ROLE_QMGR);
	return peer;
}

static void
pair(void)
{
	int fd[2];

	raw_pair(fd);
	smtpd = ipc_accept(fd[0], ROLE_SMTPD, 3, 0);
	qmgr = accept_as(ROLE_SMTPD, fd[1], ROLE_QMGR);
}

static int
teardown(void **state)
{
	(void)state;
	if (smtpd != NULL)
		ipc_drop(smtpd, NULL);
	if (qmgr != NULL)
		ipc_drop(qmgr, NULL);
	assert_int_equal(ipc_peers(), 0);
	return 0;
}

static void
stop_task(struct ev_task *task)
{
	(void)task;
	ev_stop();
}

static void
turns(int n)
{
	struct ev_task task;

	for (int i = 0; i < n; i++) {
		ev_task_init(&task, stop_task);
		ev_task_queue(&task);
		ev_run();
	}
}

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* ---- words and fds ---- */

static void
test_words_in_order(void **state)
{
	(void)state;
	pair();
	for (int i = 1; i <= 500; i++)
		assert_true(IPC_SEND(qmgr, queue_commit, .size = i));
	assert_int_equal(commits, 0); /* never from inside */
	for (int i = 0; i < 50 && commits < 500; i++)
		turns(1);
	assert_int_equal(commits, 500);
	assert_int_equal(ipc_index(smtpd), 3);
	assert_int_equal(ipc_role(smtpd), ROLE_SMTPD);
	assert_int_equal(ipc_uid(smtpd), 0);
	assert_int_equal(ipc_peers(), 2);
	ipc_set_data(smtpd, &done);
	assert_ptr_equal(ipc_data(smtpd), &done);
	channel_give_back();
	assert_true(IPC_SEND(qmgr, queue_commit, .size = 501));
	turns(3);
	assert_int_equal(commits, 501);
}

static void
test_fds_travel(void **state)
{
	int fd[2], before;

	(void)state;
	raw_pair(fd);
	qmgr = accept_as(ROLE_LOCAL, fd[0], ROLE_QMGR);
	smtpd = ipc_accept(fd[1], ROLE_LOCAL, 0, 0);
	before = count_fds();
	for (int i = 0; i < 4; i++)
		assert_true(IPC_SEND(smtpd, job_start, .file = 2));
	turns(3);
	assert_int_equal(results, 4);
	/* Two were kept, the others closed. */
	assert_int_equal(count_fds(), before + 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(close(kept_fds[i]), 0);
	assert_int_equal(count_fds(), before);
}

/* Far more than a socket holds: it waits in order, fds too, up to a limit;
 * then the sender is told. */
static void
test_big_queue(void **state)
{
	static char big[50000];
	int fd[2];
	int64_t sent = 0;

	(void)state;
	raw_pair(fd);
	smtpd = ipc_accept(fd[0], ROLE_SMTPD, 0, 0);
	qmgr = accept_as(ROLE_SMTPD, fd[1], ROLE_QMGR);
	while (IPC_SEND(qmgr, queue_commit, .size = sent + 1,
	    .qid = slice_of(big, sizeof big)))
		sent++;
	assert_true(sent * (int64_t)sizeof big > 8 << 20);
	assert_true(sent * (int64_t)sizeof big < 40 << 20);
	for (int i = 0; i < 10000 && commits < sent; i++)
		turns(1);
	assert_int_equal(commits, sent);
	/* And the channel is good for more. */
	assert_true(IPC_SEND(qmgr, queue_commit, .size = sent + 1));
	turns(2);
	assert_int_equal(commits, sent + 1);
}

/* Who dies with something unread resets the connection; what he had said before
 * counts all the same, and comes before his end. */
static void
test_last_words(void **state)
{
	enum { SAID = 5 };
	int fd[2];

	(void)state;
	raw_pair(fd);
	smtpd = ipc_accept(fd[0], ROLE_SMTPD, 0, 0);
	qmgr = accept_as(ROLE_SMTPD, fd[1], ROLE_QMGR);
	assert_true(IPC_SEND(smtpd, queue_opened, .ok = true, .file = 2));
	for (int i = 1; i <= SAID; i++)
		assert_true(IPC_SEND(qmgr, queue_commit, .size = i));
	ipc_drop(qmgr, NULL);
	assert_int_equal(gone_count, 1);
	assert_int_equal(commits, 0);
	for (int i = 0; i < 10 && smtpd != NULL; i++)
		turns(1);
	assert_int_equal(commits, SAID);
	assert_int_equal(gone_count, 2);
	assert_int_equal(last_gone, ROLE_SMTPD);
}

/* ---- what drops a peer ---- */

static void
send_raw(int fd, const void *p, size_t n, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	char bytes[100];
	struct iovec iov = { bytes, n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(bytes, p, n);
	if (nfds > 0) {
		struct cmsghdr *c;

		h.msg_control = control.room;
		h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &h, 0), n);
}

static void
test_malformed_frames(void **state)
{
	static const int fds[] = { 2, 2, 2, 2 };
	/* clang-format off */
	static const struct {
		const char *bytes;
		size_t n, nfds;
	} rows[] = {
		{ "\0", 1, 0 },
		{ "\0\0", 2, 0 },
		{ "\xff\xff", 2, 0 },
		{ "garbage garbage", 15, 0 },
		{ "\0", 1, 1 },
		{ "garbage", 7, 2 },
		{ "garbage", 7, 4 },
	};
	/* clang-format on */
	const int before = count_fds();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd[2];

		setup(state);
		raw_pair(fd);
		smtpd = ipc_accept(fd[0], ROLE_SMTPD, 0, 0);
		send_raw(fd[1], rows[i].bytes, rows[i].n, fds, rows[i].nfds);
		turns(2);
		assert_null(smtpd);
		assert_int_equal(gone_count, 1);
		assert_int_equal(last_gone, ROLE_SMTPD);
		close(fd[1]);
	}
	assert_int_equal(count_fds(), before);
}

/* A frame that is larger than any frame may be. */
static void
test_oversized_frame(void **state)
{
	static char big[MSG_MAX_BYTES + 1];
	struct msg m = { .type = MSG_queue_abort };
	struct buf b;
	int fd[2], none;

	(void)state;
	raw_pair(fd);
	smtpd = ipc_accept(fd[0], ROLE_SMTPD, 0, 0);
	buf_init(&b, MSG_MAX_BYTES + 1000);
	m.queue_abort.qid = slice_of(big, sizeof big);
	assert_false(msg_put(&m, &b, &none));
	assert_int_equal(write(fd[1], b.p, b.n), b.n);
	turns(2);
	assert_null(smtpd);
	buf_fini(&b);
	close(fd[1]);
}

/* Well-formed, but not this role's to send: no handler sees it. */
static void
test_wrong_sender(void **state)
{
	int fd[2];

	(void)state;
	raw_pair(fd);
	smtpd = ipc_accept(fd[0], ROLE_LOGIN, 0, 0);
	qmgr = accept_as(ROLE_SMTPD, fd[1], ROLE_QMGR);
	IPC_SEND(qmgr, queue_commit, .size = 1);
	turns(3);
	assert_int_equal(commits, 0);
	assert_null(smtpd);
	assert_null(qmgr);
	assert_int_equal(gone_count, 2);
	/* Allowed, but nobody here wants it: the same. */
	setup(state);
	pair();
	IPC_SEND(qmgr, queue_abort, .qid = SLICE("x"));
	turns(3);
	assert_null(smtpd);
}

/* From who may send it, to who is no receiver: the same. */
static void
test_wrong_receiver(void **state)
{
	struct msg m = { .type = MSG_queue_commit };
	struct buf b = { .max = MSG_MAX_BYTES };
	int fd[2], none;

	(void)state;
	assert_true(msg_put(&m, &b, &none));
	raw_pair(fd);
	smtpd = accept_as(ROLE_LOOKUP, fd[0], ROLE_SMTPD);
	send_raw(fd[1], b.p, b.n, NULL, 0);
	turns(2);
	assert_null(smtpd);
	assert_int_equal(commits, 0);
	assert_int_equal(gone_count, 1);
	close(fd[1]);
	buf_fini(&b);
}

/* A packet without bytes is how SEQPACKET says nothing; it ends the peer. */
static void
test_empty_frame(void **state)
{
	int fd[2];

	(void)state;
	raw_pair(fd);
	smtpd = ipc_accept(fd[0], ROLE_SMTPD, 0, 0);
	assert_int_equal(send(fd[1], "", 0, 0), 0);
	turns(2);
	assert_null(smtpd);
	close(fd[1]);
}

/* ---- calls ---- */

struct waiter {
	struct ipc_call call;
	int replies;
	bool ok; /* the last one was a reply */
	bool again;
};

static void
on_opened(struct ipc_call *call, struct msg *m)
{
	struct waiter *w = OUTER(call, struct waiter, call);

	assert_false(ipc_calling(call));
	w->replies++;
	w->ok = m != NULL;
	if (m != NULL) {
		assert_int_equal(m->type, MSG_queue_opened);
		assert_true(m->queue_opened.ok);
		assert_true(slice_is(m->queue_opened.qid, "envelope"));
		assert_int_not_equal(m->queue_opened.file, -1);
	}
	done++;
	if (w->again) {
		w->again = false;
		IPC_CALL(call->peer, call, queue_opened, on_opened, 0,
		    queue_open, .envelope = SLICE("envelope"));
	}
}

static void
ask(struct waiter *w, int64_t timeout_ms)
{
	*w = (struct waiter){ 0 };
	IPC_CALL(qmgr, &w->call, queue_opened, on_opened, timeout_ms,
	    queue_open, .envelope = SLICE("envelope"));
	assert_true(ipc_calling(&w->call));
	assert_int_equal(w->replies, 0);
}

static void
test_call_and_reply(void **state)
{
	static struct waiter w[3000];

	(void)state;
	pair();
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		ask(&w[i], 9000);
	for (int i = 0; i < 1000 && done < (int)ARRAY_LEN(w); i++)
		turns(1);
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		assert_int_equal(w[i].replies, 1);
		assert_true(w[i].ok);
		assert_false(ev_timer_running(&w[i].call.deadline));
	}
}

/* The second reply, and one of another type, find no call: they are dropped,
 * their fd is closed, and the peer stays. */
static void
test_unexpected_replies(void **state)
{
	struct waiter w;
	int before;

	(void)state;
	pair();
	before = count_fds();
	manner = ANSWER_TWICE;
	ask(&w, 0);
	turns(3);
	assert_int_equal(w.replies, 1);
	assert_int_equal(count_fds(), before);
	manner = WRONG_TYPE;
	ask(&w, 0);
	turns(3);
	assert_int_equal(w.replies, 0);
	assert_true(ipc_calling(&w.call));
	ipc_cancel(&w.call);
	ipc_cancel(&w.call);
	/* A reply after the cancel. */
	manner = ANSWER;
	ask(&w, 0);
	ipc_cancel(&w.call);
	turns(3);
	assert_int_equal(w.replies, 0);
	assert_non_null(smtpd);
	assert_non_null(qmgr);
	assert_int_equal(count_fds(), before);
}

static void
test_call_times_out(void **state)
{
	struct waiter w;

	(void)state;
	pair();
	manner = SAY_NOTHING;
	ask(&w, 2);
	while (w.replies == 0)
		turns(1);
	assert_false(w.ok);
	assert_non_null(qmgr);
	/* Its answer, had it come now, would find nothing. */
	assert_false(ipc_calling(&w.call));
}

/* All open calls of a lost peer fail once; one that calls again at once gets
 * its failure too, but in a later turn. */
static void
test_lost_peer(void **state)
{
	struct waiter w[5];

	(void)state;
	pair();
	manner = SAY_NOTHING;
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		ask(&w[i], 0);
	w[2].again = true;
	turns(3);
	assert_int_equal(opens, 5);
	ipc_drop(smtpd, "test");
	smtpd = NULL;
	for (int i = 0; i < 100 && qmgr != NULL; i++)
		turns(1);
	assert_null(qmgr);
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		assert_false(w[i].ok);
		assert_true(w[i].replies >= 1);
	}
	ipc_cancel(&w[2].call);
}

static void
test_drop_in_handler(void **state)
{
	struct waiter w;

	(void)state;
	pair();
	manner = DROP;
	ask(&w, 0);
	IPC_SEND(qmgr, queue_commit, .size = 1);
	turns(4);
	assert_int_equal(opens, 1);
	assert_int_equal(commits, 0);
	assert_int_equal(w.replies, 1);
	assert_false(w.ok);
	assert_null(smtpd);
	assert_null(qmgr);
}

/* A message that fits into no frame fails its call, not the channel. */
static void
test_call_too_large(void **state)
{
	static char big[MSG_MAX_BYTES];
	struct waiter w = { 0 };

	(void)state;
	pair();
	IPC_CALL(qmgr, &w.call, queue_opened, on_opened, 0, queue_open,
	    .envelope = slice_of(big, sizeof big));
	assert_int_equal(w.replies, 0);
	while (w.replies == 0)
		turns(1);
	assert_false(w.ok);
	assert_non_null(qmgr);
}

/* ---- links ---- */

static struct ipc *master_end, *other_end;
static bool refuse;
static int connections;
static char last_ticket[16];

static void
on_master_connect(struct ipc *peer, struct msg *m)
{
	int fd[2] = { -1, -1 };

	connections++;
	assert_int_equal(m->master_connect.role, ROLE_QMGR);
	slice_copy(m->master_connect.ticket, last_ticket, sizeof last_ticket);
	if (!refuse) {
		raw_pair(fd);
		other_end = ipc_accept(fd[0], ROLE_SMTPD, 0, 0);
	}
	IPC_SEND(peer, master_connected, .id = m->master_connect.id,
	    .ok = !refuse, .why = SLICE("test"), .sock = fd[1]);
	if (fd[1] != -1)
		close(fd[1]);
}

static void
ask_link(struct waiter *w, struct ipc *link)
{
	*w = (struct waiter){ 0 };
	IPC_CALL(link, &w->call, queue_opened, on_opened, 0, queue_open,
	    .envelope = SLICE("envelope"));
}

static void
test_links(void **state)
{
	struct ipc *link, *dialled;
	struct waiter w[3];
	int fd[2];

	(void)state;
	ipc_set_self(ROLE_SMTPD);
	link = ipc_link(ROLE_QMGR, 0, 0);
	raw_pair(fd);
	ipc_set_master(fd[0]);
	ipc_set_self(ROLE_QMGR);
	master_end = accept_as(ROLE_MASTER, fd[1], ROLE_SMTPD);
	assert_ptr_equal(ipc_link(ROLE_QMGR, 0, 0), link);
	assert_ptr_not_equal(ipc_link(ROLE_QMGR, 1, 0), link);
	assert_ptr_not_equal(ipc_link(ROLE_QMGR, 0, 7), link);
	/* One connection serves all that waits for it, in order. */
	ask_link(&w[0], link);
	assert_true(IPC_SEND(link, queue_commit, .size = 1));
	ask_link(&w[1], link);
	assert_true(IPC_SEND(link, queue_commit, .size = 2));
	while (done < 2)
		turns(1);
	assert_true(w[0].ok && w[1].ok);
	assert_int_equal(commits, 2);
	assert_int_equal(connections, 1);
	/* The other side ends: open calls fail, the next asks anew. */
	manner = SAY_NOTHING;
	ask_link(&w[0], link);
	turns(2);
	ipc_drop(other_end, NULL);
	while (done < 3)
		turns(1);
	assert_false(w[0].ok);
	manner = ANSWER;
	ask_link(&w[0], link);
	while (done < 4)
		turns(1);
	assert_true(w[0].ok);
	assert_int_equal(connections, 2);
	/* Refused: a temporary failure each time, and each time asked. */
	ipc_drop(link, NULL);
	turns(3);
	refuse = true;
	ask_link(&w[0], link);
	ask_link(&w[1], link);
	while (done < 6)
		turns(1);
	assert_false(w[0].ok || w[1].ok);
	/* With a ticket, which master gets; refused, and hung up. */
	ipc_set_self(ROLE_SMTPD);
	dialled = ipc_dial(ROLE_QMGR, SLICE("ticket"));
	ask_link(&w[0], dialled);
	while (done < 7)
		turns(1);
	assert_false(w[0].ok);
	assert_string_equal(last_ticket, "ticket");
	ipc_hangup(&dialled);
	assert_null(dialled);
	refuse = false;
	dialled = ipc_dial(ROLE_QMGR, SLICE("another"));
	ipc_set_self(ROLE_QMGR);
	ask_link(&w[0], dialled);
	while (done < 8)
		turns(1);
	assert_true(w[0].ok);
	assert_string_equal(last_ticket, "another");
	/* Hung up with a call open: it fails. */
	manner = SAY_NOTHING;
	ask_link(&w[0], dialled);
	turns(2);
	ipc_hangup(&dialled);
	while (done < 9)
		turns(1);
	assert_false(w[0].ok);
	manner = ANSWER;
	ipc_drop(master_end, NULL);
	turns(3);
}

/* Frames at the raw end FD. */
static int
arrived(int fd)
{
	char frame[256];
	int n = 0;

	while (recv(fd, frame, sizeof frame, MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* master gets at once what is sent, and at the end of the turn what is only
 * posted; a post does not come behind what was sent after it. */
static void
test_post(void **state)
{
	struct ipc *master;
	int fd[2];

	(void)state;
	raw_pair(fd);
	master = ipc_set_master(fd[0]);
	assert_true(IPC_POST(master, master_idle, .idle = true));
	assert_true(IPC_POST(master, master_idle, .idle = true));
	assert_int_equal(arrived(fd[1]), 0);
	turns(1);
	assert_int_equal(arrived(fd[1]), 2);
	assert_true(IPC_POST(master, master_idle, .idle = true));
	assert_true(IPC_SEND(master, master_idle, .idle = false));
	assert_int_equal(arrived(fd[1]), 2);
	turns(1);
	assert_int_equal(arrived(fd[1]), 0);
	ipc_drop(master, NULL);
	close(fd[1]);
}

static void
test_counts(void **state)
{
	(void)state;
	assert_int_equal(ipc_count(ROLE_IMAPD), 1);
	ipc_set_count(ROLE_IMAPD, 4);
	assert_int_equal(ipc_count(ROLE_IMAPD), 4);
	ipc_set_count(ROLE_COUNT, 9);
	assert_int_equal(ipc_count(ROLE_COUNT), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(test_words_in_order),
		T(test_fds_travel),
		T(test_big_queue),
		T(test_last_words),
		T(test_malformed_frames),
		T(test_oversized_frame),
		T(test_wrong_sender),
		T(test_wrong_receiver),
		T(test_empty_frame),
		T(test_call_and_reply),
		T(test_unexpected_replies),
		T(test_call_times_out),
		T(test_lost_peer),
		T(test_drop_in_handler),
		T(test_call_too_large),
		T(test_links),
		T(test_post),
		T(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * Sessions without other processes: the far ends of lookup, qmgr, auth and
 * master live in this one.  fake_talk gives a client's bytes to a session and
 * collects its replies.
 */
#ifndef TESTS_UNIT_SMTPD_FAKE_H
#define TESTS_UNIT_SMTPD_FAKE_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "conf/conf.h"
#include "front/front.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "ipc/setup.h"
#include "log/log.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/wire.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"
#include "smtpd/conf.h"
#include "smtpd/protocol.h"
#include "smtpd/session.h"
#include "sys/addr.h"
#include "sys/fd.h"

enum { FAKE_QUOTA = 1000 };

static struct {
	struct ev_io client;
	struct ev_timer guard;
	struct buf replies;
	struct slice input; /* still to be sent */
	bool half;          /* shut down behind it */
	int file;           /* the message that is open */
	char sender[128];
	struct buf message; /* the last one accepted */
	struct buf rcpts;   /* its recipients, each with a space behind it */
	bool recorded;      /* its structure came with it */
	unsigned accepted, aborted, nrcpts, sessions;
	uint64_t held_id; /* of a lookup that is answered after the next, */
	struct ipc *held_peer;
	struct ev_timer late;  /* or then */
	struct ipc *peers[16]; /* the kernel alone would know of them */
	unsigned npeers;
} fake = { .file = -1 };

/* ---- the other daemons ---- */

/* Our end of a channel of smtpd's, as the daemon ROLE. */
static void
fake_accept(enum role role, int fd)
{
	ipc_set_self(role);
	ipc_accept(fd, ROLE_SMTPD, 0, 0);
	ipc_set_self(ROLE_SMTPD);
}

static void
fake_on_connect(struct ipc *peer, struct msg *m)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	fake_accept((enum role)m->master_connect.role, pair[1]);
	IPC_SEND(peer, master_connected, .id = m->master_connect.id, .ok = true,
	    .sock = pair[0]);
	close(pair[0]);
}

static void
fake_mailbox(struct ipc *peer, uint64_t id, uint64_t quota, uint64_t room)
{
	IPC_SEND(peer, lookup_found, .id = id, .kind = LOOKUP_MAILBOX,
	    .quota = quota, .room = room);
}

static void
fake_answer_held(void)
{
	const uint64_t id = fake.held_id;

	fake.held_id = 0;
	ev_timer_stop(&fake.late);
	if (id != 0)
		fake_mailbox(fake.held_peer, id, 0, UINT64_MAX);
}

static void
fake_on_late(struct ev_timer *t)
{
	(void)t;
	fake_answer_held();
}

/* The local part says what is found. */
static void
fake_on_lookup(struct ipc *peer, struct msg *m)
{
	const uint64_t id = m->lookup_address.id;
	const struct slice a = m->lookup_address.address;

	if (slice_starts(a, SLICE("slow"))) {
		fake_answer_held();
		fake.held_id = id;
		fake.held_peer = peer;
		ev_timer_set(&fake.late, 20);
		return;
	}
	if (slice_ends(a, SLICE("@far.example")))
		IPC_SEND(peer, lookup_found, .id = id, .kind = LOOKUP_RELAY);
	else if (slice_starts(a, SLICE("alias")))
		IPC_SEND(peer, lookup_found, .id = id, .kind = LOOKUP_ALIAS);
	else if (slice_starts(a, SLICE("temp")))
		IPC_SEND(peer, lookup_found, .id = id, .kind = LOOKUP_TEMPFAIL,
		    .code = 451, .enhanced = SLICE("4.4.3"),
		    .text = SLICE("No DNS"));
	else if (slice_starts(a, SLICE("full")))
		fake_mailbox(peer, id, FAKE_QUOTA, 0);
	else if (slice_starts(a, SLICE("small")))
		fake_mailbox(peer, id, FAKE_QUOTA, FAKE_QUOTA / 2);
	else if (slice_starts(a, SLICE("user")) ||
		 slice_starts(a, SLICE("postmaster")))
		fake_mailbox(peer, id, 0, UINT64_MAX);
	else
		IPC_SEND(peer, lookup_found, .id = id, .kind = LOOKUP_REFUSE,
		    .code = 550, .enhanced = SLICE("5.1.1"),
		    .text = SLICE("No such user"));
	fake_answer_held();
}

/* The sender says what fails; the text alone must not. */
static enum err_code
fake_code(void)
{
	return strstr(fake.sender, ".full@") != NULL ? ERR_NO_SPACE : ERR_OTHER;
}

static void
fake_on_open(struct ipc *peer, struct msg *m)
{
	struct envelope env;
	struct arena arena;
	size_t len;

	arena_init(&arena);
	must(envelope_parse(
		 m->queue_open.envelope, false, &arena, &env, &len, NULL) == 0);
	slice_copy(env.sender, fake.sender, sizeof fake.sender);
	fake.nrcpts = (unsigned)env.nrcpts;
	buf_reset(&fake.rcpts);
	for (size_t i = 0; i < env.nrcpts; i++) {
		buf_add(&fake.rcpts, env.rcpts[i].address);
		buf_addc(&fake.rcpts, ' ');
	}
	arena_fini(&arena);
	fd_close(&fake.file);
	if (slice_starts(slice_str(fake.sender), SLICE("nofile"))) {
		IPC_SEND(peer, queue_opened, .id = m->queue_open.id, .file = -1,
		    .code = fake_code(),
		    .why = SLICE("No space left on device"));
		return;
	}
	fake.file = memfd_create("message", MFD_CLOEXEC);
	IPC_SEND(peer, queue_opened, .id = m->queue_open.id, .ok = true,
	    .qid = SLICE("QID"), .file = fake.file);
}

/* A record that comes with a message is that of the message in the file. */
static void
fake_check_record(struct slice record)
{
	struct buf own = { .max = MIME_WIRE_MAX };
	struct mime_tree *t = mime_parse(buf_slice(&fake.message), NULL);

	fake.recorded = record.n > 0;
	must(!fake.recorded ||
	     (mime_wire_put(&own, t) && slice_eq(record, buf_slice(&own))));
	mime_tree_free(&t);
	buf_fini(&own);
}

static void
fake_on_commit(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_commit *q = &m->queue_commit;
	const bool ok = !slice_starts(slice_str(fake.sender), SLICE("lost"));

	buf_reset(&fake.message);
	must(fd_read_file(fake.file, &fake.message, NULL) == 0);
	must(q->size == (int64_t)fake.message.n);
	must(q->crc32c == crc32c(0, buf_slice(&fake.message)));
	fake_check_record(q->record);
	fd_close(&fake.file);
	fake.accepted += ok;
	IPC_SEND(peer, queue_committed, .id = q->id, .ok = ok,
	    .code = fake_code(), .why = SLICE("No space left on device"));
}

static void
fake_on_abort(struct ipc *peer, struct msg *m)
{
	(void)peer;
	must(slice_is(m->queue_abort.qid, "QID"));
	fake.aborted++;
	fd_close(&fake.file);
}

static void
fake_on_auth(struct ipc *peer, struct msg *m)
{
	const struct msg_auth_check *a = &m->auth_check;
	const bool ok = slice_is(a->secret, "sesame");

	IPC_SEND(peer, auth_checked, .id = a->id,
	    .result = ok ? AUTH_OK : AUTH_REFUSED, .account = a->login);
}

static void
fake_on_peer(struct ipc *peer)
{
	must(fake.npeers < ARRAY_LEN(fake.peers));
	fake.peers[fake.npeers++] = peer;
}

static const struct ipc_table fake_table = {
	.on_open = fake_on_peer,
	.on = {
		[MSG_master_connect] = fake_on_connect,
		[MSG_lookup_address] = fake_on_lookup,
		[MSG_queue_open] = fake_on_open,
		[MSG_queue_commit] = fake_on_commit,
		[MSG_queue_abort] = fake_on_abort,
		[MSG_auth_check] = fake_on_auth,
	},
};

/* ---- the client ---- */

static void
fake_on_client(struct ev_io *io, unsigned events)
{
	char piece[65536];
	ssize_t n;

	(void)events;
	if ((io->events & EV_WRITE) != 0) {
		n = send(io->fd, fake.input.p, fake.input.n,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		fake.input =
		    slice_from(fake.input, n > 0 ? (size_t)n : fake.input.n);
		if (fake.input.n == 0 && fake.half)
			(void)shutdown(io->fd, SHUT_WR);
		if (fake.input.n == 0)
			ev_io_set(io, EV_READ);
	}
	n = recv(io->fd, piece, sizeof piece, MSG_DONTWAIT);
	if (n > 0)
		buf_add(&fake.replies, slice_of(piece, (size_t)n));
	else if (n == 0)
		ev_stop();
}

static void
fake_on_guard(struct ev_timer *t)
{
	(void)t;
	must(false && "the session did not end");
}

static void
fake_on_count(unsigned n)
{
	fake.sessions = n;
}

/* Once, with what stands in pabal.conf and smtpd.conf. */
static void
fake_init(const char *shared, const char *own)
{
	const struct conf_text texts[] = {
		{ "pabal.conf", slice_str(shared) },
		{ "smtpd.conf", slice_str(own) },
	};
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	int pair[2];

	must(conf_load(&smtpd_conf_desc, texts, 2, &conf, &errors) == 0);
	smtpd_conf = conf;
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	ev_init();
	ipc_setup(ROLE_SMTPD, &fake_table);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	ipc_set_master(pair[0]);
	fake_accept(ROLE_MASTER, pair[1]);
	buf_init(&fake.replies, 1 << 24);
	buf_init(&fake.message, 1 << 24);
	buf_init(&fake.rcpts, 1 << 20);
	smtpd_session_init(0, fake_on_count);
	front_on_certs(); /* there are none */
	ev_timer_init(&fake.guard, fake_on_guard);
	ev_timer_init(&fake.late, fake_on_late);
}

/* Say INPUT to a new session of PROTOCOL from IP, then shut down our side;
 * the replies to all of it. */
static const char *
fake_talk(const char *protocol, const char *ip, struct slice input)
{
	struct addr peer = { 0 };
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	if (strcmp(ip, "local") == 0)
		peer.ss.ss_family = AF_UNIX;
	else
		must(addr_parse(&peer, slice_str(ip), 1, NULL) == 0);
	buf_reset(&fake.replies);
	fake.input = input;
	fake.half = true;
	front_accept(
	    fd[0], &smtpd_protocol_find(protocol)->front, &peer, true, true);
	ev_io_init(&fake.client, fd[1], fake_on_client);
	ev_io_set(&fake.client, EV_READ | EV_WRITE);
	ev_timer_set(&fake.guard, 20000);
	ev_run();
	ev_timer_stop(&fake.guard);
	ev_io_stop(&fake.client);
	close(fd[1]);
	return buf_cstr(&fake.replies);
}

#endif

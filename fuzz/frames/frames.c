/* SPDX-License-Identifier: ISC */
#include "fuzz/frames/frames.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ipc/frame.h"
#include "sys/fd.h"
#include "tests/hostile.h"

enum {
	HEAD = 4,    /* octets before a frame */
	FRAMES = 12, /* of an input */
};

enum attach {
	ATTACH_DUE,
	ATTACH_NONE,
	ATTACH_FILE,
	ATTACH_SOCKET,
	ATTACH_COUNT
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static struct {
	struct ev_task turn;
	unsigned turns;
	char qid[64]; /* of the last queue_opened */
} frames;

/* ---- channels ---- */

int
frames_pair(
    struct peer *p, enum role role, void (*on_ready)(struct ev_io *, unsigned))
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0, pair) == 0);
	*p = (struct peer){ .role = role };
	ev_io_init(&p->io, pair[0], on_ready);
	ev_io_set(&p->io, EV_READ);
	return pair[1];
}

void
frames_part(struct peer *p)
{
	ev_io_stop(&p->io);
	fd_close(&p->io.fd);
}

bool
frames_tell(int fd, const struct msg *m)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	int with;
	bool ok;

	must(msg_put(m, &frame, &with));
	ok = hostile_send(fd, buf_slice(&frame), with);
	buf_fini(&frame);
	return ok;
}

bool
frames_hear(int fd, struct msg *m, int *with)
{
	const int n = hostile_hear(fd, MSG_DONTWAIT, m, with);

	if (n != 1) {
		m->type = MSG_none;
		return n == -1 && errno == EAGAIN;
	}
	/* what it says is its own to say */
	must(msg_may_send(frames_self, m->type));
	if (m->type == MSG_queue_opened && m->queue_opened.ok)
		slice_copy(m->queue_opened.qid, frames.qid, sizeof frames.qid);
	return true;
}

static void
on_turn(struct ev_task *task)
{
	if (frames.turns-- > 0)
		ev_task_queue(task);
	else
		ev_stop();
}

void
frames_run(unsigned turns)
{
	frames.turns = turns;
	if (frames.turn.run == NULL)
		ev_task_init(&frames.turn, on_turn);
	ev_task_queue(&frames.turn); /* once, if the loop was stopped before */
	ev_run();
}

/* ---- an input ---- */

static int
attachment(enum attach what)
{
	int pair[2], fd;

	if (what == ATTACH_SOCKET) {
		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ==
		     0);
		close(pair[1]);
		return pair[0];
	}
	if (what != ATTACH_FILE)
		return -1;
	fd = memfd_create("message", MFD_CLOEXEC);
	must(dprintf(fd, "From: a@b.test\r\n\r\nx\r\n") > 0);
	return fd;
}

static uint16_t
key_of(enum msg_type type)
{
	uint16_t key = 0;

	for (const char *c = msg_name(type); *c != '\0'; c++)
		key = (uint16_t)(key * 31 + (unsigned char)*c);
	return key;
}

/* The message that FRAME begins with the key of, put in its place. */
static enum msg_type
put_type(uint8_t *frame, size_t n)
{
	uint16_t key;

	if (n < sizeof key)
		return MSG_none;
	memcpy(&key, frame, sizeof key);
	for (uint16_t t = 1; t < MSG_COUNT; t++)
		if (key_of((enum msg_type)t) == key) {
			memcpy(frame, &t, sizeof t);
			return (enum msg_type)t;
		}
	return MSG_none;
}

static void
put_id(uint8_t *frame, size_t n, uint64_t id)
{
	if (n >= sizeof(uint16_t) + sizeof id)
		memcpy(frame + sizeof(uint16_t), &id, sizeof id);
}

/* A commit of no message in particular is of the last one. */
static struct slice *
qid_of(struct msg *m)
{
	struct slice *qid = m->type == MSG_queue_commit ? &m->queue_commit.qid
							: &m->queue_abort.qid;

	return (m->type == MSG_queue_commit || m->type == MSG_queue_abort) &&
		       qid->n == 0
		   ? qid
		   : NULL;
}

static bool
say_of_last(int sock, struct slice frame)
{
	struct msg m;
	struct slice *qid;

	if (!msg_get(frame, -1, &m) || (qid = qid_of(&m)) == NULL)
		return false;
	*qid = slice_str(frames.qid);
	return frames_tell(sock, &m);
}

static void
say(enum role role, enum attach attach, uint8_t *frame, size_t n)
{
	struct msg m = { .type = put_type(frame, n) };
	struct peer *p = frames_speaker(role, m.type);
	int fd;

	if (attach == ATTACH_DUE)
		attach = msg_fd(&m) == NULL ? ATTACH_NONE
			 : m.type == MSG_imapd_session ||
				 m.type == MSG_pop3d_session ||
				 m.type == MSG_sieved_session ||
				 m.type == MSG_jmapd_request ||
				 m.type == MSG_imapd_unpark ||
				 m.type == MSG_parking_session
			     ? ATTACH_SOCKET
			     : ATTACH_FILE;
	fd = attachment(attach);
	if (p != NULL && msg_is_reply(m.type))
		put_id(frame, n, p->id);
	if (p != NULL && !say_of_last(p->io.fd, slice_of(frame, n)))
		(void)hostile_send(p->io.fd, slice_of(frame, n), fd);
	fd_close(&fd);
}

/* The length of the first frame of DATA and what is before it; 0: none. */
static size_t
frame_size(const uint8_t *data, size_t size)
{
	uint16_t n;

	if (size < HEAD)
		return 0;
	memcpy(&n, data + 2, sizeof n);
	return n <= size - HEAD ? HEAD + (size_t)n : size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = xmalloc(size + 1);
	size_t at = 0, n;

	memcpy(copy, data, size);
	for (int i = 0; i < FRAMES; i++, at += n) {
		n = frame_size(copy + at, size - at);
		if (n == 0)
			break;
		/* master is believed */
		say((enum role)(1 + copy[at] % (ROLE_COUNT - 1)),
		    (enum attach)(copy[at + 1] % ATTACH_COUNT),
		    copy + at + HEAD, n - HEAD);
		frames_run(1); /* so that its answer counts for the next */
	}
	free(copy);
	frames_heard();
	return 0;
}

/* ---- new inputs ---- */

static unsigned random_state;

static unsigned
random_below(unsigned n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % n;
}

/* Mostly what is said every day: the rest of the frame is to be reached. */
static enum hostile_value
any_value(void)
{
	const unsigned n = random_below(8);

	return n < HOSTILE_TRUE ? (enum hostile_value)n : HOSTILE_TRUE;
}

/* A message that somebody may say to the daemon. */
static enum msg_type
any_message(enum role *role)
{
	for (;;) {
		const enum msg_type type =
		    (enum msg_type)(1 + random_below(MSG_COUNT - 1));

		*role = (enum role)(1 + random_below(ROLE_COUNT - 1));
		if (msg_may_receive(frames_self, type) &&
		    (msg_may_send(*role, type) || random_below(1000) == 0))
			return type;
	}
}

/* Its head and it, in DATA; 0: there is no room. */
static size_t
make_frame(uint8_t *data, size_t max)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	enum role role;
	struct msg m = { .type = any_message(&role) };
	uint16_t length, key = key_of(m.type);
	size_t n;
	int fd;

	hostile_fill(&m, any_value, -1);
	must(msg_put(&m, &frame, &fd));
	n = HEAD + frame.n <= max ? HEAD + frame.n : 0;
	if (n > 0) {
		length = (uint16_t)frame.n;
		data[0] = (uint8_t)(role - 1);
		data[1] = random_below(8) == 0 ? (uint8_t)random_below(8) : 0;
		memcpy(data + 2, &length, sizeof length);
		memcpy(data + HEAD, frame.p, frame.n);
		memcpy(data + HEAD, &key, sizeof key);
	}
	buf_fini(&frame);
	return n;
}

/* Between two frames of DATA, at random. */
static size_t
any_place(const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size && random_below(FRAMES / 2) != 0)
		at += frame_size(data + at, size - at);
	return at < size ? at : size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static uint8_t made[HEAD + MSG_MAX_BYTES];
	size_t n, at;

	random_state = seed;
	if (size > 0 && random_below(4) == 0)
		return LLVMFuzzerMutate(data, size, max);
	n = make_frame(made, sizeof made);
	at = any_place(data, size);
	if (random_below(3) == 0) { /* in the place of one */
		const size_t old =
		    at < size ? frame_size(data + at, size - at) : 0;

		if (old == 0 && at < size)
			return LLVMFuzzerMutate(data, size, max);
		memmove(data + at, data + at + old, size - at - old);
		size -= old;
	}
	if (n == 0 || size + n > max)
		return size > 0 ? LLVMFuzzerMutate(data, size, max) : 0;
	memmove(data + at + n, data + at, size - at);
	memcpy(data + at, made, n);
	return size + n;
}

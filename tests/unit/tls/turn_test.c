/* SPDX-License-Identifier: ISC */
/* Whatever bytes arrive in whatever pieces, at every state of a stream, a turn
 * of the loop ends, the other watchers run, the deadline fires, and a stream
 * that waits does not wake the loop.  A turn that does not end is killed by
 * SIGALRM. */
#include "tls/layer.h"

#include "tests/unit/tls/peer.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "ev/stream.h"

enum { RUNS = 250, PIECES_MAX = 400, STUCK_S = 30 };

/* What a run does to what it carries. */
enum spoil { NOTHING, INSERT, CHANGE, CUT, FINISH, SPOILS };

/* A stream, and the far end of its socket, which this test holds. */
struct side {
	struct stream s;
	int far;
	bool ended;
	char held[65536]; /* read from far, not yet handed to the other side */
	size_t nheld;
};

static struct identity id;
static struct broker broker;
static struct ev_io broker_io, other;
static struct side a, b; /* client and server where there is TLS */
static struct tls_server *server;
static struct tls_client *client;
static unsigned ticks;
static size_t carried; /* input of all streams */
static unsigned short seed[3];

static const struct stream_limits limits = { 65536, 100000, 2000, 1000 };

static size_t
any(size_t below)
{
	return (size_t)nrand48(seed) % below;
}

static void
on_input(struct stream *s)
{
	const size_t n = stream_input(s).n;

	carried += n;
	stream_consume(s, n);
	if (any(3) == 0)
		stream_write(s, SLICE("an answer of some length\r\n"));
	if (any(20) == 0)
		stream_pause(s);
}

static void
on_end(struct stream *s, enum stream_end why)
{
	(void)why;
	OUTER(s, struct side, s)->ended = true;
	if (a.ended && b.ended)
		ev_stop();
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_end = on_end,
};

static void
on_broker(struct ev_io *io, unsigned events)
{
	(void)io, (void)events;
	broker_answer(&broker);
}

/* Another client, who always has something to say. */
static void
on_other(struct ev_io *io, unsigned events)
{
	(void)io, (void)events;
	ticks++;
}

static void
stop_task(struct ev_task *task)
{
	(void)task;
	ev_stop();
}

static void
turn(void)
{
	const unsigned before = ticks;
	struct ev_task task;

	ev_task_init(&task, stop_task);
	ev_task_queue(&task);
	ev_run();
	assert_true(ticks > before);
}

static void
open_side(struct side *side)
{
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	memset(side, 0, sizeof *side);
	stream_init(&side->s, fd[0], &handler, &limits);
	side->far = fd[1];
}

static void
begin(bool tls)
{
	ticks = 0;
	alarm(STUCK_S);
	open_side(&a);
	open_side(&b);
	if (!tls)
		return;
	assert_int_equal(tls_layer_accept(&b.s, server, NULL), 0);
	assert_int_equal(tls_layer_connect(
			     &a.s, client, "mx.example", TLS_VERIFY_HOST, NULL),
	    0);
}

/* What FROM's stream has sent, up to LIMIT bytes, spoilt at AT, to TO's. */
static void
carry(struct side *from, struct side *to, size_t limit, enum spoil spoil)
{
	char *p = from->held;
	ssize_t n = read(
	    from->far, p + from->nheld, sizeof from->held - from->nheld - 1);

	if (n > 0)
		from->nheld += (size_t)n;
	if (limit > from->nheld)
		limit = from->nheld;
	if (spoil == INSERT) {
		memmove(p + 1, p, from->nheld++);
		*p = any(2) == 0 ? 0x16 : (char)any(256);
		limit++;
	} else if (spoil == CHANGE && limit > 0) {
		p[any(limit)] ^= (char)(1 + any(255));
	}
	n = limit > 0 ? send(to->far, p, limit, MSG_NOSIGNAL) : 0;
	if (n > 0)
		memmove(p, p + n, from->nheld -= (size_t)n);
}

/* A stream that has nothing to do watches for nothing that is there. */
static void
assert_quiet(const struct side *side)
{
	struct pollfd p = { .fd = side->s.io.fd };

	if (side->ended || !side->s.io.added)
		return;
	if ((side->s.io.events & EV_READ) != 0)
		p.events |= POLLIN;
	if ((side->s.io.events & EV_WRITE) != 0)
		p.events |= POLLOUT;
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void
finish(void)
{
	for (int i = 0; i < 30; i++)
		turn();
	assert_quiet(&a);
	assert_quiet(&b);
	stream_set_deadline(&a.s, 1);
	stream_set_deadline(&b.s, 1);
	if (!a.ended || !b.ended)
		ev_run();
	assert_true(a.ended && b.ended);
	stream_close(&a.s);
	stream_close(&b.s);
	close(a.far);
	close(b.far);
	alarm(0);
}

/* Some run: both sides talk, what they say comes in pieces, and once at some
 * point something is wrong with it. */
static void
run(bool tls, size_t piece_max)
{
	const enum spoil spoil = (enum spoil)any(SPOILS);
	const size_t when = any(30);

	begin(tls);
	broker.mute = tls && any(4) == 0;
	for (size_t i = 0; i < PIECES_MAX && !(a.ended || b.ended); i++) {
		const bool now = i == when;
		struct side *from = any(2) == 0 ? &a : &b;
		struct side *to = from == &a ? &b : &a;

		if (any(4) == 0)
			stream_write(&from->s, SLICE("some words\r\n"));
		if (any(4) == 0)
			stream_resume(&to->s);
		if (now && spoil == CUT)
			shutdown(to->far, SHUT_WR);
		if (now && spoil == FINISH)
			stream_finish(&to->s);
		carry(from, to, any(piece_max), now ? spoil : NOTHING);
		turn();
	}
	finish();
	broker.mute = false;
}

static void
test_plain(void **state)
{
	(void)state;
	for (int i = 0; i < RUNS; i++)
		run(false, 1 + any(100));
}

static void
test_tls(void **state)
{
	(void)state;
	carried = 0;
	for (int i = 0; i < RUNS; i++)
		run(true, 2 + any(i % 2 == 0 ? 40 : 4000));
	assert_true(carried > 10000); /* many a handshake came through */
}

/* The bytes of strangers alone, from the first on: to the server, and, as an
 * answer to 220, to the client. */
static void
test_strangers(void **state)
{
	static const char *const heads[] = { "\x16", "\x16\x03", "\x15\x03\x03",
		"\x17\x03\x03\x40", "\x16\x03\x01\x02", "\x14", "\x80\x2e\x01",
		"GET / HTTP/1.1\r\n", "EHLO x\r\n" };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(heads); i++) {
		const struct slice head = slice_str(heads[i / 2]);
		struct side *to = i % 2 == 0 ? &a : &b;

		begin(true);
		for (size_t k = 0; k < head.n; k++) {
			(void)!write(to->far, head.p + k, 1);
			turn();
		}
		for (int k = 0; k < 100; k++) {
			const char c = (char)any(256);

			(void)!send(to->far, &c, 1, MSG_NOSIGNAL);
			turn();
		}
		finish();
	}
}

/* One octet, and silence: nothing but the deadline ends it. */
static void
test_one_octet(void **state)
{
	struct side *sides[] = { &a, &b };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(true);
		assert_int_equal(write(sides[i]->far, "\x16", 1), 1);
		for (int k = 0; k < 10; k++)
			turn();
		assert_false(sides[i]->ended);
		finish();
	}
}

static int
setup(void **state)
{
	const char *want = getenv("PABAL_SEED");
	const unsigned long n =
	    want != NULL ? strtoul(want, NULL, 10) : (unsigned long)time(NULL);
	int fd[2];

	(void)state;
	printf("PABAL_SEED=%lu\n", n);
	for (size_t i = 0; i < 3; i++)
		seed[i] = (unsigned short)(n >> (16 * i));
	identity_make(&id, false, "mx.example", 10);
	broker_start(&broker, &id, 1);
	ev_init();
	ev_io_init(&broker_io, broker.fd, on_broker);
	ev_io_set(&broker_io, EV_READ);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	ev_io_init(&other, fd[0], on_other);
	ev_io_set(&other, EV_READ);
	server = tls_server_new(&broker.signer);
	assert_int_equal(tls_server_add(server, buf_slice(&id.cert), NULL), 0);
	client = tls_client_new();
	return tls_client_trust(client, buf_slice(&id.cert), NULL);
}

static int
teardown(void **state)
{
	(void)state;
	tls_server_free(&server);
	tls_client_free(&client);
	broker_stop(&broker);
	identity_free(&id);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_octet),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: ISC */
/* Streams with a layer (one that turns bits over, reads ahead, and makes the
 * stream wait), and streams that connect. */
#include "ev/stream.h"

#include "tests/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ev/layer.h"

enum { TURN = 0x55 };

struct fake {
	struct stream_layer layer;
	char ahead[50]; /* read from the fd, not yet given out */
	size_t n;
	int calls;
	bool locked; /* a handshake that another event ends */
};

static const struct stream_limits limits = { 10, 1000, 500, 100 };
static struct stream s;
static struct fake *fake;
static int far = -1;
static struct ev_timer guard;
static char got[200];
static size_t ngot;
static int connects, ends, shutdowns, freed;
static enum stream_end end_why;
static int end_errno;
static bool close_on_connect;

static ssize_t
fake_read(struct stream_layer *l, char *p, size_t n)
{
	struct fake *f = OUTER(l, struct fake, layer);
	ssize_t r;

	if (f->locked) {
		l->want = 0;
		return STREAM_WAIT;
	}
	if (f->n == 0) {
		r = read(l->stream->io.fd, f->ahead, sizeof f->ahead);
		if (r == -1 && errno == EAGAIN) {
			l->want = EV_READ;
			return STREAM_WAIT;
		}
		if (r <= 0)
			return r;
		f->n = (size_t)r;
	}
	if (n > f->n)
		n = f->n;
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(f->ahead[i] ^ TURN);
	f->n -= n;
	memmove(f->ahead, f->ahead + n, f->n);
	return (ssize_t)n;
}

static ssize_t
fake_write(struct stream_layer *l, const char *p, size_t n)
{
	struct fake *f = OUTER(l, struct fake, layer);
	char c;

	(void)n;
	if (f->locked) {
		l->want = 0;
		return STREAM_WAIT;
	}
	if (++f->calls % 3 == 0) {
		l->want = EV_WRITE;
		return STREAM_WAIT;
	}
	c = (char)(*p ^ TURN);
	return write(l->stream->io.fd, &c, 1);
}

static bool
fake_pending(struct stream_layer *l)
{
	return OUTER(l, struct fake, layer)->n > 0;
}

static void
fake_shutdown(struct stream_layer *l)
{
	(void)l;
	shutdowns++;
}

static void
fake_free(struct stream_layer *l)
{
	freed++;
	free(OUTER(l, struct fake, layer));
}

static const struct stream_layer_ops ops = { fake_read, fake_write,
	fake_pending, fake_shutdown, fake_free };

static void
on_input(struct stream *x)
{
	const struct slice in = stream_input(x);

	assert_true(ngot + in.n < sizeof got);
	memcpy(got + ngot, in.p, in.n);
	ngot += in.n;
	stream_consume(x, in.n);
}

static void
on_end(struct stream *x, enum stream_end why)
{
	ends++;
	end_why = why;
	end_errno = x->saved_errno;
	ev_stop();
}

static void
on_connect(struct stream *x)
{
	connects++;
	if (close_on_connect)
		stream_close(x);
	ev_stop();
}

static const struct stream_handler handler = { on_input, NULL, on_end,
	on_connect };

static void
on_guard(struct ev_timer *t)
{
	(void)t;
	fail_msg("nothing happens any more");
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	ngot = 0;
	connects = ends = shutdowns = freed = 0;
	close_on_connect = false;
	ev_timer_init(&guard, on_guard);
	ev_timer_set(&guard, 10000);
	return 0;
}

static void
pair_with_layer(void)
{
	struct stream_layer *l;
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	stream_init(&s, fd[0], &handler, &limits);
	far = fd[1];
	fake = xcalloc(1, sizeof *fake);
	fake->layer.ops = &ops;
	l = &fake->layer;
	stream_set_layer(&s, &l);
	assert_null(l);
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

static void
say_turned(const char *text)
{
	for (; *text != '\0'; text++) {
		const char c = (char)(*text ^ TURN);

		assert_int_equal(write(far, &c, 1), 1);
	}
}

/* Bytes that the layer has read ahead are handed out without a word from the
 * socket, also after a pause. */
static void
test_layer_reads_ahead(void **state)
{
	(void)state;
	pair_with_layer();
	say_turned("forty bytes that the layer reads at once");
	turns(3);
	assert_true(slice_is(
	    slice_of(got, ngot), "forty bytes that the layer reads at once"));
	stream_pause(&s);
	say_turned("and more");
	turns(3);
	assert_int_equal(ngot, 40);
	stream_resume(&s);
	turns(3);
	assert_int_equal(ngot, 48);
	stream_close(&s);
	assert_int_equal(shutdowns, 1);
	assert_int_equal(freed, 1);
	close(far);
}

static void
test_layer_writes_in_bits(void **state)
{
	char said[100];
	size_t n = 0;

	(void)state;
	pair_with_layer();
	stream_write(&s, SLICE("a reply that goes out in bits"));
	stream_finish(&s);
	ev_run();
	assert_int_equal(end_why, STREAM_EOF);
	for (ssize_t r; (r = read(far, said + n, sizeof said - n)) > 0;)
		n += (size_t)r;
	for (size_t i = 0; i < n; i++)
		said[i] = (char)(said[i] ^ TURN);
	assert_true(
	    slice_is(slice_of(said, n), "a reply that goes out in bits"));
	stream_close(&s);
	close(far);
}

/* A layer that waits for something else says so with stream_kick. */
static void
test_layer_kick(void **state)
{
	(void)state;
	pair_with_layer();
	fake->locked = true;
	stream_write(&s, SLICE("out"));
	say_turned("in");
	turns(5);
	assert_int_equal(ngot, 0);
	assert_int_equal(stream_waiting(&s), 3);
	fake->locked = false;
	stream_kick(&s);
	turns(5);
	assert_int_equal(ngot, 2);
	assert_int_equal(stream_waiting(&s), 0);
	stream_close(&s);
	close(far);
}

/* A listening socket of our own, and an address where nobody listens. */
static int
listener(struct sockaddr_in *sin)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof *sin;

	*sin = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (void *)sin, sizeof *sin), 0);
	assert_int_equal(getsockname(fd, (void *)sin, &len), 0);
	return fd;
}

static void
start_connect(const struct sockaddr_in *sin)
{
	const int fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(
	    connect(fd, (const void *)sin, sizeof *sin) == -1 ? errno : 0,
	    EINPROGRESS);
	stream_init_connecting(&s, fd, &handler, &limits);
}

static void
test_connect(void **state)
{
	struct sockaddr_in sin;
	const int fd = listener(&sin);
	char said[10];

	(void)state;
	assert_int_equal(listen(fd, 5), 0);
	start_connect(&sin);
	stream_write(&s, SLICE("hello"));
	ev_run();
	assert_int_equal(connects, 1);
	turns(3);
	far = accept(fd, NULL, NULL);
	assert_int_equal(read(far, said, sizeof said), 5);
	assert_int_equal(write(far, "hi", 2), 2);
	close(far);
	ev_run();
	assert_true(slice_is(slice_of(got, ngot), "hi"));
	assert_int_equal(end_why, STREAM_EOF);
	stream_close(&s);
	/* Closed inside on_connect. */
	close_on_connect = true;
	start_connect(&sin);
	ev_run();
	assert_int_equal(connects, 2);
	assert_int_equal(s.io.fd, -1);
	close(fd);
}

/* What the kernel does by itself is off before each byte. */
static int
quickack_after_a_byte(int peer)
{
	socklen_t len = sizeof(int);
	int is = 0;

	assert_int_equal(
	    setsockopt(s.io.fd, IPPROTO_TCP, TCP_QUICKACK, &is, sizeof is), 0);
	assert_int_equal(write(peer, "x", 1), 1);
	for (const size_t before = ngot; ngot == before;)
		turns(1);
	assert_int_equal(
	    getsockopt(s.io.fd, IPPROTO_TCP, TCP_QUICKACK, &is, &len), 0);
	return is;
}

static void
test_quickack(void **state)
{
	struct sockaddr_in sin;
	const int fd = listener(&sin);

	(void)state;
	assert_int_equal(listen(fd, 5), 0);
	start_connect(&sin);
	ev_run();
	far = accept(fd, NULL, NULL);
	assert_int_equal(quickack_after_a_byte(far), 0);
	stream_quickack(&s, true);
	assert_int_equal(quickack_after_a_byte(far), 1);
	assert_int_equal(quickack_after_a_byte(far), 1);
	stream_quickack(&s, false);
	assert_int_equal(quickack_after_a_byte(far), 0);
	stream_close(&s);
	close(far);
	close(fd);
}

static void
test_connect_refused(void **state)
{
	struct sockaddr_in sin;
	const int fd = listener(&sin);

	(void)state;
	start_connect(&sin);
	ev_run();
	assert_int_equal(connects, 0);
	assert_int_equal(ends, 1);
	assert_int_equal(end_why, STREAM_ERROR);
	assert_int_equal(end_errno, ECONNREFUSED);
	stream_close(&s);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_layer_reads_ahead, setup),
		cmocka_unit_test_setup(test_layer_writes_in_bits, setup),
		cmocka_unit_test_setup(test_layer_kick, setup),
		cmocka_unit_test_setup(test_connect, setup),
		cmocka_unit_test_setup(test_quickack, setup),
		cmocka_unit_test_setup(test_connect_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

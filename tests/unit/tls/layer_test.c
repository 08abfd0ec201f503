/* SPDX-License-Identifier: ISC */
#include "tls/layer.h"

#include "tests/unit/tls/peer.h"

#include "ev/stream.h"

static struct identity id;
static struct broker broker;
static struct ev_io broker_io;

/* Two streams of one loop, each with its story. */
static struct side {
	struct stream s;
	char got[200000];
	size_t n;
	size_t want; /* stop the loop at so many bytes */
	unsigned done;
	bool ended;
	enum stream_end why;
	char error[256];
} a, b; /* client, server */
static struct tls_server *server;
static struct tls_client *client;

static const struct stream_limits limits = { 65536, 1000000, 100000, 1000 };

static void
on_broker(struct ev_io *io, unsigned events)
{
	(void)io, (void)events;
	broker_answer(&broker);
}

static void
on_input(struct stream *s)
{
	struct side *side = OUTER(s, struct side, s);
	const struct slice in = stream_input(s);

	assert_true(side->n + in.n <= sizeof side->got);
	memcpy(side->got + side->n, in.p, in.n);
	side->n += in.n;
	stream_consume(s, in.n);
	if (side->want > 0 && side->n >= side->want)
		ev_stop();
}

static void
on_end(struct stream *s, enum stream_end why)
{
	struct side *side = OUTER(s, struct side, s);

	side->ended = true;
	side->why = why;
	(void)slice_copy(
	    slice_str(tls_layer_error(s)), side->error, sizeof side->error);
	if (a.ended && b.ended)
		ev_stop();
}

static void
on_done(struct stream *s)
{
	struct side *side = OUTER(s, struct side, s);
	struct tls_facts facts;

	side->done++;
	assert_true(tls_layer_facts(s, &facts));
	assert_string_equal(facts.version, "TLSv1.3");
}

/* The server's 220 is out: from here on TLS. */
static void
on_drain(struct stream *s)
{
	assert_int_equal(tls_layer_accept(s, server, NULL), 0);
	tls_layer_on_done(s, on_done);
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_end = on_end,
	.on_drain = on_drain,
};

static int
setup(void **state)
{
	(void)state;
	identity_make(&id, false, "mx.example", 10);
	broker_start(&broker, &id, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	broker_stop(&broker);
	identity_free(&id);
	return 0;
}

static void
begin(void)
{
	int fd[2];

	ev_init();
	ev_io_init(&broker_io, broker.fd, on_broker);
	ev_io_set(&broker_io, EV_READ);
	server = tls_server_new(&broker.signer);
	assert_int_equal(tls_server_add(server, buf_slice(&id.cert), NULL), 0);
	client = tls_client_new();
	assert_int_equal(
	    tls_client_trust(client, buf_slice(&id.cert), NULL), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	stream_init(&a.s, fd[0], &handler, &limits);
	stream_init(&b.s, fd[1], &handler, &limits);
}

static void
finish(void)
{
	stream_close(&a.s);
	stream_close(&b.s);
	ev_io_stop(&broker_io);
	tls_server_free(&server);
	tls_client_free(&client);
}

/* Run until SIDE has got N bytes in all. */
static void
run_until(struct side *side, size_t n)
{
	side->want = n;
	if (side->n < n)
		ev_run();
	side->want = 0;
	assert_int_equal(side->n, n);
}

/* The clear part of a STARTTLS. */
static void
starttls(void)
{
	begin();
	stream_write(&b.s, SLICE("220 go\r\n"));
	stream_want_drain(&b.s);
	run_until(&a, 8);
	assert_memory_equal(a.got, "220 go\r\n", 8);
	a.n = 0;
}

/* Clear text, then TLS, then much data both ways; then the end. */
static void
test_starttls(void **state)
{
	static char big[150000];

	(void)state;
	starttls();
	assert_int_equal(tls_layer_connect(
			     &a.s, client, "mx.example", TLS_VERIFY_HOST, NULL),
	    0);
	tls_layer_on_done(&a.s, on_done);
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i % 251);
	/* More than out_high: both stop reading until it is sent. */
	stream_write(&a.s, slice_of(big, sizeof big));
	stream_write(&b.s, slice_of(big, sizeof big));
	run_until(&b, sizeof big);
	run_until(&a, sizeof big);
	assert_memory_equal(a.got, big, sizeof big);
	assert_memory_equal(b.got, big, sizeof big);
	assert_int_equal(a.done, 1);
	assert_int_equal(b.done, 1);
	stream_finish(&a.s);
	b.ended = true;
	ev_run();
	assert_int_equal(a.why, STREAM_EOF);
	finish();
}

/* What stands unread in the clear keeps TLS from starting. */
static void
test_nothing_survives(void **state)
{
	struct err err;
	struct side *sides[] = { &a, &b };

	(void)state;
	begin();
	for (size_t i = 0; i < 2; i++) {
		struct stream *s = &sides[i]->s;

		buf_adds(&s->in, "MAIL FROM:<>\r\n");
		assert_int_equal(tls_layer_accept(s, server, &err), -1);
		assert_int_equal(err.class, ERR_PERM);
		assert_int_equal(tls_layer_connect(s, client, "mx.example",
				     TLS_VERIFY_NONE, &err),
		    -1);
		assert_null(s->layer);
		buf_reset(&s->in);
		stream_write(s, SLICE("220 not sent yet\r\n"));
		assert_int_equal(tls_layer_accept(s, server, &err), -1);
	}
	finish();
}

/* The client sees why; the server sees that it left. */
static void
test_refused(void **state)
{
	(void)state;
	starttls();
	assert_int_equal(tls_layer_connect(&a.s, client, "other.example",
			     TLS_VERIFY_HOST, NULL),
	    0);
	tls_layer_on_done(&a.s, on_done);
	stream_write(&a.s, SLICE("secret"));
	ev_run();
	assert_int_equal(a.why, STREAM_ERROR);
	assert_non_null(strstr(a.error, "hostname mismatch"));
	assert_int_equal(a.done, 0);
	assert_int_equal(b.done, 0);
	assert_int_equal(b.n, 0);
	finish();
}

/* Closing while the signature is on its way. */
static void
test_closed_while_waiting(void **state)
{
	(void)state;
	starttls();
	broker.mute = true;
	assert_int_equal(tls_layer_connect(
			     &a.s, client, "mx.example", TLS_VERIFY_HOST, NULL),
	    0);
	broker.on_mute = ev_stop;
	ev_run();
	assert_int_equal(broker.signer.waiting.count, 1);
	finish();
	assert_int_equal(broker.signer.waiting.count, 0);
	broker.mute = false;
	broker.on_mute = NULL;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_nothing_survives),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_closed_while_waiting),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

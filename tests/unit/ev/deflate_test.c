/* SPDX-License-Identifier: ISC */
/* DEFLATE between a stream and a client that has zlib itself. */
#include "ev/deflate.h"

#include "tests/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/mem.h"
#include "ev/stream.h"

enum { MANY = 300000, SOCKET = 4096 };

static const struct stream_limits limits = { 4096, 1 << 20, 500000, 1000 };
static struct stream s;
static struct ev_task step;
static int far = -1;
static struct buf got; /* what the stream has read */
static z_stream client_out, client_in;
static struct buf to_send; /* compressed, of the client */
static struct buf seen;    /* what the client has read and unpacked */
static struct buf want_got, want_seen;
static bool ended;
static enum stream_end end_why;

static void
on_input(struct stream *st)
{
	buf_add(&got, stream_input(st));
	stream_consume(st, stream_input(st).n);
}

static void
on_end(struct stream *st, enum stream_end why)
{
	ended = true;
	end_why = why;
	stream_close(st);
}

static const struct stream_handler handler = { on_input, NULL, on_end, NULL };

static void
begin(void)
{
	const int size = SOCKET;
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF,
				     &size, sizeof size),
		    0);
	far = fds[1];
	ended = false;
	for (size_t i = 0; i < 5; i++)
		buf_init((struct buf *[]){ &got, &to_send, &seen, &want_got,
			     &want_seen }[i],
		    16 << 20);
	client_out = client_in = (z_stream){ 0 };
	assert_int_equal(
	    deflateInit2(&client_out, 6, Z_DEFLATED, -15, 8, 0), Z_OK);
	assert_int_equal(inflateInit2(&client_in, -15), Z_OK);
	stream_init(&s, fds[0], &handler, &limits);
}

static void
finish(void)
{
	if (!ended)
		stream_close(&s);
	close(far);
	(void)deflateEnd(&client_out);
	(void)inflateEnd(&client_in);
	buf_fini(&got);
	buf_fini(&to_send);
	buf_fini(&seen);
	buf_fini(&want_got);
	buf_fini(&want_seen);
}

/* The client says so. */
static void
say(struct slice text, int flush)
{
	buf_add(&want_got, text);
	client_out.next_in = (const Bytef *)text.p;
	client_out.avail_in = (uInt)text.n;
	do {
		char *room = buf_room(&to_send, 8192);

		client_out.next_out = (Bytef *)room;
		client_out.avail_out = 8192;
		(void)deflate(&client_out, flush);
		buf_added(&to_send, 8192 - client_out.avail_out);
	} while (client_out.avail_out == 0);
}

/* The server does. */
static void
answer(struct slice text)
{
	buf_add(&want_seen, text);
	stream_write(&s, text);
}

static void
client_turn(void)
{
	char in[3000];
	ssize_t n =
	    send(far, to_send.p, to_send.n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		buf_consume(&to_send, (size_t)n);
	n = recv(far, in, sizeof in, MSG_DONTWAIT);
	if (n <= 0)
		return;
	client_in.next_in = (const Bytef *)in;
	client_in.avail_in = (uInt)n;
	while (client_in.avail_in > 0 || client_in.avail_out == 0) {
		client_in.next_out = (Bytef *)buf_room(&seen, 8192);
		client_in.avail_out = 8192;
		if (inflate(&client_in, Z_SYNC_FLUSH) == Z_BUF_ERROR)
			break;
		buf_added(&seen, 8192 - client_in.avail_out);
	}
}

static bool
all_there(void)
{
	return got.n >= want_got.n && seen.n >= want_seen.n;
}

/* As often as anything moves. */
static void
on_step(struct ev_task *t)
{
	client_turn();
	if (all_there() || ended)
		ev_stop();
	else
		ev_task_queue(t);
}

static void
exchange(void)
{
	ev_task_init(&step, on_step);
	ev_task_queue(&step);
	ev_run();
	assert_int_equal(got.n, want_got.n);
	assert_int_equal(seen.n, want_seen.n);
	assert_memory_equal(got.p, want_got.p, got.n);
	assert_memory_equal(seen.p, want_seen.p, seen.n);
}

/* Text that has something to compress, N bytes of it. */
static struct slice
some_text(size_t n)
{
	static char text[MANY];

	for (size_t i = 0; i < n; i++)
		text[i] = (char)("abcdefgh"[rand() % 8] + (rand() % 50 == 0));
	return slice_of(text, n);
}

static void
test_both_ways(void **state)
{
	(void)state;
	begin();
	deflate_start(&s);
	say(SLICE("a CAPABILITY\r\n"), Z_SYNC_FLUSH);
	answer(SLICE("* CAPABILITY IMAP4rev1\r\na OK\r\n"));
	exchange();
	answer(some_text(MANY)); /* larger than every buffer on the way */
	say(some_text(MANY), Z_SYNC_FLUSH);
	exchange();
	finish();
}

enum { GREETING = 21 };
static char greeting[GREETING];
static size_t ngreeting;

/* What the client reads before it turns to DEFLATE. */
static void
on_greeting(struct ev_task *t)
{
	const ssize_t n =
	    recv(far, greeting + ngreeting, GREETING - ngreeting, MSG_DONTWAIT);

	ngreeting += n > 0 ? (size_t)n : 0;
	if (ngreeting == GREETING)
		ev_stop();
	else
		ev_task_queue(t);
}

/* What was written before goes out as it is. */
static void
test_plain_before(void **state)
{
	(void)state;
	begin();
	stream_write(&s, SLICE("a OK DEFLATE active\r\n"));
	deflate_start(&s);
	answer(SLICE("* compressed\r\n"));
	ev_task_init(&step, on_greeting);
	ev_task_queue(&step);
	ev_run();
	assert_memory_equal(greeting, "a OK DEFLATE active\r\n", GREETING);
	say(SLICE("x"), Z_SYNC_FLUSH);
	exchange();
	finish();
}

/* At rest nothing is kept but what is referred to; the other side sees no
 * difference, however it flushes. */
static void
test_rest(void **state)
{
	static const int flushes[] = { Z_SYNC_FLUSH, Z_PARTIAL_FLUSH,
		Z_FULL_FLUSH, Z_BLOCK };

	(void)state;
	begin();
	deflate_start(&s);
	for (int i = 0; i < 400; i++) {
		const int flush = flushes[rand() % 3];

		deflate_rest(&s);
		say(some_text((size_t)(rand() % 300)), flush);
		if (flush == Z_PARTIAL_FLUSH && rand() % 2 == 0)
			say(some_text(1), Z_PARTIAL_FLUSH);
		answer(some_text((size_t)(rand() % 3000)));
		if (rand() % 4 == 0)
			deflate_rest(&s); /* something waits to be sent */
		exchange();
	}
	deflate_rest(&s);
	deflate_rest(&s);
	finish();
}

static void
run_to_end(void)
{
	ev_task_init(&step, on_step);
	buf_add(&want_got, SLICE("never"));
	ev_task_queue(&step);
	ev_run();
	assert_true(ended);
}

static void
test_no_deflate(void **state)
{
	(void)state;
	begin();
	deflate_start(&s);
	buf_add(&to_send, SLICE("a NOOP\r\nb NOOP\r\n"));
	run_to_end();
	assert_int_equal(end_why, STREAM_ERROR);
	finish();
}

static void
test_last_block(void **state)
{
	(void)state;
	begin();
	deflate_start(&s);
	say(SLICE("a LOGOUT\r\n"), Z_FINISH);
	run_to_end();
	assert_int_equal(end_why, STREAM_EOF);
	assert_int_equal(got.n, 10);
	finish();
}

/* Little that becomes much: it comes as the reader takes it. */
static void
test_bomb(void **state)
{
	static char zeros[1 << 20];

	(void)state;
	begin();
	deflate_start(&s);
	say(slice_of(zeros, sizeof zeros), Z_SYNC_FLUSH);
	assert_true(to_send.n < 8192);
	exchange();
	finish();
}

/* It rests, and another stream goes on with the same connection. */
static void
test_again(void **state)
{
	struct buf saved, line;
	int fd;

	(void)state;
	begin();
	buf_init(&saved, 1 << 20);
	buf_init(&line, 1 << 20);
	deflate_start(&s);
	assert_true(deflate_save(&s, &saved)); /* nothing came yet */
	buf_reset(&saved);
	say(SLICE("a NOOP and some text to be referred to\r\n"), Z_SYNC_FLUSH);
	answer(SLICE("a OK NOOP completed, and text to be referred to\r\n"));
	exchange();
	assert_false(deflate_save(&s, &saved));
	deflate_rest(&s);
	assert_true(deflate_save(&s, &saved));
	fd = stream_release_fd(&s);
	deflate_apart(SLICE("* OK Still here\r\n"), &line);
	buf_add(&want_seen, SLICE("* OK Still here\r\n"));
	assert_int_equal(send(fd, line.p, line.n, 0), line.n);
	stream_init(&s, fd, &handler, &limits);
	assert_true(deflate_again(&s, buf_slice(&saved)));
	say(SLICE("b NOOP and some text to be referred to\r\n"), Z_SYNC_FLUSH);
	answer(SLICE("b OK NOOP completed, and text to be referred to\r\n"));
	exchange();
	buf_fini(&line);
	buf_fini(&saved);
	finish();
}

static void
test_not_again(void **state)
{
	static char large[2 + 32768 + 1];

	(void)state;
	begin();
	assert_false(deflate_again(&s, SLICE("")));
	assert_false(deflate_again(&s, SLICE("\0")));
	assert_false(deflate_again(&s, SLICE("\10\0")));
	assert_false(deflate_again(&s, slice_of(large, sizeof large)));
	assert_false(deflate_save(&s, NULL));
	assert_true(deflate_again(&s, slice_of(large, sizeof large - 1)));
	finish();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_plain_before),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_no_deflate),
		cmocka_unit_test(test_last_block),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_not_again),
	};

	ev_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

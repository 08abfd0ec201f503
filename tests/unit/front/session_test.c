/* SPDX-License-Identifier: ISC */
/* A front end with a protocol of its own: it greets, and gives lines back. */
#include "front/front.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "front/conf.h"
#include "log/log.h"
#include "sys/addr.h"
#include "sys/id.h"

#include "tests/clock.h"
#include "tests/unit.h"

struct echo {
	struct front_session front;
	bool closed;
};

static const struct front_protocol clear = { "echo", false };
static const struct front_protocol secure = { "echos", true };
static struct front_conf conf_values;
static const struct front_conf *conf = &conf_values;
static unsigned sessions;
static struct cidr proxies;

static struct front_session *
echo_alloc(const struct front_protocol *p)
{
	struct echo *e = xcalloc(1, sizeof *e);

	(void)p;
	return &e->front;
}

static void
echo_begin(struct front_session *s)
{
	front_deadline(s, 60000);
	stream_printf(&s->stream, "hello\n");
}

static void
become(struct front_session *s, struct slice ip)
{
	struct addr addr;

	must(s->vouches && addr_parse(&addr, ip, 1, NULL) == 0);
	if (front_become(s, &addr))
		stream_printf(&s->stream, "yes ");
}

static bool
vouches(const struct addr *peer)
{
	char text[ADDR_TEXT];

	return slice_is(slice_str(addr_format_ip(peer, text)), "203.0.115.1");
}

/* "quit" ends, "work" and "rest" are for a stop, "rate" counts. */
static size_t
echo_take(struct front_session *s, struct slice in)
{
	const size_t nl = slice_find(in, '\n');
	const struct slice line = slice_sub(in, 0, nl);

	if (nl == in.n)
		return 0;
	if (slice_is(line, "work"))
		front_work(s, FRONT_WORKS);
	if (slice_is(line, "share")) {
		front_share(s, true);
		front_work(s, FRONT_ASKS);
		stream_pause(&s->stream);
		return nl + 1;
	}
	if (slice_starts(line, SLICE("be ")))
		become(s, slice_from(line, 3));
	if (slice_is(line, "rate"))
		stream_printf(&s->stream, "%s",
		    front_rate(s, FRONT_MESSAGES, 2) ? "yes " : "no ");
	stream_printf(&s->stream, "%.*s\n", SLICE_FMT(line));
	if (slice_is(line, "rest"))
		front_work(s, FRONT_IDLE);
	if (slice_is(line, "quit"))
		front_finish(s);
	if (slice_is(line, "out"))
		front_close(s, "told to");
	return nl + 1;
}

static void
echo_secured(struct front_session *s)
{
	(void)s;
}

static void
echo_free(struct front_session *s)
{
	free(OUTER(s, struct echo, front));
}

static void
echo_words(const struct front_protocol *p, enum front_why why, struct buf *out)
{
	(void)p;
	buf_addf(out, "bye %d\n", (int)why);
}

static const struct front_ops ops = {
	.limits = { 1024, 4096, 2048, 0 },
	.alloc = echo_alloc,
	.vouches = vouches,
	.begin = echo_begin,
	.take = echo_take,
	.secured = echo_secured,
	.free = echo_free,
	.words = echo_words,
};

static void
on_count(unsigned n)
{
	sessions = n;
}

/* ---- clients */

static int
client(const char *ip, const struct front_protocol *p, bool room)
{
	struct addr peer;
	int fd[2];

	must(addr_parse(&peer, slice_str(ip), 1, NULL) == 0);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	front_accept(fd[0], p, &peer, room, room);
	return fd[1];
}

static void
say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static const char *
heard(int fd)
{
	static char text[4096];
	const ssize_t n = read(fd, text, sizeof text - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static bool
at_end(int fd)
{
	char c;

	return read(fd, &c, 1) == 0;
}

/* A few turns of the loop: all is there at once, nothing is waited for. */
static void
on_turns(struct ev_task *task)
{
	static int turns;

	if (++turns % 50 == 0)
		ev_stop();
	else
		ev_task_queue(task);
}

static void
run(void)
{
	struct ev_task task;

	ev_task_init(&task, on_turns);
	ev_task_queue(&task);
	ev_run();
}

static void
gone(int fd)
{
	close(fd);
	run();
}

/* ---- tests, in this order */

/* No deadline of ours for who is in another's hands. */
static void
test_shared_has_time(void **state)
{
	const int fd = client("192.0.2.1", &clear, true);

	(void)state;
	say(fd, "share\n");
	run();
	(void)heard(fd);
	clock_run(3600000);
	run();
	assert_string_equal(heard(fd), "");
	assert_int_equal(sessions, 1);
	gone(fd);
}

static int
setup(void **state)
{
	(void)state;
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	ev_init();
	conf_values.max_sessions_per_client = 3;
	conf_values.max_sessions_per_user = 3;
	conf_values.rate_time_unit = 3600000;
	conf_values.proxy_protocol_timeout = 5000;
	must(addr_cidr_parse(&proxies, SLICE("203.0.113.0/24"), NULL) == 0);
	conf_values.proxy_protocol_hosts.v = &proxies;
	conf_values.proxy_protocol_hosts.n = 1;
	front_init(&ops, ROLE_SMTPD, 7, (const void *const *)&conf, on_count);
	return 0;
}

/* Until the certificates are here nobody is greeted; those who have gone
 * meanwhile are forgotten. */
static void
test_held_for_certificates(void **state)
{
	const int one = client("192.0.2.1", &clear, true);
	const int two = client("192.0.2.2", &clear, true);

	(void)state;
	say(one, "early\n");
	run();
	assert_string_equal(heard(one), "");
	assert_int_equal(sessions, 2);
	gone(two);
	front_on_certs();
	run();
	assert_string_equal(heard(one), "hello\nearly\n");
	gone(one);
	assert_int_equal(sessions, 0);
}

/* There is no certificate: who wants TLS first hears nothing in the clear. */
static void
test_no_certificate(void **state)
{
	const int fd = client("192.0.2.1", &secure, true);

	(void)state;
	run();
	assert_true(at_end(fd));
	close(fd);
}

static void
test_ends(void **state)
{
	const int quits = client("192.0.2.1", &clear, true);
	const int out = client("192.0.2.1", &clear, true);

	(void)state;
	say(quits, "a\nquit\nb\n");
	say(out, "a\nout\nb\n");
	run();
	assert_string_equal(heard(quits), "hello\na\nquit\n");
	assert_true(at_end(quits));
	assert_string_equal(heard(out), "hello\na\nout\n");
	assert_true(at_end(out)); /* our side; it may still say something */
	assert_int_equal(sessions, 1);
	say(out, "c\n");
	run();
	gone(out);
	assert_int_equal(sessions, 0);
	close(quits);
}

static void
refused(const char *ip, const struct front_protocol *p, bool room,
    const char *words)
{
	const int fd = client(ip, p, room);

	run();
	assert_string_equal(heard(fd), words);
	assert_true(at_end(fd));
	gone(fd);
}

static void
test_limits_of_sessions(void **state)
{
	int fds[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		fds[i] = client("192.0.2.1", &clear, true);
	refused("192.0.2.1", &clear, true, "bye 1\n");
	refused("192.0.2.1", &secure, true, "");
	refused("192.0.2.2", &clear, false, "bye 0\n");
	assert_int_equal(sessions, 3);
	for (int i = 0; i < 3; i++)
		gone(fds[i]);
	fds[0] = client("192.0.2.1", &clear, true);
	run();
	assert_string_equal(heard(fds[0]), "hello\n");
	gone(fds[0]);
}

static void
test_rates(void **state)
{
	int fd;

	(void)state;
	conf_values.client_connection_rate_limit = 2;
	fd = client("198.51.100.1", &clear, true);
	say(fd, "rate\nrate\n");
	run();
	assert_string_equal(heard(fd), "hello\nyes rate\nyes rate\n");
	gone(fd);
	fd = client("198.51.100.1", &clear, true);
	say(fd, "rate\n");
	run();
	assert_string_equal(heard(fd), "hello\nno rate\n");
	gone(fd);
	refused("198.51.100.1", &clear, true, "bye 3\n");
	fd = client("198.51.100.2", &clear, true);
	run();
	assert_string_equal(heard(fd), "hello\n");
	gone(fd);
	conf_values.client_connection_rate_limit = 0;
	gone(client("198.51.100.1", &clear, true));
}

/* ---- behind proxies */

static void
give(int fd, struct slice bytes)
{
	assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
	run();
}

static void
test_proxy(void **state)
{
	static const struct slice v1 = {
		"PROXY TCP4 198.51.100.7 192.0.2.9 4711 25\r\nearly\n", 49
	};
	static const struct slice v2 = { "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\xe"
					 "\xc6\x33\x64\7\xc0\0\2\1\x12\x67\0"
					 "\x19\4\0late\n",
		35 };
	int fd = client("203.0.113.1", &clear, true);

	(void)state;
	run();
	assert_string_equal(heard(fd), "");
	assert_int_equal(sessions, 1);
	for (size_t i = 0; i < v1.n; i++)
		give(fd, slice_sub(v1, i, 1));
	assert_string_equal(heard(fd), "hello\nearly\n");
	assert_int_equal(sessions, 1);
	gone(fd);
	fd = client("203.0.113.2", &clear, true);
	give(fd, v2);
	assert_string_equal(heard(fd), "hello\nlate\n");
	gone(fd);
	/* a connection of the proxy's own */
	fd = client("203.0.113.2", &clear, true);
	give(fd, SLICE("PROXY UNKNOWN\r\n"));
	assert_string_equal(heard(fd), "hello\n");
	gone(fd);
	assert_int_equal(sessions, 0);
	/* from anybody else it is what the protocol makes of it */
	fd = client("203.0.114.1", &clear, true);
	give(fd, SLICE("PROXY UNKNOWN\r\n"));
	assert_string_equal(heard(fd), "hello\nPROXY UNKNOWN\r\n");
	gone(fd);
}

/* Closed, whatever was still to be read. */
static bool
dropped(int fd)
{
	char c;

	return read(fd, &c, 1) == 0 || errno == ECONNRESET;
}

/* Who sends no header is not served, nor waited for. */
static void
test_proxy_without_header(void **state)
{
	const int wrong = client("203.0.113.1", &clear, true);
	const int left = client("203.0.113.1", &clear, true);
	const int slow = client("203.0.113.1", &clear, true);

	(void)state;
	give(wrong, SLICE("PROXY TCP4 x\r\n"));
	assert_true(dropped(wrong));
	give(left, SLICE("PROXY "));
	close(left);
	give(slow, SLICE("PROXY TCP4 198.51.100.7"));
	assert_int_equal(sessions, 1);
	clock_run(4999);
	run();
	assert_int_equal(sessions, 1);
	clock_run(2);
	run();
	assert_true(at_end(slow));
	assert_int_equal(sessions, 0);
	close(wrong);
	close(slow);
}

static int
proxied(const char *ip, bool room)
{
	const int fd = client("203.0.113.1", &clear, room);
	char header[100];

	snprintf(
	    header, sizeof header, "PROXY TCP4 %s 192.0.2.9 4711 25\r\n", ip);
	give(fd, slice_str(header));
	return fd;
}

/* Limits are those of the client, whichever proxy it comes through; the
 * proxy's connections have none but that of the process. */
static void
test_limits_behind_proxies(void **state)
{
	int fds[5], fd;

	(void)state;
	for (int i = 0; i < 5; i++)
		fds[i] = proxied("198.51.100.8", true);
	for (int i = 0; i < 5; i++)
		assert_string_equal(
		    heard(fds[i]), i < 3 ? "hello\n" : "bye 1\n");
	fd = client("198.51.100.8", &clear, true);
	run();
	assert_string_equal(heard(fd), "bye 1\n");
	gone(fd);
	fd = proxied("198.51.100.9", true);
	assert_string_equal(heard(fd), "hello\n");
	gone(fd);
	for (int i = 0; i < 5; i++)
		gone(fds[i]);
	assert_int_equal(sessions, 0);
	conf_values.client_connection_rate_limit = 1;
	gone(proxied("198.51.100.10", true));
	fd = proxied("198.51.100.10", true);
	assert_string_equal(heard(fd), "bye 3\n");
	gone(fd);
	gone(proxied("198.51.100.11", true));
	conf_values.client_connection_rate_limit = 0;
	/* no room in the process: said at once */
	fd = client("203.0.113.1", &clear, false);
	run();
	assert_string_equal(heard(fd), "bye 0\n");
	gone(fd);
	assert_int_equal(sessions, 0);
}

/* Says on whose behalf it speaks, later. */
static void
test_becomes_another(void **state)
{
	int fds[5], all = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		fds[i] = client("203.0.115.1", &clear, true);
		say(fds[i], "rate\nbe 198.51.100.12\nrate\n");
		run();
		all += strcmp(heard(fds[i]),
			   "hello\nyes rate\nyes be 198.51.100.12\n"
			   "yes rate\n") == 0;
	}
	/* of rates and of sessions */
	assert_int_equal(all, 2);
	for (int i = 0; i < 5; i++)
		gone(fds[i]);
	assert_int_equal(sessions, 0);
}

static void
test_ids_differ(void **state)
{
	char one[FRONT_SID_BYTES], two[FRONT_SID_BYTES];

	(void)state;
	id_new(one, ROLE_SMTPD << 10 | 7, 3);
	id_new(two, ROLE_LOGIN << 10 | 7, 3);
	assert_string_not_equal(one + 11, two + 11);
}

/* Who is waited for goes at once, what is under way comes to its end. */
static void
test_stop(void **state)
{
	const int idle = client("192.0.2.1", &clear, true);
	const int works = client("192.0.2.2", &clear, true);
	const int shared = client("192.0.2.3", &clear, true);

	(void)state;
	say(works, "work\n");
	say(shared, "share\n");
	run();
	(void)heard(idle), (void)heard(works), (void)heard(shared);
	front_stop();
	run();
	assert_string_equal(heard(idle), "bye 5\n");
	assert_string_equal(heard(works), "");
	/* somebody else may be speaking there */
	assert_string_equal(heard(shared), "");
	clock_run(2000);
	assert_true(at_end(shared));
	close(shared);
	gone(idle);
	assert_true(front_busy());
	say(works, "more\nrest\n");
	run();
	assert_string_equal(heard(works), "more\nrest\nbye 5\n");
	gone(works);
	assert_false(front_busy());
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_for_certificates),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_limits_of_sessions),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_proxy_without_header),
		cmocka_unit_test(test_limits_behind_proxies),
		cmocka_unit_test(test_becomes_another),
		cmocka_unit_test(test_shared_has_time),
		cmocka_unit_test(test_ids_differ),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

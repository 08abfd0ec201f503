/* SPDX-License-Identifier: ISC */
/* Heads of requests as RFC 9112 has them, and what is none. */
#include "tests/unit.h"

#include "http/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define H "Host: a.test\r\n"
#define G "GET / HTTP/1.1\r\n" H
#define P "POST / HTTP/1.1\r\n" H

enum { MAX = 16384 };

/* clang-format off */
static const struct {
	const char *head;
	unsigned status; /* 0: it is one */
	enum http_method method;
	const char *path, *query, *host;
	bool persists;
} rows[] = {
	{ "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 0, HTTP_GET, "/", "", "a.test", true },
	{ "\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 0, HTTP_GET, "/", "", "a.test", true },
	{ "HEAD /a%20b?c=d?e HTTP/1.1\r\nhost:\t a.test:8080 \t\r\n\r\n", 0, HTTP_HEAD, "/a%20b", "c=d?e", "a.test:8080", true },
	{ "GET /? HTTP/1.1\r\nHost:\r\n\r\n", 0, HTTP_GET, "/", "", "", true },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, HTTP_OPTIONS, "*", "", "a.test", true },
	{ "GET http://b.test/x?y HTTP/1.1\r\n" H "\r\n", 0, HTTP_GET, "/x", "y", "b.test", true },
	{ "GET HTTPS://[::1]:443?y HTTP/1.1\r\n" H "\r\n", 0, HTTP_GET, "/", "y", "[::1]:443", true },
	{ "GET http://b.test HTTP/1.1\r\n" H "\r\n", 0, HTTP_GET, "/", "", "b.test", true },
	{ "GET / HTTP/1.0\r\n\r\n", 0, HTTP_GET, "/", "", "", false },
	{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, HTTP_GET, "/", "", "", false },
	{ "GET / HTTP/1.9\r\n" H "\r\n", 0, HTTP_GET, "/", "", "a.test", true },
	{ G "Connection: Close\r\n\r\n", 0, HTTP_GET, "/", "", "a.test", false },
	{ G "Connection: te , close,\r\n\r\n", 0, HTTP_GET, "/", "", "a.test", false },
	{ G "Connection: te\r\nConnection: close\r\n\r\n", 0, HTTP_GET, "/", "", "a.test", false },
	{ G "X: \xC3\xBC\t\"\r\nY:\r\n\r\n", 0, HTTP_GET, "/", "", "a.test", true },

	/* lines */
	{ "GET / HTTP/1.1\nHost: a.test\n\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.1\r\nHost: a.test\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X: a\rb\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "\n", 400, 0, NULL, NULL, NULL, false },
	/* the first */
	{ " GET / HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET  / HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.1 \r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / \r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET /\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET\t/ HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET a HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET * HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET /a#b HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET /\xC3\xBC HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET /\\ HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET http:///x HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET http://a@b.test/ HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET ftp://b.test/ HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / http/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/11\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.10\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/2.0\r\n" H "\r\n", 505, 0, NULL, NULL, NULL, false },
	{ "PRI * HTTP/2.0\r\n\r\n", 505, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/0.9\r\n" H "\r\n", 505, 0, NULL, NULL, NULL, false },
	{ "get / HTTP/1.1\r\n" H "\r\n", 501, 0, NULL, NULL, NULL, false },
	{ "CONNECT a.test:25 HTTP/1.1\r\n" H "\r\n", 501, 0, NULL, NULL, NULL, false },
	{ "G(T / HTTP/1.1\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "EHLO a.test\r\n", 400, 0, NULL, NULL, NULL, false },
	/* fields */
	{ "GET / HTTP/1.1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "GET / HTTP/1.1\r\n X: y\r\n" H "\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X: y\r\n z\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X : y\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G ": y\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X: \x01\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X: \x7f\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "X[: y\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ G "Expect: 200-ok\r\n\r\n", 417, 0, NULL, NULL, NULL, false },
	/* how long it is (request smuggling) */
	{ P "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: 1, 1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: +1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: -1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: 0x1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: 1 1\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length:\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: 9223372036854775808\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: 99999999999999999999999\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ P "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, 0, NULL, NULL, NULL, false },
	{ P "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, 0, NULL, NULL, NULL, false },
	{ P "Transfer-Encoding: xchunked\r\n\r\n", 501, 0, NULL, NULL, NULL, false },
	{ P "Transfer-Encoding: \x0b" "chunked\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, NULL, NULL, NULL, false },
};
/* clang-format on */

static void
test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].head);
		struct http_request r;
		unsigned status = 0;
		size_t len = 0;
		const enum http_need need =
		    http_request_parse(in, MAX, &r, &len, &status);

		print_message("%s\n", rows[i].head);
		assert_int_equal(status, rows[i].status);
		if (rows[i].status != 0) {
			assert_int_equal(need, HTTP_REFUSED);
			continue;
		}
		assert_int_equal(need, HTTP_WHOLE);
		assert_int_equal(len, in.n);
		assert_int_equal(r.method, rows[i].method);
		assert_true(slice_is(r.path, rows[i].path));
		assert_true(slice_is(r.query, rows[i].query));
		assert_true(slice_is(r.host, rows[i].host));
		assert_int_equal(r.persists, rows[i].persists);
	}
}

static enum http_need
parse(const char *head, struct http_request *r)
{
	unsigned status;
	size_t len;

	return http_request_parse(slice_str(head), MAX, r, &len, &status);
}

static void
test_content(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(parse(G "\r\n", &r), HTTP_WHOLE);
	assert_true(r.length == 0 && !r.chunked && !r.expects);
	assert_int_equal(
	    parse(P "Content-Length: 12\r\nExpect: 100-Continue\r\n\r\n", &r),
	    HTTP_WHOLE);
	assert_true(r.length == 12 && !r.chunked && r.expects);
	assert_int_equal(
	    parse(P "Content-Length: 9223372036854775807\r\n\r\n", &r),
	    HTTP_WHOLE);
	assert_true(r.length == INT64_MAX);
	assert_int_equal(
	    parse(P "transfer-encoding: Chunked\r\n\r\n", &r), HTTP_WHOLE);
	assert_true(r.length == 0 && r.chunked && !r.expects);
	/* nothing is waited for */
	assert_int_equal(
	    parse(P "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n", &r),
	    HTTP_WHOLE);
	assert_false(r.expects);
	assert_int_equal(parse("POST / HTTP/1.0\r\nContent-Length: 1\r\n"
			       "Expect: 100-continue\r\n\r\n",
			     &r),
	    HTTP_WHOLE);
	assert_false(r.expects);
}

static void
test_fields(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(
	    parse(G "Accept-Encoding: gzip\r\naccept-ENCODING: br\r\n\r\n", &r),
	    HTTP_WHOLE);
	assert_true(
	    slice_is(http_request_field(&r, "accept-encoding"), "gzip"));
	assert_true(slice_is(http_request_field(&r, "Accept"), ""));
	assert_true(http_list_has(SLICE("a, GZIP ,b"), "gzip"));
	assert_true(http_list_has(SLICE(",gzip"), "gzip"));
	assert_false(http_list_has(SLICE("gzipped, x-gzip, gz ip"), "gzip"));
	assert_false(http_list_has(SLICE(""), "gzip"));
	assert_true(http_accepts(SLICE("br;q=1.0, GZIP ; q=0.001"), "gzip"));
	assert_true(http_accepts(SLICE("br;q=1.0, gzip"), "br"));
	assert_false(http_accepts(SLICE("gzip;q=0"), "gzip"));
	assert_false(http_accepts(SLICE("gzip; Q=0.000 , gzip"), "gzip"));
	assert_false(http_accepts(SLICE("*, identity"), "gzip"));
}

/* However a head is cut into pieces, it ends where it ends. */
static void
test_pieces(void **state)
{
	static const char head[] = "GET /x HTTP/1.1\r\n" H "X: y\r\n\r\nGET";
	const size_t whole = sizeof head - 4;
	struct http_request r;
	unsigned status;
	size_t len;

	(void)state;
	for (size_t n = 0; n < sizeof head; n++) {
		const enum http_need need = http_request_parse(
		    slice_of(head, n), MAX, &r, &len, &status);

		assert_int_equal(need, n < whole ? HTTP_MORE : HTTP_WHOLE);
		if (n >= whole)
			assert_int_equal(len, whole);
	}
}

static void
refused(const char *before, size_t n, const char *after, unsigned expected)
{
	struct buf head = { .max = 1 << 20 };
	struct http_request r;
	unsigned status;
	size_t len;

	buf_adds(&head, before);
	while (n-- > 0)
		buf_addc(&head, 'a');
	buf_adds(&head, after);
	assert_int_equal(
	    http_request_parse(buf_slice(&head), MAX, &r, &len, &status),
	    expected == 0 ? HTTP_WHOLE : HTTP_REFUSED);
	assert_int_equal(status, expected);
	buf_fini(&head);
}

static void
test_limits(void **state)
{
	struct buf head = { .max = 1 << 20 };
	struct http_request r;
	unsigned status;
	size_t len;

	(void)state;
	refused("GET /", HTTP_TARGET_MAX - 1, " HTTP/1.1\r\n" H "\r\n", 0);
	refused("GET /", HTTP_TARGET_MAX, " HTTP/1.1\r\n" H "\r\n", 414);
	refused("GET /", MAX, "", 414);
	refused(G "X: ", MAX, "", 431);
	refused(G "X: ", MAX, "\r\n\r\n", 431);
	refused("GET / HTTP/1.1\r\nX: ", 100, "\r\n" H "\r\n", 0);

	buf_adds(&head, G);
	for (size_t i = 1; i < HTTP_FIELDS_MAX; i++)
		buf_adds(&head, "X: y\r\n");
	buf_adds(&head, "\r\n");
	assert_int_equal(
	    http_request_parse(buf_slice(&head), MAX, &r, &len, &status),
	    HTTP_WHOLE);
	buf_truncate(&head, head.n - 2);
	buf_adds(&head, "X: y\r\n\r\n");
	assert_int_equal(
	    http_request_parse(buf_slice(&head), MAX, &r, &len, &status),
	    HTTP_REFUSED);
	assert_int_equal(status, 431);
	buf_fini(&head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

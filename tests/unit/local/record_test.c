/* SPDX-License-Identifier: ISC */
#include "local/record.h"

#include "tests/unit.h"

#include <stdio.h>

#include "base/mem.h"

#include "tests/record_law.h"

enum { MESSAGES = 4000, PIECES_MAX = 24 };

/* clang-format off */
static const struct slice pieces[] = {
	SLICE("Content-Type: multipart/mixed; boundary=x\r\n\r\n"),
	SLICE("Content-Type: multipart/alternative; boundary=\"y z\"\r\n\r\n"),
	SLICE("Content-Type: multipart/digest; boundary*0*=''%78; boundary*1=y\r\n\r\n"),
	SLICE("Content-Type: multipart/mixed\r\n\r\n"),
	SLICE("Content-Type: message/rfc822\r\n\r\n"),
	SLICE("Content-Type: message/global\r\n\r\n"),
	SLICE("Content-Type: message/delivery-status\r\n\r\n"),
	SLICE("Content-Type: text/html; charset=utf-8; name=\"a \\\"b\\\"\"\r\n"),
	SLICE("Content-Type: image/png;\r\n name*=utf-8''%EA%B0%80\r\n\r\n"),
	SLICE("Content-Type: broken\r\n"),
	SLICE("Content-Transfer-Encoding: base64\r\n"),
	SLICE("Content-Disposition: attachment; filename=\"\xea\xb0\x80\"\r\n"),
	SLICE("Content-Description: {3}\r\n"),
	SLICE("Content-Language: ko, en\r\nContent-MD5: abc\r\n"),
	SLICE("Subject: \"x\" (y\r\n z) \xea\r\nFrom: a@b.example, \"c\" <d>\r\n"),
	SLICE("To: undisclosed recipients:;, <@a,@b:c@d>,\r\n\te\r\nDate: Thu, 1 Jan 1970 00:01:00 +0000\r\n"),
	SLICE("--x\r\n"), SLICE("--x--\r\n"), SLICE("--xy--\r\n"),
	SLICE("--y z\r\n"), SLICE("--y z--\r\n"), SLICE("--xy\r\n"),
	SLICE("\r\n"), SLICE("\r\n"), SLICE(".\r\n"),
	SLICE("text\r\n"), SLICE("more text\r\n"), SLICE(" a line that goes on\r\n"),
};
/* clang-format on */

/* xorshift: the message of a number is always the same */
static uint32_t
next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
make(uint32_t seed, struct buf *b, size_t *from, size_t *to)
{
	uint32_t r = seed * 2654435761u;
	uint32_t n = next(&r) % PIECES_MAX;

	buf_adds(b, "Received: from a\r\n\tby b\r\n");
	*from = b->n;
	if (next(&r) % 4 == 0)
		buf_adds(b, "Return-Path:\r\n <x@y>\r\n");
	*to = b->n;
	while (n-- > 0)
		buf_add(b, pieces[next(&r) % ARRAY_LEN(pieces)]);
}

static void
test_equal(void **state)
{
	const struct mime_limits few = { 5, 3, 10, 512, 4096 };
	unsigned with = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= MESSAGES; seed++) {
		struct buf b = { .max = 1 << 20 };
		size_t from, to;

		make(seed, &b, &from, &to);
		fprintf(stderr, "seed %u\r", seed); /* if must() ends it */
		with += law_honest(buf_slice(&b), from, to, NULL);
		(void)law_honest(buf_slice(&b), from, to, &few);
		buf_fini(&b);
	}
	assert_int_equal(with, MESSAGES);
}

/* The record of MESSAGE, as smtpd makes it. */
static void
wire_of(struct slice message, struct buf *wire)
{
	struct mime_tree *t = mime_parse(message, NULL);

	buf_init(wire, MIME_WIRE_MAX);
	assert_true(mime_wire_put(wire, t));
	mime_tree_free(&t);
}

/* Whatever stands in it: refused, or what it says can be fetched. */
static void
test_forged(void **state)
{
	unsigned taken = 0, refused = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 300; seed++) {
		struct buf b = { .max = 1 << 20 }, wire;
		uint32_t r = seed;
		size_t from, to;

		make(seed, &b, &from, &to);
		wire_of(buf_slice(&b), &wire);
		fprintf(stderr, "seed %u\r", seed); /* if must() ends it */
		for (size_t i = 0; i < wire.n; i++) {
			const char was = wire.p[i];

			wire.p[i] = (char)(was ^ (1 << next(&r) % 8));
			if (law_any(buf_slice(&wire), buf_slice(&b)))
				taken++;
			else
				refused++;
			wire.p[i] = was;
		}
		assert_true(law_any(buf_slice(&wire), buf_slice(&b)));
		buf_fini(&wire);
		buf_fini(&b);
	}
	assert_true(taken > 0 && refused > 0);
}

static void
test_none(void **state)
{
	struct record_places *p = record_places_new(NULL);
	struct buf out = { .max = 100 };
	struct record *none = NULL;
	int64_t sent;

	(void)state;
	assert_null(p);
	assert_null(record_new(SLICE(""), 10));
	assert_int_equal(record_next(p), INT64_MAX);
	record_reach(p, 5, 5, 5);
	assert_false(record_put(p, 0, 0, &out, &sent));
	record_places_free(&p);
	record_free(&none);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

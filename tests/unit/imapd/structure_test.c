/* SPDX-License-Identifier: ISC */
/* BODYSTRUCTURE and FETCH agree, for messages put together at random. */
#include <stdio.h>

#include "tests/unit.h"

#include "base/mem.h"
#include "mime/parser.h"

#include "tests/structure.h"

enum { MESSAGES = 4000, PIECES_MAX = 24 };

/* clang-format off */
static const struct slice pieces[] = {
	SLICE("Content-Type: multipart/mixed; boundary=x\r\n\r\n"),
	SLICE("Content-Type: multipart/alternative; boundary=\"y z\"\n\n"),
	SLICE("Content-Type: multipart/digest; boundary*0*=''%78; boundary*1=y\r\n\r\n"),
	SLICE("Content-Type: multipart/mixed\r\n\r\n"),
	SLICE("Content-Type: message/rfc822\r\n\r\n"),
	SLICE("Content-Type: message/global\n\n"),
	SLICE("Content-Type: message/delivery-status\n\n"),
	SLICE("Content-Type: text/html; charset=utf-8; name=\"a \\\"b\\\"\"\r\n"),
	SLICE("Content-Type: image/png; name*=utf-8''%EA%B0%80\r\n\r\n"),
	SLICE("Content-Type: broken\n"),
	SLICE("Content-Transfer-Encoding: base64\r\n"),
	SLICE("Content-Disposition: attachment; filename=\"\xea\xb0\x80\"\r\n"),
	SLICE("Content-Description: {3}\r\n"),
	SLICE("Content-Language: ko, en\r\nContent-MD5: abc\r\n"),
	SLICE("Subject: \"x\" (y\r\nFrom: a@b.example, \"c\" <d>\r\n"),
	SLICE("--x\r\n"), SLICE("--x\n"), SLICE("--x"), SLICE("--x--\r\n"),
	SLICE("--y z\r\n"), SLICE("--y z--\n"), SLICE("--xy\r\n"), SLICE("--xy--"),
	SLICE("\r\n"), SLICE("\n"), SLICE("\r"), SLICE("\0"),
	SLICE("text\r\n"), SLICE("more text"), SLICE(" a line that goes on\n"),
};
/* clang-format on */

static void
check(struct slice message, const struct mime_limits *limits)
{
	struct mime_tree *t = mime_parse(message, limits);

	structure_check(message, t);
	mime_tree_free(&t);
}

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
test_random_messages(void **state)
{
	const struct mime_limits few = { 5, 3, 10, 512, 4096 };

	(void)state;
	for (uint32_t seed = 1; seed <= MESSAGES; seed++) {
		uint32_t r = seed * 2654435761u;
		uint32_t n = next(&r) % PIECES_MAX;
		struct buf b;

		buf_init(&b, 1 << 20);
		while (n-- > 0)
			buf_add(&b, pieces[next(&r) % ARRAY_LEN(pieces)]);
		fprintf(stderr, "seed %u\r", seed); /* if must() ends it */
		check(buf_slice(&b), seed % 4 == 0 ? &few : NULL);
		buf_fini(&b);
	}
}

static void
test_messages(void **state)
{
	static const struct slice rows[] = {
		SLICE(""),
		SLICE("Subject: x\r\n\r\nhi\n"),
		SLICE("Content-Type: multipart/mixed; boundary=x\r\n\r\n"),
		SLICE("Content-Type: multipart/mixed; boundary=x\n\n--x--\n"),
		SLICE("Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n"
		      "--x\nContent-Type: multipart/mixed; boundary=y\n\n--x"),
		SLICE("Content-Type: message/rfc822\n\n"
		      "Content-Type: message/rfc822\n\nSubject: x\n\nhi\0"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(rows[i], NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_random_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* Random messages under the law of kept fields. */
#include "tests/fields_law.h"

#include "tests/unit.h"

#include "base/mem.h"

enum { MESSAGES = 4000, PIECES_MAX = 24 };

static const struct slice pieces[] = {
	SLICE("From: a\r\n"),
	SLICE("From: a\n"),
	SLICE("to : b\n"),
	SLICE("SUBJECT:\n c\n\td\r\n"),
	SLICE("Subject: x\ry\r\r\n"),
	SLICE("References: <a@b>\n"),
	SLICE("References"),
	SLICE("Date: \0\n"),
	SLICE("Content-Type: text/plain\r\n"),
	SLICE("X-Other: z\n"),
	SLICE("Comments:"),
	SLICE(" goes on\n"),
	SLICE("\tgoes on\r\n"),
	SLICE("From x\n"),
	SLICE(": no name\n"),
	SLICE("                                                           "),
	SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	SLICE("\r"),
	SLICE("\n"),
	SLICE("\r\n"),
	SLICE("\n\n"),
};

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
make(uint32_t seed, struct buf *b)
{
	uint32_t r = seed * 2654435761u;
	uint32_t n = next(&r) % PIECES_MAX;

	while (n-- > 0) {
		uint32_t times = next(&r) % 16 == 0 ? next(&r) % 60 : 1;
		const struct slice piece = pieces[next(&r) % ARRAY_LEN(pieces)];

		while (times-- > 0)
			buf_add(b, piece);
	}
}

static void
test_random(void **state)
{
	struct buf b = { .max = 1 << 20 };
	unsigned known = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= MESSAGES; seed++) {
		buf_reset(&b);
		make(seed, &b);
		known += law_fields(buf_slice(&b), 1 + seed % 300);
	}
	assert_true(known > MESSAGES * 4);
	assert_true(known < MESSAGES * 5);
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* The module is included whole, so that the way by table, which this CPU may
 * never take, is tested beside the way by instruction. */
#include "lib/base/crc32c.c" // NOLINT(bugprone-suspicious-include)

#include "tests/unit.h"

#include "base/mem.h"

/* RFC 3720 B.4, and the check value of the CRC catalogue. */
static void
test_vectors(void **state)
{
	static char bytes[4][32];
	/* clang-format off */
	const struct {
		struct slice in;
		uint32_t crc;
	} rows[] = {
		{ SLICE(""),                 0 },
		{ SLICE("123456789"),        0xe3069283 },
		{ slice_of(bytes[0], 32),    0x8a9136aa },
		{ slice_of(bytes[1], 32),    0x62a8ab43 },
		{ slice_of(bytes[2], 32),    0x46dd794e },
		{ slice_of(bytes[3], 32),    0x113fdb5c },
	};
	/* clang-format on */

	(void)state;
	for (int i = 0; i < 32; i++) {
		bytes[1][i] = (char)0xff;
		bytes[2][i] = (char)i;
		bytes[3][i] = (char)(31 - i);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const unsigned char *p = (const void *)rows[i].in.p;

		assert_int_equal(crc32c(0, rows[i].in), rows[i].crc);
		assert_int_equal(~by_table(~0U, p, rows[i].in.n), rows[i].crc);
	}
}

/* All lengths and alignments: both ways agree, in one piece and in two. */
static void
test_pieces(void **state)
{
	static char text[80];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 37 + 11);
	for (size_t off = 0; off < 8; off++)
		for (size_t n = 0; n + off < sizeof text; n++) {
			const struct slice s = slice_of(text + off, n);
			const uint32_t whole =
			    ~by_table(~0U, (const void *)s.p, n);

			assert_int_equal(crc32c(0, s), whole);
			assert_int_equal(
			    crc32c(crc32c(0, slice_sub(s, 0, n / 3)),
				slice_from(s, n / 3)),
			    whole);
		}
}

/* What is long enough for three lanes, and what is left of it. */
static void
test_long(void **state)
{
	static const size_t lengths[] = { 1535, 1536, 1537, 3072, 4099, 9999 };
	static char text[10000];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * i * 37 + i / 256 + 11);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		for (size_t cut = 0; cut < 2; cut++) {
			const struct slice s = slice_of(text + cut, lengths[i]);

			assert_int_equal(crc32c(0x12345678, s),
			    ~by_table(~0x12345678U, (const void *)s.p, s.n));
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

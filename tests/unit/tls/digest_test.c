/* SPDX-License-Identifier: ISC */
#include "tls/digest.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_vectors(void **state)
{
	/* RFC 1321 A.5, FIPS 180-4 examples */
	/* clang-format off */
	static const struct {
		enum digest_alg alg;
		const char *in, *hex;
	} rows[] = {
		{ DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ DIGEST_SHA1, "abc",
		    "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA512, "abc", "ddaf35a193617abacc417349ae204131"
		    "12e6fa4e89a97ea20a9eeee64b55d39a"
		    "2192992a274fc1a836ba3c23a3feebbd"
		    "454d4423643ce80e2a9ac94fa54ca49f" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);
		char hex[2 * DIGEST_MAX + 1];
		uint8_t whole[DIGEST_MAX], pieces[DIGEST_MAX];
		struct digest *d = digest_begin(rows[i].alg);
		size_t n;

		digest_hex(rows[i].alg, in, hex);
		assert_string_equal(hex, rows[i].hex);
		n = digest_of(rows[i].alg, in, whole);
		assert_int_equal(n, digest_size(rows[i].alg));
		digest_add(d, slice_sub(in, 0, 1));
		digest_add(d, slice_from(in, 1));
		assert_int_equal(digest_end(&d, pieces), n);
		assert_null(d);
		assert_memory_equal(whole, pieces, n);
	}
}

static void
test_hmac(void **state)
{
	/* RFC 2202 2 case 2, RFC 4231 4.3 */
	static const uint8_t md5[] = { 0x75, 0x0c, 0x78, 0x3e, 0x6a, 0xb0, 0xb5,
		0x03, 0xea, 0xa8, 0x6e, 0x31, 0x0a, 0x5d, 0xb7, 0x38 };
	static const uint8_t sha256[] = { 0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60,
		0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
		0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec,
		0x58, 0xb9, 0x64, 0xec, 0x38, 0x43 };
	const struct slice key = SLICE("Jefe");
	const struct slice in = SLICE("what do ya want for nothing?");
	uint8_t out[DIGEST_MAX];

	(void)state;
	assert_int_equal(digest_hmac(DIGEST_MD5, key, in, out), sizeof md5);
	assert_memory_equal(out, md5, sizeof md5);
	assert_int_equal(
	    digest_hmac(DIGEST_SHA256, key, in, out), sizeof sha256);
	assert_memory_equal(out, sha256, sizeof sha256);
}

static void
test_pbkdf2(void **state)
{
	/* RFC 6070 2, the second vector */
	static const uint8_t want[] = { 0xea, 0x6c, 0x01, 0x4d, 0xc7, 0x2d,
		0x6f, 0x8c, 0xcd, 0x1e, 0xd9, 0x2a, 0xce, 0x1d, 0x41, 0xf0,
		0xd8, 0xde, 0x89, 0x57 };
	uint8_t out[DIGEST_MAX];

	(void)state;
	digest_pbkdf2(DIGEST_SHA1, SLICE("password"), SLICE("salt"), 2, out);
	assert_memory_equal(out, want, sizeof want);
}

static void
test_equal(void **state)
{
	(void)state;
	assert_true(digest_equal(SLICE("abc"), SLICE("abc")));
	assert_false(digest_equal(SLICE("abc"), SLICE("abd")));
	assert_false(digest_equal(SLICE("abc"), SLICE("ab")));
	assert_true(digest_equal(slice_str(NULL), SLICE("")));
}

static void
test_random(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	digest_random(a, sizeof a);
	digest_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_pbkdf2),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

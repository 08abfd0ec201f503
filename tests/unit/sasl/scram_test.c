/* SPDX-License-Identifier: ISC */
/* What is stored, and the arithmetic; the example is RFC 7677's. */
#include "sasl/scram.h"

#include "tests/unit.h"

#include "base/base64.h"
#include "base/mem.h"
#include "sasl/password.h"

#define SALT       "W22ZaJ0SNY7soEsUEjb6gQ=="
#define STORED_KEY "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
#define SERVER_KEY "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

static const char stored[] =
    "SCRAM-SHA-256$4096:" SALT "$" STORED_KEY ":" SERVER_KEY;
static const char message[] =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=" SALT ",i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

static bool
proves(const struct scram_secret *s, const char *proof)
{
	struct buf raw = { .max = 100 };
	bool is;

	assert_true(base64_decode(&raw, slice_str(proof)));
	is = scram_proves(s, slice_str(message), buf_slice(&raw));
	buf_fini(&raw);
	return is;
}

static void
test_example(void **state)
{
	uint8_t signature[SCRAM_KEY_SIZE];
	struct buf text = { .max = 100 };
	struct scram_secret s;

	(void)state;
	assert_true(scram_parse(slice_str(stored), &s));
	assert_true(proves(&s, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
	assert_false(
	    proves(&s, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVU="));
	assert_false(proves(&s, "dHzb"));
	scram_sign(&s, slice_str(message), signature);
	base64_encode(&text, slice_of(signature, sizeof signature));
	assert_string_equal(
	    buf_cstr(&text), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	buf_fini(&text);
}

static void
test_password(void **state)
{
	(void)state;
	assert_int_equal(
	    password_verify(slice_str(stored), SLICE("pencil"), NULL), FOUND);
	assert_int_equal(
	    password_verify(slice_str(stored), SLICE("Pencil"), NULL), ABSENT);
	assert_int_equal(password_verify(SLICE("{SCRAM-SHA-256}4096," SALT
					       "," STORED_KEY "," SERVER_KEY),
			     SLICE("pencil"), NULL),
	    FOUND);
	assert_true(password_is_known(slice_str(stored)));
}

/* clang-format off */
static const char *const invalid[] = {
	"",
	"SCRAM-SHA-256$",
	"SCRAM-SHA-1$4096:" SALT "$" STORED_KEY ":" SERVER_KEY,
	"SCRAM-SHA-256$4095:" SALT "$" STORED_KEY ":" SERVER_KEY,
	"SCRAM-SHA-256$5000001:" SALT "$" STORED_KEY ":" SERVER_KEY,
	"SCRAM-SHA-256$-4096:" SALT "$" STORED_KEY ":" SERVER_KEY,
	"SCRAM-SHA-256$4096:$" STORED_KEY ":" SERVER_KEY,
	"SCRAM-SHA-256$4096:!$" STORED_KEY ":" SERVER_KEY,
	"SCRAM-SHA-256$4096:" SALT "$" STORED_KEY,
	"SCRAM-SHA-256$4096:" SALT "$" STORED_KEY ":",
	"SCRAM-SHA-256$4096:" SALT "$" SALT ":" SERVER_KEY,
	"SCRAM-SHA-256$4096:" SALT "$" STORED_KEY ":" SERVER_KEY "x",
	"SCRAM-SHA-256$4096," SALT "," STORED_KEY "," SERVER_KEY,
	"{SCRAM-SHA-256}4096:" SALT "$" STORED_KEY ":" SERVER_KEY,
};
/* clang-format on */

static void
test_invalid(void **state)
{
	struct scram_secret s;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++)
		if (scram_parse(slice_str(invalid[i]), &s))
			fail_msg("%s", invalid[i]);
	assert_int_equal(
	    scram_check(slice_str(invalid[1]), SLICE("x"), &err), TEMPFAIL);
	assert_int_equal(err.class, ERR_TEMP);
}

/* Two ways to type "é" are one password, and what is no text is one as well. */
static void
test_make(void **state)
{
	static const char *const secrets[] = { "sesame", "caf\xc3\xa9",
		"\xff\xfe", "a\tb" };
	struct buf hash;

	(void)state;
	buf_init(&hash, PASSWORD_HASH_MAX);
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		buf_reset(&hash);
		assert_int_equal(password_hash("scram-sha-256",
				     slice_str(secrets[i]), &hash, NULL),
		    0);
		assert_int_equal(password_verify(buf_slice(&hash),
				     slice_str(secrets[i]), NULL),
		    FOUND);
		assert_int_equal(
		    password_verify(buf_slice(&hash), SLICE("other"), NULL),
		    ABSENT);
		if (i == 1)
			assert_int_equal(password_verify(buf_slice(&hash),
					     SLICE("cafe\xcc\x81"), NULL),
			    FOUND);
	}
	buf_fini(&hash);
	assert_int_equal(
	    password_pretend("scram-sha-256", SLICE("sesame")), ABSENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "sasl/password.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *stored, *secret;
	enum found found;
} rows[] = {
	{ "$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0iJZ1DNfy8v6OjKcRcuBfMkWD1KdADPVnmQf5"
	  "cr0O8HfAYpq1XrrjdgIRINkwgSKJ8/1", "sesame", FOUND },
	{ "{SHA512-CRYPT}$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0iJZ1DNfy8v6OjKcRcuBfM"
	  "kWD1KdADPVnmQf5cr0O8HfAYpq1XrrjdgIRINkwgSKJ8/1", "sesame", FOUND },
	{ "$5$abcdefgh$4PbtPZdUc33o7LmNsM4HTsjYbIhyCeh4aCe.rEbHkq1",
	  "sesame", FOUND },
	{ "$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O",
	  "sesame", FOUND },
	{ "{BLF-CRYPT}$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mG"
	  "esJ9O", "sesame", FOUND },
	/* the vectors of the reference implementation of Argon2 */
	{ "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y"
	  "7cJHAph8ArZWb2GRPPc", "password", FOUND },
	{ "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo7"
	  "9iDXuL5/0ttZwg2f/5U52iv1cDc", "password", FOUND },
	{ "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0t"
	  "tZwg2f/5U52iv1cDc", "Password", ABSENT },

	{ "$5$abcdefgh$4PbtPZdUc33o7LmNsM4HTsjYbIhyCeh4aCe.rEbHkq1",
	  "sesamE", ABSENT },
	{ "$5$abcdefgh$4PbtPZdUc33o7LmNsM4HTsjYbIhyCeh4aCe.rEbHkq1",
	  "", ABSENT },
	{ "$5$abcdefgh$4PbtPZdUc33o7LmNsM4HTsjYbIhyCeh4aCe.rEbHkq",
	  "sesame", ABSENT },
	{ "$5$abcdefgh$", "sesame", ABSENT },
	/* weak, plain or nonsense: no answer, whatever the secret */
	{ "$1$abcdefgh$5XhrJpGu.bBXAZh4lT8oY/", "sesame", TEMPFAIL },
	{ "abnqrLigH.z/s",                      "sesame", TEMPFAIL },
	{ "sesame",                             "sesame", TEMPFAIL },
	{ "{PLAIN}sesame",                      "sesame", TEMPFAIL },
	{ "{CRYPT}",                            "sesame", TEMPFAIL },
	{ "{",                                  "sesame", TEMPFAIL },
	{ "",                                   "sesame", TEMPFAIL },
	{ "*",                                  "sesame", TEMPFAIL },
	{ "!$5$abcdefgh$x",                     "sesame", TEMPFAIL },
	{ "$6$",                                "sesame", ABSENT },
	{ "$y$",                                "sesame", TEMPFAIL },
	{ "$argon2id$",                         "sesame", TEMPFAIL },
	{ "$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c",
	  "sesame", TEMPFAIL },
	{ "$argon2id$v=19$m=256,t=2,p=1$AAA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8Ar",
	  "sesame", TEMPFAIL },
	{ "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
	  "sesame", TEMPFAIL },
};
/* clang-format on */

static void
test_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		if (password_verify(slice_str(rows[i].stored),
			slice_str(rows[i].secret), &err) != rows[i].found)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(
		    err.class, rows[i].found == TEMPFAIL ? ERR_TEMP : ERR_NONE);
	}
}

static void
test_hash(void **state)
{
	static const char *const schemes[] = { "yescrypt", "sha512-crypt",
		"bcrypt", "argon2id" };
	const struct slice secret = SLICE("b\xc3\xa9 sesame");
	struct buf once, twice;
	struct err err;

	(void)state;
	buf_init(&once, PASSWORD_HASH_MAX);
	buf_init(&twice, PASSWORD_HASH_MAX);
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		buf_reset(&once);
		buf_reset(&twice);
		assert_int_equal(
		    password_hash(schemes[i], secret, &once, &err), 0);
		assert_int_equal(
		    password_hash(schemes[i], secret, &twice, &err), 0);
		/* salted */
		assert_false(slice_eq(buf_slice(&once), buf_slice(&twice)));
		assert_int_equal(once.p[0], '$');
		assert_int_equal(
		    password_verify(buf_slice(&once), secret, &err), FOUND);
		assert_int_equal(
		    password_verify(buf_slice(&once), SLICE("sesame"), &err),
		    ABSENT);
	}
	buf_fini(&once);
	buf_fini(&twice);
}

static void
test_hash_refuses(void **state)
{
	char longest[PASSWORD_SECRET_MAX + 1];
	struct buf out;
	struct err err;

	(void)state;
	memset(longest, 'x', sizeof longest);
	buf_init(&out, PASSWORD_HASH_MAX);
	assert_int_equal(password_hash("md5", SLICE("sesame"), &out, &err), -1);
	assert_int_equal(password_hash("yescrypt", SLICE(""), &out, &err), -1);
	assert_int_equal(
	    password_hash("yescrypt", SLICE("a\0b"), &out, &err), -1);
	assert_int_equal(password_hash("yescrypt",
			     slice_of(longest, sizeof longest), &out, &err),
	    -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(out.n, 0);
	assert_int_equal(password_hash("sha512-crypt",
			     slice_of(longest, sizeof longest - 1), &out, &err),
	    0);
	buf_fini(&out);
}

/* What could be checked is what an import takes. */
static void
test_known(void **state)
{
	/* clang-format off */
	static const struct { const char *stored; bool known; } known[] = {
		{ "$y$j9T$x$y", true }, { "{SHA512-CRYPT}$6$a$b", true },
		{ "{ARGON2ID}$argon2id$x", true }, { "$argon2i$x", true },
		{ "{SSHA512}YWJj", false }, { "{PLAIN}sesame", false },
		{ "$1$a$b", false }, { "$argon2d$x", false },
		{ "{", false }, { "", false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (password_is_known(slice_str(known[i].stored)) !=
		    known[i].known)
			fail_msg("%s", known[i].stored);
}

/* What is hashed in place of an unknown name is a hash indeed, so that it
 * costs the same; and no secret opens it. */
static void
test_pretend(void **state)
{
	static const char *const schemes[] = { "yescrypt", "sha512-crypt",
		"bcrypt", "argon2id", "what" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		assert_int_equal(
		    password_pretend(schemes[i], SLICE("sesame")), ABSENT);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_hash_refuses),
		cmocka_unit_test(test_pretend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

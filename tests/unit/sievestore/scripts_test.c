/* SPDX-License-Identifier: ISC */
#include "sievestore/scripts.h"

#include "tests/unit/sievestore/fixture.h"

#include <limits.h>

#include "base/mem.h"
#include "sieve/emit.h"

#define SIXTEEN "aaaaaaaaaaaaaaaa"
#define LONG    SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void
test_names(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		bool ok;
		const char *file; /* NULL: not looked at */
	} rows[] = {
		{ "a", true, "a.sieve" },
		{ "Urlaub & so", true, "Urlaub & so.sieve" },
		{ "\xed\x95\x9c\xea\xb8\x80", true, "\xed\x95\x9c\xea\xb8\x80.sieve" },
		{ "x.sieve", true, "x.sieve.sieve" },
		{ "a\"b\\c", true, "a\"b\\c.sieve" },
		/* what is no file's name has another */
		{ "a/b", true, "a_b~4957f2e66ad96da9.sieve" },
		{ "../x", true, NULL },
		{ ".", true, NULL },
		{ "..", true, NULL },
		{ "/", true, NULL },
		{ LONG LONG LONG LONG, true, NULL },
		/* RFC 5804 1.6 */
		{ "", false, NULL },
		{ LONG LONG LONG LONG "b", false, NULL },
		{ "a\nb", false, NULL },
		{ "a\tb", false, NULL },
		{ "a\x7f", false, NULL },
		{ "a\xc2\x85", false, NULL },
		{ "a\xe2\x80\xa8", false, NULL },
		{ "a\xe2\x80\xa9", false, NULL },
		{ "a\xff", false, NULL },
		{ "\xed\xa0\x80", false, NULL },
		{ "\xc0\xaf", false, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice name = slice_str(rows[i].name);
		char file[SIEVESTORE_FILE_BYTES];
		struct buf back;

		if (sievestore_name_valid(name) != rows[i].ok)
			fail_msg("%s", rows[i].name);
		if (!rows[i].ok) {
			assert_int_equal(
			    fx_put(rows[i].name, "keep;", NULL), -1);
			continue;
		}
		sievestore_name_file(name, file);
		assert_true(strlen(file) < NAME_MAX - 10);
		assert_true(slice_find(slice_str(file), '/') == strlen(file));
		assert_int_not_equal(file[0], '.');
		if (rows[i].file != NULL)
			assert_string_equal(file, rows[i].file);
		/* There and back. */
		fx_have(rows[i].name, "keep;");
		buf_init(&back, SIEVESTORE_NAME_MAX);
		assert_true(sievestore_name_of(fx.dir, file, &back));
		assert_string_equal(buf_cstr(&back), rows[i].name);
		buf_fini(&back);
		assert_int_equal(sievestore_del(&fx, name, NULL), 0);
		assert_string_equal(fx_dump(), "");
	}
}

/* Names with the same beginning are different scripts. */
static void
test_long_names(void **state)
{
	(void)state;
	fx_have(LONG LONG "1", "keep;");
	fx_have(LONG LONG "2", "discard;");
	assert_string_equal(
	    fx_dump(), LONG LONG "1=keep;|" LONG LONG "2=discard;|");
	/* A name beside its file that is not of it is not believed. */
	fx_write("sieve/a~0123456789abcdef.sieve", "stop;");
	fx_write("sieve/a~0123456789abcdef.name", "other/name");
	assert_int_equal(
	    sievestore_del(&fx, slice_str(LONG LONG "1"), NULL), 0);
	assert_string_equal(
	    fx_dump(), LONG LONG "2=discard;|a~0123456789abcdef=stop;|");
}

static void
test_life(void **state)
{
	struct sievestore_active a;
	struct err err;

	(void)state;
	assert_string_equal(fx_dump(), "");
	fx_have("b", "keep;");
	fx_have("a", "stop;");
	assert_string_equal(fx_dump(), "a=stop;|b=keep;|");
	fx_have("a", "discard;");
	assert_string_equal(fx_dump(), "a=discard;|b=keep;|");

	assert_int_equal(sievestore_active_set(&fx, SLICE("a"), &err), 0);
	assert_string_equal(fx_dump(), "a=discard;|b=keep;|>a");
	assert_int_equal(sievestore_active_open(&fx, 100, &a, &err), FOUND);
	assert_true(a.hash == sieve_emit_hash(SLICE("discard;")));
	assert_int_equal(a.size, 8);
	sievestore_active_fini(&a);
	sievestore_active_fini(&a);

	/* Not the active one, not what is not there. */
	assert_int_equal(sievestore_del(&fx, SLICE("a"), &err), -1);
	assert_int_equal(err.code, ERR_IN_USE);
	assert_int_equal(sievestore_del(&fx, SLICE("c"), &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(sievestore_active_set(&fx, SLICE("c"), &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(sievestore_active_set(&fx, SLICE("\n"), &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(fx_dump(), "a=discard;|b=keep;|>a");

	/* A rename; the active one stays active. */
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("a"), SLICE("b"), &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("a"), SLICE("a"), &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("x"), SLICE("y"), &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("a"), SLICE(""), &err), -1);
	assert_int_equal(err.code, ERR_SYNTAX);
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("a"), SLICE("c/d"), &err), 0);
	assert_string_equal(fx_dump(), "b=keep;|c/d=discard;|>c/d");
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("b"), SLICE("a"), &err), 0);
	assert_string_equal(fx_dump(), "a=keep;|c/d=discard;|>c/d");

	assert_int_equal(sievestore_active_set(&fx, SLICE(""), &err), 0);
	assert_int_equal(sievestore_active_set(&fx, SLICE(""), &err), 0);
	assert_string_equal(fx_dump(), "a=keep;|c/d=discard;|");
	assert_int_equal(sievestore_del(&fx, SLICE("c/d"), &err), 0);
	assert_string_equal(fx_dump(), "a=keep;|");
	/* Nothing of it is left beside its file. */
	assert_int_equal(sievestore_del(&fx, SLICE("a"), &err), 0);
	assert_int_equal(unlinkat(fx_account, "sieve", AT_REMOVEDIR), 0);
}

static void
test_limits(void **state)
{
	static char big[1002];
	struct err err;
	char name[8];

	(void)state;
	memset(big, '#', 1001);
	assert_int_equal(fx_put("a", big, &err), -1);
	assert_int_equal(err.code, ERR_TOO_BIG);
	big[1000] = '\0';
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "%d", i);
		fx_have(name, big);
	}
	assert_int_equal(fx_put("4", "k", &err), -1);
	assert_int_equal(err.code, ERR_OVER_QUOTA);
	/* In the place of one there is room. */
	fx_have("3", big);
	fx_have("3", "keep;");
	for (int i = 4; i < 8; i++) {
		snprintf(name, sizeof name, "%d", i);
		fx_have(name, "");
	}
	assert_int_equal(fx_put("8", "", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	fx_have("7", "keep;");
	assert_int_equal(
	    sievestore_room(&fx, SLICE("7"), 1000, &fx_limits, &err), -1);
	assert_int_equal(err.code, ERR_OVER_QUOTA);
	assert_int_equal(
	    sievestore_room(&fx, SLICE("7"), 990, &fx_limits, &err), 0);
}

/* ---- what other programs leave ---- */

static void
test_pigeonhole(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(fx_account, "sieve", 0700), 0);
	assert_int_equal(mkdirat(fx_account, "sieve/tmp", 0700), 0);
	assert_int_equal(mkdirat(fx_account, "sieve/d.sieve", 0700), 0);
	fx_write("sieve/main.sieve", "keep;");
	fx_write("sieve/main.svbin", "\1\2");
	fx_write("sieve/.hidden.sieve", "x");
	fx_write("sieve/readme", "x");
	fx_open();
	assert_string_equal(fx_dump(), "main=keep;|");
	/* Both forms of its link. */
	assert_int_equal(
	    symlinkat("sieve/main.sieve", fx_account, ".dovecot.sieve"), 0);
	assert_string_equal(fx_dump(), "main=keep;|>main");
	assert_int_equal(unlinkat(fx_account, ".dovecot.sieve", 0), 0);
	assert_int_equal(symlinkat("/var/vmail/u/sieve/main.sieve", fx_account,
			     ".dovecot.sieve"),
	    0);
	assert_string_equal(fx_dump(), "main=keep;|>main");
	/* Ours is read by it. */
	fx_have("new", "stop;");
	assert_int_equal(sievestore_active_set(&fx, SLICE("new"), NULL), 0);
	char target[64] = "";
	assert_int_not_equal(
	    readlinkat(fx_account, ".dovecot.sieve", target, sizeof target - 1),
	    -1);
	assert_string_equal(target, "sieve/new.sieve");
	assert_string_equal(fx_dump(), "main=keep;|new=stop;|>new");
}

/* The active script is a file that somebody wrote with an editor. */
static void
test_own_file(void **state)
{
	struct sievestore_active a;
	struct err err;

	(void)state;
	fx_write(".dovecot.sieve", "keep;");
	assert_int_equal(sievestore_active_open(&fx, 100, &a, &err), FOUND);
	assert_string_equal(a.name, ".dovecot.sieve");
	assert_int_equal(a.size, 5);
	sievestore_active_fini(&a);
	assert_int_equal(sievestore_active_take(&fx, &err), 0);
	assert_string_equal(fx_dump(), "dovecot.orig=keep;|>dovecot.orig");
	/* Whatever is done, it is not lost. */
	assert_int_equal(unlinkat(fx_account, ".dovecot.sieve", 0), 0);
	fx_write(".dovecot.sieve", "stop;");
	fx_have("a", "discard;");
	assert_int_equal(sievestore_active_set(&fx, SLICE("a"), &err), 0);
	assert_string_equal(
	    fx_dump(), "a=discard;|dovecot.orig=keep;|dovecot.orig.2=stop;|>a");
	assert_int_equal(unlinkat(fx_account, ".dovecot.sieve", 0), 0);
	fx_write(".dovecot.sieve", "redirect;");
	assert_int_equal(sievestore_active_set(&fx, SLICE(""), &err), 0);
	assert_string_equal(fx_dump(),
	    "a=discard;|dovecot.orig=keep;|dovecot."
	    "orig.2=stop;|dovecot.orig.3=redirect;|");
}

/* No link leads out of the account. */
static void
test_links(void **state)
{
	static const char *const targets[] = { "/etc/passwd",
		"sieve/../x.sieve", "../u/sieve.sieve", "other/a.sieve",
		"a.sieve", "sieve/", "sieve/a", "sieve/a.svbin",
		".dovecot.sieve", "sieve/out.sieve", "sieve/gone.sieve" };
	struct sievestore_active a;
	struct sievestore other;
	struct err err;

	(void)state;
	fx_have("a", "keep;");
	fx_write("x.sieve", "keep;");
	assert_int_equal(symlinkat("/etc/passwd", fx.dir, "out.sieve"), 0);
	assert_int_equal(symlinkat("a.sieve", fx.dir, "in.sieve"), 0);
	assert_string_equal(fx_dump(), "a=keep;|");
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		(void)unlinkat(fx_account, ".dovecot.sieve", 0);
		assert_int_equal(
		    symlinkat(targets[i], fx_account, ".dovecot.sieve"), 0);
		assert_int_equal(
		    sievestore_active_open(&fx, 100, &a, &err), ABSENT);
		assert_int_equal(err.class, ERR_PERM);
	}
	/* Neither is written through one, nor made active. */
	assert_int_equal(sievestore_active_set(&fx, SLICE("out"), &err), -1);
	fx_have("out", "stop;");
	assert_int_equal(sievestore_active_set(&fx, SLICE("out"), &err), 0);
	assert_string_equal(fx_dump(), "a=keep;|out=stop;|>out");
	/* Nothing at all is active, and nothing wrong with that. */
	(void)unlinkat(fx_account, ".dovecot.sieve", 0);
	assert_int_equal(sievestore_active_open(&fx, 100, &a, &err), ABSENT);
	assert_int_equal(err.class, ERR_NONE);
	/* Too large to be run. */
	assert_int_equal(sievestore_active_set(&fx, SLICE("a"), &err), 0);
	assert_int_equal(sievestore_active_open(&fx, 4, &a, &err), ABSENT);
	assert_int_equal(err.class, ERR_PERM);
	/* The directory itself. */
	assert_int_equal(mkdirat(fx_account, "u", 0700), 0);
	const int u = openat(fx_account, "u", O_RDONLY | O_CLOEXEC);
	assert_int_equal(symlinkat("..", u, "sieve"), 0);
	assert_int_equal(sievestore_open(&other, u, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	close(u);
}

/* Another process that holds on to the lock delays, and does not hang us. */
static void
test_lock(void **state)
{
	struct sievestore other;
	struct err err;

	(void)state;
	fx_have("a", "keep;");
	assert_int_equal(sievestore_open(&other, fx_account, &err), 0);
	assert_int_equal(sievestore_lock(&other, &err), 0);
	assert_int_equal(fx_put("a", "stop;", &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	assert_int_equal(err.code, ERR_BUSY);
	sievestore_unlock(&other);
	sievestore_close(&other);
	fx_have("a", "stop;");
}

/* Code of a script that is gone goes as well, whoever removed the script; that
 * of the active one, and of those that are there, stays. */
static void
test_code(void **state)
{
	static const char names[][4] = { "a", "b", "c/d" };
	char code[SIEVESTORE_CODE_BYTES], path[ARRAY_LEN(names)][64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		fx_have(names[i], "keep;");
		sievestore_name_code(slice_str(names[i]), code);
		snprintf(path[i], sizeof path[i], "sieve/%s", code);
		fx_write(path[i], "code");
	}
	fx_write("sieve/" SIEVESTORE_CODE, "code");
	fx_write("sieve/" SIEVESTORE_CODE ".0123456789abcdef", "code");
	assert_int_equal(
	    sievestore_rename(&fx, SLICE("a"), SLICE("x"), NULL), 0);
	assert_int_equal(faccessat(fx_account, path[0], F_OK, 0), -1);
	assert_int_equal(faccessat(fx_account, path[1], F_OK, 0), 0);
	assert_int_equal(faccessat(fx_account, path[2], F_OK, 0), 0);
	assert_int_equal(
	    faccessat(fx_account, "sieve/" SIEVESTORE_CODE ".0123456789abcdef",
		F_OK, 0),
	    -1);
	assert_int_equal(unlinkat(fx_account, "sieve/b.sieve", 0), 0);
	assert_int_equal(sievestore_del(&fx, SLICE("x"), NULL), 0);
	assert_int_equal(faccessat(fx_account, path[1], F_OK, 0), -1);
	assert_int_equal(faccessat(fx_account, path[2], F_OK, 0), 0);
	assert_int_equal(
	    faccessat(fx_account, "sieve/" SIEVESTORE_CODE, F_OK, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_names, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_long_names, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_life, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_limits, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_pigeonhole, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_own_file, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_links, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_lock, fx_setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
		    test_code, fx_setup, fx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

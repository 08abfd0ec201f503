/* SPDX-License-Identifier: ISC */
#include "sievestore/upload.h"

#include "tests/unit/sievestore/fixture.h"

#include "base/arena.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "sieve/limits.h"
#include "sieve/report.h"

/* "e1:2" for an error, "w" for a warning, in their order. */
static const char *
judge(const struct sievestore *s, const char *text)
{
	static struct buf out = { .max = 4096 };
	static const char *const off[] = { "editheader" };
	const struct shared_conf conf = {
		.sieve_extensions_off = { .v = (const char **)(uintptr_t)off,
		    .n = 1 }
	};
	struct sieve_report r;
	struct arena arena;
	bool ok;

	arena_init(&arena);
	sieve_report_init(&r, &arena, sieve_limits_default.errors);
	ok = sievestore_upload_compiles(
	    s, &conf, SLICE("x"), slice_str(text), &r);
	assert_int_equal(ok, r.nerrors == 0);
	buf_reset(&out);
	for (const struct sieve_remark *m = r.first; m != NULL; m = m->next)
		buf_addf(&out, "%c%u:%u ", m->warning ? 'w' : 'e', m->pos.line,
		    m->pos.column);
	arena_fini(&arena);
	return buf_cstr(&out);
}

/* RFC 6609 3.2: scripts come in any order, circles are told at delivery. */
static void
test_includes(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "keep;", "" },
		{ "kepp;", "e1:1 " },
		{ "require \"copy\";", "" },
		{ "require \"editheader\";", "e1:9 " },
		{ "a;\nb;", "e1:1 e2:1 " },
		{ "require \"include\"; include \"there\";", "" },
		{ "require \"include\"; include \"later\";", "w1:28 " },
		{ "require \"include\"; include :optional \"later\";", "" },
		{ "require \"include\"; include :global \"any\";", "" },
		{ "require \"include\"; include \"broken\";", "" },
		{ "require \"include\"; include \"x\";", "w1:28 " },
		{ "require \"include\"; include \"a/b\";", "e1:28 " },
	};

	(void)state;
	fx_have("there", "keep;");
	fx_have("broken", "nonsense");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(judge(&fx, rows[i].text), rows[i].want) != 0)
			fail_msg(
			    "%s: %s", rows[i].text, judge(&fx, rows[i].text));
	/* Where nobody can be asked there is nothing to say. */
	assert_string_equal(
	    judge(NULL, "require \"include\"; include \"later\";"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
	    test_includes, fx_setup, fx_teardown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

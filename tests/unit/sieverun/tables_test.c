/* SPDX-License-Identifier: ISC */
/* Children with glibc's tables of charsets, and without. */
#include "sieverun/tables.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "mime/charset.h"
#include "sieverun/charsets.h"

enum { TURNS = 3 };

static unsigned
count_tables(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[4096];
	unsigned n = 0;

	must(f != NULL);
	while (fgets(line, sizeof line, f) != NULL)
		n += strstr(line, "/gconv/") != NULL &&
		     strstr(line, ".so") != NULL;
	fclose(f);
	return n;
}

static bool
knows(const char *charset, const char *in, const char *want)
{
	struct buf out = { .max = 100 };
	const bool known =
	    charset_to_utf8(&out, slice_str(charset), slice_str(in));
	const bool same = slice_is(buf_slice(&out), want);

	buf_fini(&out);
	return known && same;
}

static bool
knows_some(void)
{
	return knows("utf-8", "\xc3\xa9", "\xc3\xa9") &&
	       knows("iso-8859-1", "\xe9", "\xc3\xa9") &&
	       knows("windows-1252", "\x80", "\xe2\x82\xac") &&
	       knows("us-ascii", "a", "a") && !charset_was_missed();
}

static bool
knows_all(void)
{
	return knows("euc-kr", "\xb0\xa1", "\xea\xb0\x80") &&
	       knows("koi8-r", "\xc1", "\xd0\xb0") &&
	       knows("iso-2022-jp", "\x1b$B$\"\x1b(B", "\xe3\x81\x82");
}

/* What no table would help with is nothing that is missed. */
static bool
knows_nothing(void)
{
	return !knows("x-nonsense", "a", "") &&
	       !knows("iso-8859-99", "a", "") &&
	       !knows("_autodetect", "a", "") && !charset_was_missed();
}

/* Names by which one is found are all missed, as are those of iconv itself. */
static void
test_names(void **state)
{
	static const char *const has[] = { "EUC-KR", "euc-kr", "latin2",
		"KOI8-R", "iso_8859-2:1987", "UTF-16", "ucs-2", "CP949",
		"gb18030", "BIG5", "cp932", "UHC", "csISO2022KR" };
	static const char *const lacks[] = { "x-nonsense", "iso-8859-99",
		"INTERNAL5", "alias", "utf-88", "" };

	(void)state;
#ifdef PABAL_SANITIZE
	skip();
#endif
	tables_load();
	for (size_t i = 0; i < ARRAY_LEN(has); i++)
		if (!charsets_has(slice_str(has[i])))
			fail_msg("%s is not known", has[i]);
	for (size_t i = 0; i < ARRAY_LEN(lacks); i++)
		if (charsets_has(slice_str(lacks[i])))
			fail_msg("%s is known", lacks[i]);
	assert_false(charsets_read("/nowhere"));
}

/* Is all as it should be in a child? */
static bool
is_right(bool with)
{
	if (with)
		return count_tables() > 0 && knows_some() && knows_all() &&
		       !charset_was_missed();
	return count_tables() == 0 && knows_some() && knows_nothing() &&
	       !knows("euc-kr", "\xb0\xa1", "\xea\xb0\x80") &&
	       charset_was_missed();
}

static void
test_children(void **state)
{
	unsigned before;

	(void)state;
#ifdef PABAL_SANITIZE
	skip();
#endif
	tables_load();
	before = count_tables();
	assert_true(before > 0);
	for (int i = 0; i < TURNS; i++) {
		for (int with = 0; with < 2; with++) {
			int status;
			const pid_t pid = tables_fork(with == 1);

			must(pid != -1);
			if (pid == 0)
				_exit(is_right(with == 1) ? 0 : 1);
			must(waitpid(pid, &status, 0) == pid);
			assert_int_equal(status, 0);
		}
	}
	/* Here they stay. */
	assert_int_equal(count_tables(), before);
	assert_true(knows_all());
}

/* A process that has none of its own, and so has none to give. */
static void
test_none(void **state)
{
	(void)state;
#ifdef PABAL_SANITIZE
	skip();
#endif
	tables_forgo();
	for (int with = 0; with < 2; with++) {
		int status;
		const pid_t pid = tables_fork(with == 1);

		must(pid != -1);
		if (pid == 0)
			_exit(is_right(false) ? 0 : 1);
		must(waitpid(pid, &status, 0) == pid);
		assert_int_equal(status, 0);
	}
	assert_true(charsets_has(SLICE("euc-kr")));
	assert_false(charsets_has(SLICE("x-nonsense")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_none),
		cmocka_unit_test(test_children), cmocka_unit_test(test_names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

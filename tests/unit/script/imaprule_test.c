/* SPDX-License-Identifier: ISC */
#include "script/imaprule.h"

#include "base/mem.h"
#include "maildir/special.h"
#include "tests/unit.h"

enum {
	APPEND = 1 << IMAP_APPEND,
	COPY = 1 << IMAP_COPY,
	FLAG = 1 << IMAP_FLAG
};

static void
test_parse(void **state)
{
	static const struct {
		const char *text, *name, *to, *from;
		unsigned causes;
	} good[] = {
		{ "spam:to=\\Junk", "spam", "\\Junk", "", APPEND | COPY },
		{ "ham:from=\\junk", "ham", "", "\\junk", COPY },
		{ "a:to=A/B:from=C", "a", "A/B", "C", COPY },
		{ "a:to=*:cause=flag", "a", "*", "", FLAG },
		{ "a:cause=Append+FLAG+copy:to=INBOX", "a", "INBOX", "",
		    APPEND | COPY | FLAG },
		{ "a:from=*:cause=copy", "a", "", "*", COPY },
	};
	static const char *const bad[] = { "", "spam", "spam:", ":to=Junk",
		"a:to=", "a:to", "a:to=A:to=B", "a:to=\\Nothing", "a:by=A",
		"a:cause=copy", "a:to=A:cause=", "a:to=A:cause=copy+",
		"a:to=A:cause=+copy", "a:to=A:cause=move",
		"a:to=A:cause=copy:cause=flag", "a:from=A:cause=flag",
		"a:from=A:cause=copy+append" };
	struct imaprule r;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(
		    imaprule_parse(slice_str(good[i].text), &r, &err), 0);
		assert_true(slice_is(r.name, good[i].name));
		assert_true(slice_is(r.to, good[i].to));
		assert_true(slice_is(r.from, good[i].from));
		assert_int_equal(r.causes, good[i].causes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (imaprule_parse(slice_str(bad[i]), &r, &err) != -1)
			fail_msg("taken: %s", bad[i]);
}

static void
test_fits(void **state)
{
	static const struct imap_folder none = { 0 },
					junk = { { "Spam", 4 }, MAILBOX_JUNK },
					inbox = { { "INBOX", 5 }, 0 },
					box = { { "A/b", 3 }, 0 };
	static const struct {
		const char *rule;
		enum imap_cause cause;
		const struct imap_folder *to, *from;
		bool fits;
	} rows[] = {
		{ "x:to=\\Junk", IMAP_COPY, &junk, &inbox, true },
		{ "x:to=\\Junk", IMAP_APPEND, &junk, &none, true },
		{ "x:to=\\Junk", IMAP_FLAG, &junk, &none, false },
		{ "x:to=\\Junk", IMAP_COPY, &box, &junk, false },
		{ "x:to=\\Junk", IMAP_COPY, &junk, &junk, false },
		{ "x:to=Junk", IMAP_COPY, &junk, &inbox, false },
		{ "x:to=Spam", IMAP_COPY, &junk, &inbox, true },
		{ "x:to=spam", IMAP_COPY, &junk, &inbox, false },
		{ "x:to=inbox", IMAP_COPY, &inbox, &box, true },
		{ "x:from=\\Junk", IMAP_COPY, &inbox, &junk, true },
		{ "x:from=\\Junk", IMAP_COPY, &junk, &junk, false },
		{ "x:from=\\Junk", IMAP_APPEND, &inbox, &none, false },
		{ "x:from=*", IMAP_COPY, &inbox, &box, true },
		{ "x:from=*:to=A/b", IMAP_COPY, &inbox, &box, false },
		{ "x:to=*:cause=flag", IMAP_FLAG, &box, &none, true },
		{ "x:to=*:cause=flag", IMAP_COPY, &box, &inbox, false },
	};
	struct imaprule r;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
		    imaprule_parse(slice_str(rows[i].rule), &r, &err), 0);
		if (imaprule_fits(&r, rows[i].cause, rows[i].to,
			rows[i].from) != rows[i].fits)
			fail_msg("row %zu: %s", i, rows[i].rule);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "mailsearch/basesubject.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static const struct slice none = { NULL, 0 };

static void
test_rules(void **state)
{
	/* clang-format off */
	static const struct {
		const char *subject, *base;
		bool reply;
	} rows[] = {
		{ "", "", false },
		{ "hello", "hello", false },
		{ "  hello \t world  ", "hello world", false },
		{ "hello\r\n folded\n\tagain", "hello folded again", false },
		{ "Re: hello", "hello", true },
		{ "RE : hello", "hello", true },
		{ "re:hello", "hello", true },
		{ "Re hello", "Re hello", false },
		{ "Reply: hello", "Reply: hello", false },
		{ "Fw: hello", "hello", true },
		{ "fwd: hello", "hello", true },
		{ "Fwd:Re: FW: hello", "hello", true },
		{ "Re[2]: hello", "hello", true },
		{ "Re [list] : hello", "hello", true },
		{ "[list] hello", "hello", false },
		{ "[list] Re: hello", "hello", true },
		{ "[a] [b] Re: [c] hello", "hello", true },
		{ "[a][b] hello", "hello", false },
		{ "[list]", "[list]", false },
		{ "[list] ", "[list]", false },
		{ "[a] [b]", "[b]", false },
		{ "Re: [list]", "[list]", true },
		{ "[not closed hello", "[not closed hello", false },
		{ "[a[b] hello", "[a[b] hello", false },
		{ "hello (fwd)", "hello", true },
		{ "hello (FWD) (fwd)  ", "hello", true },
		{ "(fwd)", "", true },
		{ "hello (fwd) there", "hello (fwd) there", false },
		{ "[fwd: hello]", "hello", true },
		{ "[Fwd: Re: hello (fwd)]", "hello", true },
		{ "[fwd: [Fwd: hello]]", "hello", true },
		{ "[fwd: hello] there", "there", false },
		{ "[fwd:]", "", true },
		{ "Re:", "", true },
		{ "Re: Re: Re:", "", true },
		{ "=?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f" "e", true },
		{ "Re: =?euc-kr?B?sKE=?=", "\xea\xb0\x80", true },
		{ "=?utf-8?b?UmU6?= =?utf-8?q?_x?=", "x", true },
	};
	/* clang-format on */
	struct buf text;
	bool reply;

	(void)state;
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice s = basesubject_of(
		    slice_str(rows[i].subject), none, &text, &reply);

		if (!slice_is(s, rows[i].base) || reply != rows[i].reply)
			fail_msg("%s: %.*s %d", rows[i].subject, SLICE_FMT(s),
			    reply);
	}
	buf_fini(&text);
}

/* What is long is cut at a character, and takes no square time that counts. */
static void
test_long(void **state)
{
	struct buf subject, text;
	struct slice s;
	bool reply;

	(void)state;
	buf_init(&subject, 4 << 20);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 1000000; i++)
		buf_adds(&subject, "[]");
	(void)basesubject_of(buf_slice(&subject), none, &text, &reply);
	buf_reset(&subject);
	buf_addc(&subject, 'x');
	for (int i = 0; i < 5000; i++)
		buf_adds(&subject, "\xc3\xbc");
	s = basesubject_of(buf_slice(&subject), none, &text, &reply);
	assert_true(s.n <= BASESUBJECT_MAX && s.n > BASESUBJECT_MAX - 4);
	assert_int_equal((unsigned char)s.p[s.n - 1], 0xbc);
	buf_fini(&subject);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

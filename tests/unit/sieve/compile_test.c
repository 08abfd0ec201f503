/* SPDX-License-Identifier: ISC */
#include "sieve/compile.h"

#include <time.h>

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieve/load.h"

/* The text of an included script: "loop" includes itself, "far" cannot be read
 * now. */
static enum found
on_script(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	(void)src;
	(void)where;
	if (slice_is(name, "far"))
		return TEMPFAIL;
	if (!slice_is(name, "loop"))
		return ABSENT;
	*text = SLICE("require \"include\"; include \"loop\";");
	return FOUND;
}

/* "line:column text" of each error. */
static bool
compile(const char *text, const struct sieve_limits *limits, struct buf *why,
    bool *temporary)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_source source = {
		.lang = &lang, .limits = limits, .script = on_script
	};
	struct sieve_report report;
	struct arena arena;
	struct buf out;
	bool ok;

	arena_init(&arena);
	sieve_report_init(&report, &arena, 100);
	buf_init(&out, 4 << 20);
	ok = sieve_compile(
	    &source, SLICE("t"), slice_str(text), &out, &report, temporary);
	for (const struct sieve_remark *m = report.first; m != NULL;
	     m = m->next)
		buf_addf(
		    why, "%u:%u %s\n", m->pos.line, m->pos.column, m->text);
	buf_fini(&out);
	arena_fini(&arena);
	return ok;
}

static void
assert_refused(const char *text, const char *want)
{
	struct buf why = { .max = 65536 };
	bool temporary;

	assert_false(compile(text, NULL, &why, &temporary));
	if (strstr(buf_cstr(&why), want) == NULL)
		fail_msg("%s\ngave %s\nnot %s", text, buf_cstr(&why), want);
	buf_fini(&why);
}

static void
test_refusals(void **state)
{
	/* clang-format off */
	static const struct { const char *text, *want; } rows[] = {
		{ "keep", "1:5 expected ';'" },
		{ "keep;\n  kep;", "2:3 unknown command 'kep'" },
		{ "# \xc3\xbc\nif \"\xc3\xbc\" true {}", "2:1 if command requires 0" },
		{ "if true { keep; ", "1:17 expected '}'" },
		{ "}", "1:1 expected the name of a command" },
		{ "redirect \"a@b.c", "1:10 the string that begins here does not end" },
		{ "redirect text:\na@b.c\n", "1:10 the text that begins here does not end" },
		{ "/* x", "1:1 the comment that begins here does not end" },
		{ "redirect \"\xff\";", "1:10 a string that is not UTF-8" },
		{ "if size :over 99999999999999999999 {}", "1:15 this number is too large" },
		{ "if size :over 20000000000G {}", "1:15 this number is too large" },
		{ "fileinto \"x\";", "(missing require \"fileinto\")" },
		{ "require \"none\";", "1:9 unknown capability 'none'" },
		{ "keep; require \"copy\";", "1:7 the require command must stand before" },
		{ "if header :is :contains \"a\" \"b\" {}", "1:15 ':contains' for the header test does not go with ':is'" },
		{ "if header \"a\" :is \"b\" {}", "1:15 unexpected ':is'" },
		{ "if header :count \"eq\" \"a\" \"1\" {}", "(missing require \"relational\")" },
		{ "require \"relational\"; if header :count \"xx\" \"a\" \"1\" {}", "unknown relation 'xx'" },
		{ "if header :comparator \"i;x\" \"a\" \"b\" {}", "unknown comparator 'i;x'" },
		{ "if header :comparator \"i;ascii-numeric\" \"a\" \"b\" {}", "missing require \"comparator-i;ascii-numeric\"" },
		{ "if address \"subject\" \"b\" {}", "header 'subject' is not allowed" },
		{ "if address matches \"to\" \"x\" {}", "1:12 missing colon before 'matches'" },
		{ "redirect \"nobody\";", "is no valid address" },
		{ "redirect \"<a@b.c>, d@e.f\";", "is no valid address" },
		{ "else { keep; }", "1:1 the else command must stand behind" },
		{ "if not { keep; }", "the not test requires one test" },
		{ "if anyof true { keep; }", "the anyof test requires a list of tests" },
		{ "stop { }", "the stop command accepts no block" },
		{ "require \"variables\"; set \"1a\" \"x\";", "1:26 '1a' is no name of a variable" },
		{ "require \"variables\"; set \"a.b\" \"x\";", "unknown namespace 'a'" },
		{ "require [\"variables\", \"fileinto\"]; fileinto \"${x.y}\";", "unknown namespace 'x'" },
		{ "require \"regex\"; if header :regex \"a\" \"(\" {}", "invalid regular expression" },
		{ "require [\"encoded-character\", \"fileinto\"]; fileinto \"${unicode:d800}\";", "a character by number" },
		{ "require [\"include\"]; include \"../x\";", "invalid name of a script" },
		{ "require [\"include\"]; include \"none\";", "there is no script 'none'" },
		{ "require [\"include\"]; include \"loop\";", "includes itself" },
		{ "require \"imap4flags\"; setflag \"v\" \"x\";", "missing require \"variables\"" },
		{ "require \"enotify\"; notify \"sms:1\";", "it is no mailto: URI" },
		{ "require \"foreverypart\"; break;", "must stand in a foreverypart" },
		{ "require \"index\"; if header :index 0 \"a\" \"b\" {}", "':index' counts from 1" },
		/* several at once, and on behind each */
		{ "kep;\nfileinto;\nif size 3 { stop; }\n", "3:4 the size test requires :over or :under" },
		{ "keep,\nkeep;\nif tru, { keep; }\nkeep", "4:5 expected ';'" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(rows[i].text, rows[i].want);
}

/* Each mistake of a script, in the order of its lines, and none that is but the
 * consequence of another. */
static void
test_several_at_once(void **state)
{
	/* clang-format off */
	static const struct { const char *text, *want; } rows[] = {
		/* words are looked at beside one that cannot be read */
		{ "kep;\nredirect \"no\"\nif tru { keep; }\nfileinto \"x\";\n",
		  "1:1 unknown command 'kep'\n"
		  "2:10 the redirect address 'no' is no valid address: expected local@domain\n"
		  "3:1 missing semicolon behind the redirect command: found 'if'\n"
		  "3:4 unknown test 'tru'\n"
		  "4:1 unknown command 'fileinto' (missing require \"fileinto\")\n" },
		{ "keep,\nif tru { kep; }\n",
		  "1:5 expected ';' or '{' behind the command, but found ','\n"
		  "2:10 unknown command 'kep'\n" },
		/* the block of a command that cannot be read */
		{ "if size :over [1] { kep; if tru { stop } }\nelse { kap; }\n",
		  "1:16 expected a string in the list, but found a number\n"
		  "1:21 unknown command 'kep'\n1:29 unknown test 'tru'\n"
		  "1:40 expected ';' or '{' behind the command, but found '}'\n"
		  "2:8 unknown command 'kap'\n" },
		/* what was to be required is not known */
		{ "require [\"fileinto\" \"copy\"];\nfileinto :copy \"x\";\nkep;\n",
		  "1:21 expected ',' or ']' in the list, but found a string\n"
		  "3:1 unknown command 'kep'\n" },
		{ "if true {\n  keep;\nstop;\n",
		  "4:1 expected '}' at the end of the block that begins in line 1, but found the end of the script\n" },
		{ "redirect \"a@b.c;\nkeep;\nredirect \"d\";\nkep;",
		  "3:12 the string that begins here does not end: expected \" (or at the end of the one that begins in line 1)\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf why = { .max = 65536 };
		bool temporary;

		assert_false(compile(rows[i].text, NULL, &why, &temporary));
		assert_string_equal(buf_cstr(&why), rows[i].want);
		buf_fini(&why);
	}
}

static void
test_unreadable_is_temporary(void **state)
{
	struct buf why = { .max = 4096 };
	bool temporary;

	(void)state;
	assert_false(compile(
	    "require \"include\"; include \"far\";", NULL, &why, &temporary));
	assert_true(temporary);
	assert_true(compile("require \"include\"; include :optional \"no\";",
	    NULL, &why, &temporary));
	assert_false(temporary);
	buf_fini(&why);
}

/* What is taken is within the limits, which say 0 for none. */
static void
test_limits(void **state)
{
	struct sieve_limits l = sieve_limits_default;
	struct buf why = { .max = 65536 };
	struct buf deep = { .max = 65536 };
	bool temporary;

	(void)state;
	l.script_bytes = 4;
	assert_false(compile("keep;", &l, &why, &temporary));
	l = sieve_limits_default;
	l.nesting = 2;
	assert_true(compile("if true { if true {} }", &l, &why, &temporary));
	assert_false(compile(
	    "if true { if true { if true {} } }", &l, &why, &temporary));
	l = sieve_limits_default;
	l.variables = 0;
	assert_false(compile(
	    "require \"variables\"; set \"a\" \"b\";", &l, &why, &temporary));
	for (int i = 0; i < 20000; i++)
		buf_adds(&deep, "{(");
	assert_false(compile(buf_cstr(&deep), NULL, &why, &temporary));
	buf_fini(&deep);
	buf_fini(&why);
}

static void
add_rules(struct buf *b, size_t bytes)
{
	buf_adds(b, "require [\"fileinto\", \"imap4flags\"];\r\n");
	for (unsigned i = 0; b->n < bytes; i++)
		buf_addf(b,
		    "if anyof (header :contains \"subject\" [\"word%u\", "
		    "\"other\"], address :domain \"from\" \"host%u.example\") "
		    "{\r\n  addflag \"\\\\Seen\";\r\n  fileinto \"Folder/%u\";"
		    "\r\n}\r\n",
		    i, i, i);
}

/* A script of 50 KB takes milliseconds; here it must not take a second. */
static void
test_large(void **state)
{
	struct buf text = { .max = 1 << 20 };
	struct buf why = { .max = 4096 };
	struct timespec from, to;
	bool temporary;
	double ms;

	(void)state;
	add_rules(&text, 50 << 10);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_true(compile(buf_cstr(&text), NULL, &why, &temporary));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 +
	     (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	print_message("compile of %zu bytes: %.2f ms\n", text.n, ms);
	assert_true(ms < 1000);
	buf_fini(&text);
	buf_fini(&why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_unreadable_is_temporary),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

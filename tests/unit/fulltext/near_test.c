/* SPDX-License-Identifier: ISC */
#include "fulltext/near.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_words(void **state)
{
	/* clang-format off */
	static const struct { const char *wanted, *word; unsigned near; } v[] = {
		{ "invoice", "invoice", NEAR_SAME },
		{ "invoice", "invoices", NEAR_START },
		{ "inv", "invoice", NEAR_START },
		{ "in", "invoice", 0 },
		{ "invoices", "invoice", NEAR_STEM },
		{ "deploying", "deploy", NEAR_STEM },
		{ "deployments", "deploy", 0 },
		{ "reading", "rea", 0 },
		{ "invoce", "invoice", NEAR_ERROR },    /* one is missing */
		{ "invooice", "invoice", NEAR_ERROR },  /* too many */
		{ "invoise", "invoice", NEAR_ERROR },   /* another one */
		{ "ivnoice", "invoice", NEAR_ERROR },   /* the other way round */
		{ "nvoice", "invoice", NEAR_ERROR },
		{ "xinvoice", "invoice", NEAR_ERROR },
		{ "invocie", "invoices", NEAR_ERROR_START },
		{ "xnvocie", "invoice", 0 },
		{ "helo", "hello", NEAR_ERROR },
		{ "helo", "help", NEAR_ERROR },
		{ "helo", "helpful", 0 },
		{ "cat", "car", 0 },
		{ "grüße", "gruße", NEAR_ERROR },
		{ "grße", "grüße", NEAR_ERROR },
		{ "gürße", "grüße", NEAR_ERROR },
		{ "рпивет", "привет", NEAR_ERROR },
		{ "привт", "привет", NEAR_ERROR },
		{ "привед", "привет", NEAR_ERROR },
		{ "б", "в", 0 },
		{ "abcd", "", 0 },
		{ "abcde", "abdce", NEAR_ERROR },
		{ "abcde", "abdcx", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (near_word(slice_str(v[i].wanted), slice_str(v[i].word)) !=
		    v[i].near)
			fail_msg("%s %s: %u", v[i].wanted, v[i].word,
			    near_word(
				slice_str(v[i].wanted), slice_str(v[i].word)));
}

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct { const char *needle, *text; unsigned near; } v[] = {
		{ "imap break", "break of imap", 100 },
		{ "imap break", "imap is broken", 0 },
		{ "imap breaks", "imap break", 85 },
		{ "one two three", "two and three", 66 },
		{ "one two three", "three", 0 },
		{ "회의", "내일 회의실", 100 },
		{ "회의록", "내일 회의", 50 },
		{ "회의", "내일", 0 },
		{ "보고서검토", "보고서 검토", 75 },
		{ "한", "한글", 100 },
		{ "안녕 invoice", "invoices 안녕하세요", 90 },
		{ "...", "...", 0 },
		{ "", "x", 0 },
		{ "x", "", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (near_text(slice_str(v[i].needle), slice_str(v[i].text)) !=
		    v[i].near)
			fail_msg("%s %s: %u", v[i].needle, v[i].text,
			    near_text(
				slice_str(v[i].needle), slice_str(v[i].text)));
}

/* Whatever is done to a word, once, is seen: a letter that goes, comes, is
 * another one, or changes places with the next. */
static void
test_one_error(void **state)
{
	static const char *const letters[] = { "a", "b", "ü", "я", "7" };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		const char *word[12], *other[14];
		const size_t n = 4 + (size_t)random() % 8;
		const size_t at = (size_t)random() % n;
		const long what = random() % 4;
		size_t m = 0;
		struct buf a = { .max = 100 }, b = { .max = 100 };

		for (size_t i = 0; i < n; i++)
			word[i] = letters[(size_t)random() % 5];
		for (size_t i = 0; i < n; i++) {
			if (i != at) {
				other[m++] = word[i];
			} else if (what == 1) {
				other[m++] = letters[(size_t)random() % 5];
				other[m++] = word[i];
			} else if (what == 2) {
				other[m++] = letters[(size_t)random() % 5];
			} else if (what == 3 && i + 1 < n) {
				other[m++] = word[i + 1];
				other[m++] = word[i];
				i++;
			}
		}
		for (size_t i = 0; i < n; i++)
			buf_adds(&a, word[i]);
		for (size_t i = 0; i < m; i++)
			buf_adds(&b, other[i]);
		if (near_word(buf_slice(&a), buf_slice(&b)) < NEAR_ERROR)
			fail_msg("%s %s", buf_cstr(&a), buf_cstr(&b));
		buf_fini(&a);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_one_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

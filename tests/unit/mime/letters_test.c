/* SPDX-License-Identifier: ISC */
#include "mime/letters.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static void
test_scripts(void **state)
{
	static const struct {
		uint32_t c;
		enum letters_script script;
		char latin;
	} rows[] = {
		{ 'a', LETTERS_LATIN, '\0' },
		{ 'Z', LETTERS_LATIN, '\0' },
		{ '1', LETTERS_OTHER, '\0' },
		{ 0xe9, LETTERS_LATIN, '\0' },
		{ 0xd7, LETTERS_OTHER, '\0' },
		{ 0x3b1, LETTERS_GREEK, 'a' },
		{ 0x3c0, LETTERS_GREEK, '\0' },
		{ 0x430, LETTERS_CYRILLIC, 'a' },
		{ 0x436, LETTERS_CYRILLIC, '\0' },
		{ 0x585, LETTERS_ARMENIAN, 'o' },
		{ 0x13a0, LETTERS_CHEROKEE, '\0' },
		{ 0xac00, LETTERS_OTHER, '\0' },
		{ 0x65e5, LETTERS_OTHER, '\0' },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(letters_script(rows[i].c), rows[i].script);
		assert_int_equal(letters_latin(rows[i].c), rows[i].latin);
	}
}

static void
test_normal_form(void **state)
{
	char text[1100];

	(void)state;
	assert_true(letters_is_nfc(SLICE("")));
	assert_true(letters_is_nfc(SLICE("plain")));
	assert_true(letters_is_nfc(SLICE("\xc3\xbc")));
	assert_false(letters_is_nfc(SLICE("u\xcc\x88")));
	assert_true(letters_is_nfc(SLICE("\xed\x95\x9c")));
	assert_false(
	    letters_is_nfc(SLICE("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab")));
	/* up to what is no character, and no further than it looks */
	assert_true(letters_is_nfc(SLICE("a\xffu\xcc\x88")));
	memset(text, 'a', sizeof text);
	memcpy(text + 999, "u\xcc\x88", 3);
	assert_true(letters_is_nfc(slice_of(text, sizeof text)));
	memcpy(text + 900, "u\xcc\x88", 3);
	assert_false(letters_is_nfc(slice_of(text, sizeof text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_normal_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

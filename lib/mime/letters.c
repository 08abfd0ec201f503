/* SPDX-License-Identifier: ISC */
#include "mime/letters.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { NFC_BYTES = 1000 };

/* clang-format off */
static const struct {
	uint32_t from, to;
	enum letters_script script;
} scripts[] = {
	{ 'A',     'Z',     LETTERS_LATIN },
	{ 'a',     'z',     LETTERS_LATIN },
	{ 0xc0,    0x24f,   LETTERS_LATIN },
	{ 0x250,   0x2af,   LETTERS_LATIN },
	{ 0x370,   0x3ff,   LETTERS_GREEK },
	{ 0x400,   0x52f,   LETTERS_CYRILLIC },
	{ 0x531,   0x58f,   LETTERS_ARMENIAN },
	{ 0x13a0,  0x13ff,  LETTERS_CHEROKEE },
	{ 0x1c80,  0x1c8f,  LETTERS_CYRILLIC },
	{ 0x1e00,  0x1eff,  LETTERS_LATIN },
	{ 0x1f00,  0x1fff,  LETTERS_GREEK },
	{ 0x2c60,  0x2c7f,  LETTERS_LATIN },
	{ 0x2de0,  0x2dff,  LETTERS_CYRILLIC },
	{ 0xa640,  0xa69f,  LETTERS_CYRILLIC },
	{ 0xa720,  0xa7ff,  LETTERS_LATIN },
	{ 0xab30,  0xab6f,  LETTERS_LATIN },
	{ 0xab70,  0xabbf,  LETTERS_CHEROKEE },
};

static const struct {
	uint32_t c;
	char latin;
} likes[] = {
	{ 0x131, 'i' },  /* dotless i */
	{ 0x251, 'a' },  { 0x261, 'g' },
	{ 0x3b1, 'a' },  { 0x3b9, 'i' },  { 0x3ba, 'k' },  { 0x3bd, 'v' },
	{ 0x3bf, 'o' },  { 0x3c1, 'p' },  { 0x3c4, 't' },  { 0x3c5, 'u' },
	{ 0x3c9, 'w' },  { 0x3f2, 'c' },  { 0x3f3, 'j' },
	{ 0x430, 'a' },  { 0x435, 'e' },  { 0x43e, 'o' },  { 0x440, 'p' },
	{ 0x441, 'c' },  { 0x443, 'y' },  { 0x445, 'x' },  { 0x455, 's' },
	{ 0x456, 'i' },  { 0x458, 'j' },  { 0x475, 'v' },  { 0x4bb, 'h' },
	{ 0x4cf, 'l' },  { 0x501, 'd' },  { 0x51b, 'q' },  { 0x51d, 'w' },
	{ 0x561, 'w' },  { 0x570, 'h' },  { 0x578, 'n' },  { 0x57d, 'u' },
	{ 0x581, 'g' },  { 0x582, 'i' },  { 0x585, 'o' },
};
/* clang-format on */

enum letters_script
letters_script(uint32_t c)
{
	if (c == 0xd7 || c == 0xf7) /* signs amid Latin letters */
		return LETTERS_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (c >= scripts[i].from && c <= scripts[i].to)
			return scripts[i].script;
	return LETTERS_OTHER;
}

char
letters_latin(uint32_t c)
{
	for (size_t i = 0; c >= 0x80 && i < ARRAY_LEN(likes); i++)
		if (likes[i].c == c)
			return likes[i].latin;
	return '\0';
}

bool
letters_is_nfc(struct slice s)
{
	const utf8proc_option_t how =
	    (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t n;
	bool same;

	s = slice_sub(s, 0, NFC_BYTES);
	s = slice_sub(s, 0, utf8_span(s));
	n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n,
	    &composed, how);
	same = n >= 0 && (size_t)n == s.n &&
	       (s.n == 0 || memcmp(composed, s.p, s.n) == 0);
	free(composed);
	return same;
}

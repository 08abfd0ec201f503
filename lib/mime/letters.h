/* SPDX-License-Identifier: ISC */
/* Letters that people take for others: of which script one is, and which Latin
 * one it looks like. */
#ifndef MIME_LETTERS_H
#define MIME_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Those that have letters like each other's; bits. */
enum letters_script {
	LETTERS_OTHER = 0, /* also what is no letter */
	LETTERS_LATIN = 1,
	LETTERS_GREEK = 2,
	LETTERS_CYRILLIC = 4,
	LETTERS_ARMENIAN = 8,
	LETTERS_CHEROKEE = 16,
};

enum letters_script letters_script(uint32_t c);
/* The small Latin letter that C, a small letter of another script, looks like;
 * 0: none.  Those of UTS 39 that most fonts draw alike. */
char letters_latin(uint32_t c);
/* Is S (UTF-8) in normal form C (UAX 15)?  Only what it begins
 * with is looked at: 1,000 bytes, and up to what is no character. */
bool letters_is_nfc(struct slice s);

#endif

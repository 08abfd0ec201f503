/* SPDX-License-Identifier: ISC */
/* The words of the language, from sieve/lang.def, and those that a host adds:
 * one table for all that reads, checks, writes or runs scripts. */
#ifndef SIEVE_LANG_H
#define SIEVE_LANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum sieve_ext {
	SIEVE_EXT_CORE,
#define LANG_EXT(id, name, implied) SIEVE_EXT_##id,
#include "sieve/lang.def" // IWYU pragma: keep
#undef LANG_EXT
	SIEVE_EXTS,
	SIEVE_EXT_HOST = 63, /* what a host adds */
};

#define SIEVE_EXT_BIT(ext) ((uint64_t)1 << (ext))

/* Words that take the same tags. */
enum sieve_group {
	SIEVE_TAKES_MATCH = 1 << 0,
	SIEVE_TAKES_COMPARATOR = 1 << 1,
	SIEVE_TAKES_PART = 1 << 2,
	SIEVE_TAKES_INDEX = 1 << 3,
	SIEVE_TAKES_SIZE = 1 << 4,
	SIEVE_TAKES_COPY = 1 << 5,
	SIEVE_TAKES_STORE = 1 << 6,
	SIEVE_TAKES_FLAGS = 1 << 7,
	SIEVE_TAKES_SET = 1 << 8,
	SIEVE_TAKES_BODY = 1 << 9,
	SIEVE_TAKES_ZONE = 1 << 10,
	SIEVE_TAKES_ORIGINALZONE = 1 << 11,
	SIEVE_TAKES_VACATION = 1 << 12,
	SIEVE_TAKES_DUPLICATE = 1 << 13,
	SIEVE_TAKES_ADDHEADER = 1 << 14,
	SIEVE_TAKES_DELETEHEADER = 1 << 15,
	SIEVE_TAKES_INCLUDE = 1 << 16,
	SIEVE_TAKES_NOTIFY = 1 << 17,
	SIEVE_TAKES_SPAMTEST = 1 << 18,
	SIEVE_TAKES_MIME = 1 << 19,
	SIEVE_TAKES_MIMEOPT = 1 << 20,
	SIEVE_TAKES_NAME = 1 << 21,
	SIEVE_TAKES_REPLACE = 1 << 22,
	SIEVE_TAKES_ENCLOSE = 1 << 23,
	SIEVE_TAKES_EXTRACTTEXT = 1 << 24,
	SIEVE_TAKES_LIST = 1 << 25,
	SIEVE_TAKES_HOST = 1 << 26, /* and those behind it */
};

enum sieve_tag_id {
#define LANG_TAG(id, name, takes, class, ext, arg) SIEVE_TAG_##id,
#include "sieve/lang.def" // IWYU pragma: keep
#undef LANG_TAG
	SIEVE_TAGS,
	SIEVE_TAG_HOST = 128, /* the first one of a host */
};

enum sieve_word_id {
#define LANG_WORD(id, name, kind, ext, args, takes, tests, block)              \
	SIEVE_WORD_##id,
#include "sieve/lang.def" // IWYU pragma: keep
#undef LANG_WORD
	SIEVE_WORDS,
	SIEVE_WORD_HOST = 128,
};

enum sieve_word_kind {
	SIEVE_IS_CONTROL,
	SIEVE_IS_ACTION,
	SIEVE_IS_TEST,
	SIEVE_IS_BOTH, /* a test that may stand as a command, of a host */
};

enum sieve_tests {
	SIEVE_TESTS_NONE,
	SIEVE_TESTS_ONE,
	SIEVE_TESTS_LIST, /* in parentheses */
};

struct sieve_tag {
	uint8_t id;
	const char *name;
	uint32_t takes; /* groups */
	int class;
	enum sieve_ext ext;
	char arg; /* 0, n, s, c, l */
};

enum { SIEVE_ARGS_MAX = 4 }; /* without a tag */

struct sieve_word {
	uint8_t id;
	const char *name;
	enum sieve_word_kind kind;
	enum sieve_ext ext;
	const char *args; /* see lang.def */
	uint32_t takes;
	enum sieve_tests tests;
	bool block;
};

/* What a host adds to the language under one name in `require`: commands whose
 * meaning it has itself (sieve/env.h), with ids from SIEVE_WORD_HOST and
 * SIEVE_TAG_HOST on and extension SIEVE_EXT_HOST. */
struct sieve_host_words {
	const char *ext;
	const struct sieve_word *words;
	size_t nwords;
	const struct sieve_tag *tags;
	size_t ntags;
	const char *variables; /* a namespace of its own, or NULL */
};

/* What may be used: extensions by their bits, and a host's words or NULL. */
struct sieve_lang {
	uint64_t exts;
	const struct sieve_host_words *host;
	bool utf8_addresses; /* mail may go to such (SMTPUTF8) */
};

#define SIEVE_LANG_ALL                                                         \
	((struct sieve_lang){ SIEVE_EXT_BIT(SIEVE_EXTS) - 1, NULL, true })

/* All but the N extensions OFF.  ERR_PERM: one of these is none; the others are
 * left out all the same. */
int sieve_lang_make(
    struct sieve_lang *lang, const char *const *off, size_t n, struct err *err);

/* One argument that a word takes without a tag. */
struct sieve_word_arg {
	char type; /* n, s, c, v, l */
	bool optional;
	struct slice name;
};
/* All of them; gives how many, and in *MIN how many there must be. */
size_t sieve_word_args(const struct sieve_word *word,
    struct sieve_word_arg args[SIEVE_ARGS_MAX], size_t *min);

/* The bit of the extension called NAME with those it brings along; 0: unknown,
 * or not in LANG. */
uint64_t sieve_lang_ext(const struct sieve_lang *lang, struct slice name);
/* Its name; "" for SIEVE_EXT_CORE. */
const char *sieve_lang_ext_name(
    const struct sieve_lang *lang, enum sieve_ext ext);
/* NULL: there is none. */
const struct sieve_word *sieve_lang_word(
    const struct sieve_lang *lang, struct slice name);
/* Of several of that name the one whose extension is among those REQUIRED. */
const struct sieve_word *sieve_lang_word_among(
    const struct sieve_lang *lang, struct slice name, uint64_t required);
const struct sieve_word *sieve_lang_word_by_id(
    const struct sieve_lang *lang, unsigned id);
/* The tag NAME that WORD takes, whatever extension that needs. */
const struct sieve_tag *sieve_lang_tag(const struct sieve_lang *lang,
    const struct sieve_word *word, struct slice name);
const struct sieve_tag *sieve_lang_tag_by_id(
    const struct sieve_lang *lang, unsigned id);

#endif

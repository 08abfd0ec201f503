/* SPDX-License-Identifier: ISC */
#include "sieve/lang.h"

#include "base/mem.h"

enum class {
	C_MATCH,
	C_COMPARATOR,
	C_PART,
	C_INDEX,
	C_LAST,
	C_SIZE,
	C_COPY,
	C_CREATE,
	C_FLAGS,
	C_SPECIALUSE,
	C_MAILBOXID,
	C_CASE,
	C_FIRST,
	C_QUOTE,
	C_ENCODEURL,
	C_LENGTH,
	C_BODY,
	C_ZONE,
	C_PERIOD,
	C_SUBJECT,
	C_FROM,
	C_ADDRESSES,
	C_AS_MIME,
	C_HANDLE,
	C_UNIQUEID,
	C_LOCATION,
	C_ONCE,
	C_OPTIONAL,
	C_IMPORTANCE,
	C_OPTIONS,
	C_MESSAGE,
	C_PERCENT,
	C_MIME,
	C_ANYCHILD,
	C_MIMEOPT,
	C_NAME,
	C_HEADERS,
	C_LIMIT,
	C_LIST,
	C_METHOD,
	C_ID,
};

static const struct {
	const char *name;
	uint64_t brings;
} exts[] = {
	[SIEVE_EXT_CORE] = { "", 0 },
#define BIT(id)                     SIEVE_EXT_BIT(SIEVE_EXT_##id)
#define LANG_EXT(id, name, implied) [SIEVE_EXT_##id] = { name, implied },
#include "sieve/lang.def"
#undef LANG_EXT
#undef BIT
};

/* The groups have short names in the table. */
#define MATCH        SIEVE_TAKES_MATCH
#define COMPARATOR   SIEVE_TAKES_COMPARATOR
#define PART         SIEVE_TAKES_PART
#define INDEX        SIEVE_TAKES_INDEX
#define SIZE         SIEVE_TAKES_SIZE
#define COPY         SIEVE_TAKES_COPY
#define STORE        SIEVE_TAKES_STORE
#define FLAGS        SIEVE_TAKES_FLAGS
#define SET          SIEVE_TAKES_SET
#define BODY         SIEVE_TAKES_BODY
#define ZONE         SIEVE_TAKES_ZONE
#define ORIGINALZONE SIEVE_TAKES_ORIGINALZONE
#define VACATION     SIEVE_TAKES_VACATION
#define DUPLICATE    SIEVE_TAKES_DUPLICATE
#define ADDHEADER    SIEVE_TAKES_ADDHEADER
#define DELETEHEADER SIEVE_TAKES_DELETEHEADER
#define INCLUDE      SIEVE_TAKES_INCLUDE
#define NOTIFY       SIEVE_TAKES_NOTIFY
#define SPAMTEST     SIEVE_TAKES_SPAMTEST
#define MIME         SIEVE_TAKES_MIME
#define MIMEOPT      SIEVE_TAKES_MIMEOPT
#define NAME         SIEVE_TAKES_NAME
#define REPLACE      SIEVE_TAKES_REPLACE
#define ENCLOSE      SIEVE_TAKES_ENCLOSE
#define EXTRACTTEXT  SIEVE_TAKES_EXTRACTTEXT
#define LIST         SIEVE_TAKES_LIST

static const struct sieve_tag tags[] = {
#define LANG_TAG(id, name, takes, class, ext, arg)                             \
	{ SIEVE_TAG_##id, name, takes, C_##class, SIEVE_EXT_##ext, arg },
#include "sieve/lang.def"
#undef LANG_TAG
};

static const struct sieve_word words[] = {
#define LANG_WORD(id, name, kind, ext, args, takes, tests, block)              \
	{ SIEVE_WORD_##id, name, SIEVE_IS_##kind, SIEVE_EXT_##ext, args,       \
		takes, SIEVE_TESTS_##tests, block },
#include "sieve/lang.def"
#undef LANG_WORD
};

uint64_t
sieve_lang_ext(const struct sieve_lang *lang, struct slice name)
{
	if (lang->host != NULL && slice_is(name, lang->host->ext))
		return SIEVE_EXT_BIT(SIEVE_EXT_HOST);
	for (unsigned i = 1; i < SIEVE_EXTS; i++)
		if (slice_is(name, exts[i].name) &&
		    (lang->exts & SIEVE_EXT_BIT(i)) != 0)
			return SIEVE_EXT_BIT(i) | exts[i].brings;
	return 0;
}

static int
leave_out(struct sieve_lang *lang, const char *name, struct err *err)
{
	for (unsigned i = 1; i < SIEVE_EXTS; i++)
		if (slice_iis(slice_str(name), exts[i].name)) {
			lang->exts &= ~SIEVE_EXT_BIT(i);
			return 0;
		}
	return err_set(err, ERR_PERM,
	    "sieve_extensions_off: there is no extension %s", name);
}

int
sieve_lang_make(
    struct sieve_lang *lang, const char *const *off, size_t n, struct err *err)
{
	int rc = 0;

	*lang = SIEVE_LANG_ALL;
	for (size_t i = 0; i < n; i++)
		if (leave_out(lang, off[i], err) == -1)
			rc = -1;
	return rc;
}

const char *
sieve_lang_ext_name(const struct sieve_lang *lang, enum sieve_ext ext)
{
	if (ext == SIEVE_EXT_HOST)
		return lang->host != NULL ? lang->host->ext : "";
	return exts[ext].name;
}

const struct sieve_word *
sieve_lang_word(const struct sieve_lang *lang, struct slice name)
{
	for (size_t i = 0; lang->host != NULL && i < lang->host->nwords; i++)
		if (slice_iis(name, lang->host->words[i].name))
			return &lang->host->words[i];
	for (size_t i = 0; i < SIEVE_WORDS; i++)
		if (slice_iis(name, words[i].name))
			return &words[i];
	return NULL;
}

const struct sieve_word *
sieve_lang_word_among(
    const struct sieve_lang *lang, struct slice name, uint64_t required)
{
	const struct sieve_word *first = sieve_lang_word(lang, name);

	if (first == NULL || first->id >= SIEVE_WORD_HOST)
		return first;
	for (size_t i = first->id; i < SIEVE_WORDS; i++)
		if (slice_iis(name, words[i].name) &&
		    (required & SIEVE_EXT_BIT(words[i].ext)) != 0)
			return &words[i];
	return first;
}

const struct sieve_word *
sieve_lang_word_by_id(const struct sieve_lang *lang, unsigned id)
{
	if (id < SIEVE_WORDS)
		return &words[id];
	if (id >= SIEVE_WORD_HOST && lang->host != NULL &&
	    id - SIEVE_WORD_HOST < lang->host->nwords)
		return &lang->host->words[id - SIEVE_WORD_HOST];
	return NULL;
}

const struct sieve_tag *
sieve_lang_tag(const struct sieve_lang *lang, const struct sieve_word *word,
    struct slice name)
{
	const bool hosted = lang->host != NULL && word->id >= SIEVE_WORD_HOST;

	for (size_t i = 0; hosted && i < lang->host->ntags; i++)
		if (slice_iis(name, lang->host->tags[i].name) &&
		    (lang->host->tags[i].takes & word->takes) != 0)
			return &lang->host->tags[i];
	for (size_t i = 0; i < SIEVE_TAGS; i++)
		if ((tags[i].takes & word->takes) != 0 &&
		    slice_iis(name, tags[i].name))
			return &tags[i];
	return NULL;
}

const struct sieve_tag *
sieve_lang_tag_by_id(const struct sieve_lang *lang, unsigned id)
{
	if (id < SIEVE_TAGS)
		return &tags[id];
	if (id >= SIEVE_TAG_HOST && lang->host != NULL &&
	    id - SIEVE_TAG_HOST < lang->host->ntags)
		return &lang->host->tags[id - SIEVE_TAG_HOST];
	return NULL;
}

size_t
sieve_word_args(const struct sieve_word *word,
    struct sieve_word_arg args[SIEVE_ARGS_MAX], size_t *min)
{
	struct slice rest = slice_str(word->args);
	size_t n = 0;

	*min = 0;
	while (rest.n > 0 && n < SIEVE_ARGS_MAX) {
		struct slice one = slice_cut(rest, '|', &rest);

		args[n].optional = one.p[0] == '?';
		one = slice_from(one, args[n].optional);
		args[n].type = one.p[0];
		args[n].name = slice_from(one, 2);
		*min += !args[n].optional;
		n++;
	}
	return n;
}

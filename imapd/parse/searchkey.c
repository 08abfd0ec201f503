/* SPDX-License-Identifier: ISC */
#include "imapd/parse/searchkey.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/modifiers.h"
#include "imapd/parse/parse.h"
#include "maildir/filename.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/fold.h"
#include "proto/objectid.h"
#include "proto/seqset.h"

/* What is parsed with the keys. */
struct context {
	struct parse *p;
	struct search *search;
	struct slice charset;
	unsigned depth;
	unsigned nkeys;  /* with a string */
	unsigned nfuzzy; /* of them */
	bool fuzzy;      /* beneath FUZZY */
};

enum argument {
	ARG_NONE,
	ARG_STRING,
	ARG_DAY,
	ARG_SIZE,
	ARG_SECONDS,
	ARG_KEYWORD,
	ARG_HEADER,
	ARG_SET,
	ARG_MODSEQ,
	ARG_ID,
};

/* clang-format off */
static const struct search_word {
	const char *name;
	enum search_op op;
	enum argument argument;
	unsigned flag;
	bool negated;
} words[] = {
	{ "ALL",        SEARCH_AND,        ARG_NONE,    0,            false },
	{ "ANSWERED",   SEARCH_FLAG,       ARG_NONE,    MSG_ANSWERED, false },
	{ "BCC",        SEARCH_FIELD,      ARG_STRING,  0,            false },
	{ "BEFORE",     SEARCH_BEFORE,     ARG_DAY,     0,            false },
	{ "BODY",       SEARCH_BODY,       ARG_STRING,  0,            false },
	{ "CC",         SEARCH_FIELD,      ARG_STRING,  0,            false },
	{ "DELETED",    SEARCH_FLAG,       ARG_NONE,    MSG_DELETED,  false },
	{ "DRAFT",      SEARCH_FLAG,       ARG_NONE,    MSG_DRAFT,    false },
	{ "EMAILID",    SEARCH_EMAILID,    ARG_ID,      0,            false },
	{ "FLAGGED",    SEARCH_FLAG,       ARG_NONE,    MSG_FLAGGED,  false },
	{ "FROM",       SEARCH_FIELD,      ARG_STRING,  0,            false },
	{ "HEADER",     SEARCH_HEADER,     ARG_HEADER,  0,            false },
	{ "KEYWORD",    SEARCH_KEYWORD,    ARG_KEYWORD, 0,            false },
	{ "LARGER",     SEARCH_LARGER,     ARG_SIZE,    0,            false },
	{ "MODSEQ",     SEARCH_MODSEQ,     ARG_MODSEQ,  0,            false },
	{ "OLD",        SEARCH_RECENT,     ARG_NONE,    0,            true },
	{ "OLDER",      SEARCH_OLDER,      ARG_SECONDS, 0,            false },
	{ "ON",         SEARCH_ON,         ARG_DAY,     0,            false },
	{ "RECENT",     SEARCH_RECENT,     ARG_NONE,    0,            false },
	{ "SAVEDATESUPPORTED", SEARCH_AND, ARG_NONE,    0,            false },
	{ "SAVEDBEFORE", SEARCH_SAVEDBEFORE, ARG_DAY,   0,            false },
	{ "SAVEDON",    SEARCH_SAVEDON,    ARG_DAY,     0,            false },
	{ "SAVEDSINCE", SEARCH_SAVEDSINCE, ARG_DAY,     0,            false },
	{ "SEEN",       SEARCH_FLAG,       ARG_NONE,    MSG_SEEN,     false },
	{ "SENTBEFORE", SEARCH_SENTBEFORE, ARG_DAY,     0,            false },
	{ "SENTON",     SEARCH_SENTON,     ARG_DAY,     0,            false },
	{ "SENTSINCE",  SEARCH_SENTSINCE,  ARG_DAY,     0,            false },
	{ "SINCE",      SEARCH_SINCE,      ARG_DAY,     0,            false },
	{ "SMALLER",    SEARCH_SMALLER,    ARG_SIZE,    0,            false },
	{ "SUBJECT",    SEARCH_FIELD,      ARG_STRING,  0,            false },
	{ "TEXT",       SEARCH_TEXT,       ARG_STRING,  0,            false },
	{ "THREADID",   SEARCH_THREADID,   ARG_ID,      0,            false },
	{ "TO",         SEARCH_FIELD,      ARG_STRING,  0,            false },
	{ "UID",        SEARCH_UID,        ARG_SET,     0,            false },
	{ "UNANSWERED", SEARCH_FLAG,       ARG_NONE,    MSG_ANSWERED, true },
	{ "UNDELETED",  SEARCH_FLAG,       ARG_NONE,    MSG_DELETED,  true },
	{ "UNDRAFT",    SEARCH_FLAG,       ARG_NONE,    MSG_DRAFT,    true },
	{ "UNFLAGGED",  SEARCH_FLAG,       ARG_NONE,    MSG_FLAGGED,  true },
	{ "UNKEYWORD",  SEARCH_KEYWORD,    ARG_KEYWORD, 0,            true },
	{ "UNSEEN",     SEARCH_FLAG,       ARG_NONE,    MSG_SEEN,     true },
	{ "YOUNGER",    SEARCH_YOUNGER,    ARG_SECONDS, 0,            false },
};
/* clang-format on */

static struct search_key *read_key(struct context *c);

static struct search_key *
new_key(struct context *c, enum search_op op)
{
	struct search_key *k = arena_new(c->p->arena, struct search_key);

	k->op = op;
	k->keyword = -1;
	return k;
}

/* An astring in the command's charset, as it is compared. */
static struct slice
read_needle(struct context *c)
{
	const struct slice raw = parse_astring(c->p);
	struct slice s;
	struct buf utf8, folded;

	buf_init(&utf8, 8 * raw.n + 16);
	buf_init(&folded, 64 * raw.n + 256);
	(void)charset_to_utf8(&utf8, c->charset, raw);
	fold_text(buf_slice(&utf8), &folded);
	s = arena_slice(c->p->arena, buf_slice(&folded));
	buf_fini(&utf8);
	buf_fini(&folded);
	return s;
}

/* date / DQUOTE date DQUOTE */
static int64_t
read_day(struct parse *p)
{
	const struct slice s = parse_astring(p);
	int64_t day = 0;

	if (parse_ok(p) && !date_parse_imap_day(s, &day))
		parse_fail(p, "expected a date");
	return day;
}

/* A text that is looked for; keys of all kinds count, for each may be looked
 * for in each field.  Those of BODY and TEXT get a slot, where "" is not looked
 * for: it stands in each message. */
static void
add_string(struct context *c, struct search_key *k)
{
	if (++c->nkeys > SEARCH_STRINGS_MAX) {
		parse_fail(c->p, "too many strings");
		return;
	}
	k->fuzzy = c->fuzzy && k->needle.n > 0;
	if (k->fuzzy && ++c->nfuzzy > SEARCH_FUZZY_MAX)
		parse_fail(c->p, "too many strings for FUZZY");
	if (k->op == SEARCH_HEADER) {
		k->slot = c->search->nheads;
		c->search->heads[c->search->nheads++] = k;
	}
	if (k->op != SEARCH_BODY && k->op != SEARCH_TEXT)
		return;
	if (k->needle.n == 0) {
		k->op = SEARCH_AND;
		return;
	}
	k->slot = c->search->nstrings;
	c->search->strings[c->search->nstrings++] = k;
}

/* [entry-name SP entry-type-req SP] mod-sequence-valzer: a mod-sequence is a
 * whole message's here, so that of a flag is the same. */
static int64_t
read_modseq(struct context *c)
{
	struct parse *p = c->p;

	c->search->modseq = true;
	if (parse_peek(p) == '"') {
		const struct slice entry = parse_string(p);

		if (!slice_istarts(entry, SLICE("/flags/")) ||
		    entry.n == strlen("/flags/"))
			parse_fail(p, "expected \"/flags/...\"");
		parse_space(p);
		if (!parse_try_word(p, "priv") &&
		    !parse_try_word(p, "shared") && !parse_try_word(p, "all"))
			parse_fail(p, "expected priv, shared or all");
		parse_space(p);
	}
	return (int64_t)parse_modseq_or_zero(p);
}

/* objectid (RFC 8474 7); one that is none of ours is nobody's. */
static uint64_t
read_id(struct parse *p, enum search_op op)
{
	const struct slice s = parse_atom(p);
	uint64_t id = 0;

	if (op == SEARCH_EMAILID)
		(void)objectid_parse_email(s, &id);
	else
		(void)objectid_parse_thread(s, &id);
	return id;
}

static void
read_argument(
    struct context *c, struct search_key *k, const struct search_word *w)
{
	if (w->argument != ARG_NONE)
		parse_space(c->p);
	switch (w->argument) {
	case ARG_NONE:
		break;
	case ARG_STRING:
		k->name = slice_str(w->name);
		k->needle = read_needle(c);
		add_string(c, k);
		break;
	case ARG_HEADER:
		k->name = parse_astring(c->p);
		parse_space(c->p);
		k->needle = read_needle(c);
		add_string(c, k);
		break;
	case ARG_DAY:
		k->number = read_day(c->p);
		break;
	case ARG_SIZE:
		k->number = (int64_t)parse_number(c->p, INT64_MAX);
		break;
	case ARG_SECONDS:
		k->number = (int64_t)parse_nz_number(c->p, UINT32_MAX);
		break;
	case ARG_KEYWORD:
		k->name = parse_atom(c->p);
		break;
	case ARG_SET:
		k->set = parse_seqset(c->p);
		break;
	case ARG_MODSEQ:
		k->number = read_modseq(c);
		break;
	case ARG_ID:
		k->id = read_id(c->p, k->op);
		break;
	}
}

static struct search_key *
negate(struct context *c, struct search_key *k)
{
	struct search_key *n = new_key(c, SEARCH_NOT);

	n->child = k;
	return n;
}

/* NEW is RECENT UNSEEN. */
static struct search_key *
new_messages(struct context *c)
{
	struct search_key *k = new_key(c, SEARCH_AND);
	struct search_key *seen = new_key(c, SEARCH_FLAG);

	seen->flag = MSG_SEEN;
	k->child = new_key(c, SEARCH_RECENT);
	k->child->next = negate(c, seen);
	return k;
}

/* "(" search-key *(SP search-key) ")" behind its parenthesis */
static struct search_key *
read_list(struct context *c)
{
	struct search_key *k = new_key(c, SEARCH_AND);
	struct search_key **tail = &k->child;

	do {
		*tail = read_key(c);
		tail = &(*tail)->next;
	} while (parse_ok(c->p) && parse_next(c->p));
	return k;
}

static struct search_key *
read_or(struct context *c)
{
	struct search_key *k = new_key(c, SEARCH_OR);

	parse_space(c->p);
	k->child = read_key(c);
	parse_space(c->p);
	k->child->next = read_key(c);
	return k;
}

/* "FUZZY" SP search-key (RFC 6203 3): for all strings of the key, for other
 * keys nothing. */
static struct search_key *
read_fuzzy(struct context *c)
{
	const bool was = c->fuzzy;
	struct search_key *k;

	parse_space(c->p);
	c->fuzzy = c->search->fuzzy = true;
	k = read_key(c);
	c->fuzzy = was;
	return k;
}

static struct search_key *
read_word(struct context *c)
{
	if (parse_try_word(c->p, "NOT")) {
		parse_space(c->p);
		return negate(c, read_key(c));
	}
	if (parse_try_word(c->p, "OR"))
		return read_or(c);
	if (parse_try_word(c->p, "FUZZY"))
		return read_fuzzy(c);
	if (parse_try_word(c->p, "NEW"))
		return new_messages(c);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct search_key *k;

		if (!parse_try_word(c->p, words[i].name))
			continue;
		k = new_key(c, words[i].op);
		k->flag = words[i].flag;
		read_argument(c, k, &words[i]);
		return words[i].negated ? negate(c, k) : k;
	}
	parse_fail(c->p, "expected a search key");
	return new_key(c, SEARCH_AND);
}

static bool
is_set(int b)
{
	return b == '*' || b == '$' || (b >= '0' && b <= '9');
}

static struct search_key *
read_key(struct context *c)
{
	struct search_key *k;

	if (!parse_ok(c->p) || c->depth >= SEARCH_DEPTH_MAX) {
		parse_fail(c->p, "nested too deeply");
		return new_key(c, SEARCH_AND);
	}
	c->depth++;
	if (is_set(parse_peek(c->p))) {
		k = new_key(c, SEARCH_SEQ);
		k->set = parse_seqset(c->p);
		if (k->set.uids) {
			k->op = SEARCH_UID;
			c->search->saved = true;
		} else {
			c->search->numbers = true;
		}
	} else if (parse_try_open(c->p)) {
		k = read_list(c);
	} else {
		k = read_word(c);
	}
	c->depth--;
	return k;
}

static bool
is_known(struct slice charset)
{
	struct charset *cs = charset_open(charset);
	const bool known = cs != NULL;

	charset_close(&cs);
	return known;
}

static void
read_charset(struct context *c)
{
	c->charset = parse_astring(c->p);
	c->search->charset = true;
	c->search->bad_charset = !is_known(c->charset);
	parse_space(c->p);
}

static void
read_program(struct context *c)
{
	struct search_key **tail;

	c->search->key = new_key(c, SEARCH_AND);
	tail = &c->search->key->child;
	do {
		*tail = read_key(c);
		tail = &(*tail)->next;
	} while (parse_ok(c->p) && parse_try_space(c->p));
	parse_end(c->p);
}

struct search
searchkey_parse(struct parse *p)
{
	struct search s = { .key = NULL };
	struct context c = { .p = p, .search = &s, .charset = SLICE("utf-8") };

	if (parse_try_word(p, "CHARSET")) {
		parse_space(p);
		read_charset(&c);
	}
	read_program(&c);
	return s;
}

struct search
searchkey_parse_charset(struct parse *p)
{
	struct search s = { .key = NULL };
	struct context c = { .p = p, .search = &s };

	read_charset(&c);
	read_program(&c);
	return s;
}

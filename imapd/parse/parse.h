/* SPDX-License-Identifier: ISC */
/*
 * The pieces of IMAP's grammar (RFC 3501 9, RFC 9051 9), read from a command
 * that stands whole in memory: its literals follow their "{n}" CRLF in the
 * text.  Failure is sticky; `why` keeps what was expected where it failed
 * first, for the text behind BAD.
 */
#ifndef IMAPD_PARSE_PARSE_H
#define IMAPD_PARSE_PARSE_H

#include "base/arena.h"
#include "base/cur.h"

struct seqset;

struct parse {
	struct cur c;
	struct arena *arena; /* what is unescaped; lives as the command does */
	const char *why;     /* NULL while nothing failed */
	bool utf8; /* mailbox names are UTF-8 as they stand (enabled.h) */
	struct slice inside; /* what names of mailboxes begin with; empty */
	const struct seqset *saved; /* what "$" is (RFC 5182); NULL: empty */
};

struct parse parse_of(struct slice text, struct arena *arena);
static inline bool
parse_ok(const struct parse *p)
{
	return cur_ok(&p->c);
}
/* Fail; WHAT ("a mailbox name") is kept if it is the first. */
void parse_fail(struct parse *p, const char *what);
/* Everything was read, without failure. */
bool parse_end(struct parse *p);

static inline int
parse_peek(const struct parse *p)
{
	return cur_peek(&p->c);
}
/* One space / "(" / ")". */
void parse_space(struct parse *p);
bool parse_try_space(struct parse *p);
void parse_open(struct parse *p);
bool parse_try_open(struct parse *p);
bool parse_try_close(struct parse *p);
/* Between the items of a list that ends with ")": a space, or the end, which
 * is read too and gives false; false also after a failure. */
bool parse_next(struct parse *p);
/* WORD (case ignored) when it stands there whole, not as part of an atom. */
bool parse_try_word(struct parse *p, const char *word);

/* 1*ATOM-CHAR */
struct slice parse_atom(struct parse *p);
/* Letters, digits, dots and hyphens: names of items and keys. */
struct slice parse_name(struct parse *p);
/* quoted / literal; no NUL */
struct slice parse_string(struct parse *p);
/* astring */
struct slice parse_astring(struct parse *p);
/* list-mailbox: as astring, "%" and "*" stand for themselves */
struct slice parse_pattern(struct parse *p);
/* string / "NIL" (p == NULL) */
struct slice parse_nstring(struct parse *p);
/* number, at most MAX / the same, not 0 */
uint64_t parse_number(struct parse *p, uint64_t max);
uint64_t parse_nz_number(struct parse *p, uint64_t max);
struct seqset parse_seqset(struct parse *p);
/* Is S a tag: 1*<any ASTRING-CHAR except "+">? */
bool parse_is_tag(struct slice s);
/* ATOM-CHAR: what an atom may hold */
bool parse_is_atom_char(char c);

/* The announcement of a literal at the end of LINE (without its line end):
 * "{n}", "{n+}" (RFC 7888), "~{n}" (RFC 3516). */
struct literal {
	uint64_t size;
	bool nonsync;
	bool binary;
	size_t at; /* where in the line it begins */
};
/* False when LINE ends in none. A size past 64 bits counts as the largest. */
bool parse_literal(struct slice line, struct literal *l);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The text of APPEND and REPLACE between what is data of messages: arguments,
 * UTF8 (RFC 6855), the list of CATENATE (RFC 4469).  A text ends in the literal
 * that is data, or with the command; what is to be done for it is told only
 * when it is whole, because a URL may be a literal in it.
 */
#ifndef IMAPD_APPEND_APPENDTEXT_H
#define IMAPD_APPEND_APPENDTEXT_H

#include <stdbool.h>

#include "imapd/parse/flags.h"
#include "imapd/parse/parse.h"
#include "mime/date.h"

struct append_arguments {
	struct flag_names names;
	struct date date;
	bool has_date;
	bool catenate;
};

enum append_op_kind {
	APPEND_OP_BEGIN, /* a message, with its arguments */
	APPEND_OP_URL,   /* what it names is part of it */
	APPEND_OP_END,
};

struct append_op {
	struct append_op *next;
	enum append_op_kind kind;
	struct append_arguments arguments;
	struct slice url;
};

/* Where in the command a text begins. */
enum append_place {
	APPEND_BEFORE,   /* a message */
	APPEND_BEHIND,   /* a message's only literal */
	APPEND_IN_UTF8,  /* behind the literal in "UTF8 (...)" */
	APPEND_IN_PARTS, /* behind a literal of CATENATE */
};

enum append_text_end {
	APPEND_TEXT_BAD,     /* p->why */
	APPEND_TEXT_LITERAL, /* its literal is data, and comes next */
	APPEND_TEXT_MORE,    /* its literal belongs to it: once more, with it */
	APPEND_TEXT_END,     /* of the command */
};

struct appendtext {
	enum append_place place; /* at its beginning; then of the next one */
	bool many;               /* messages may follow (MULTIAPPEND) */
	const struct literal *literal; /* that the text ends in; NULL: none */
	struct append_op *ops;         /* the first; in the parser's arena */
};

/* Read P, which ends before the literal. */
enum append_text_end appendtext_read(struct parse *p, struct appendtext *t);

#endif

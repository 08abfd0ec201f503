/* SPDX-License-Identifier: ISC */
/*
 * A script as a tree: what the parser makes, the validator completes and the
 * generator writes down.  Everything in it is of one arena.
 */
#ifndef SIEVE_TREE_H
#define SIEVE_TREE_H

#include "sieve/lang.h"
#include "sieve/report.h"

enum sieve_arg_kind {
	SIEVE_ARG_NUMBER,
	SIEVE_ARG_STRING,
	SIEVE_ARG_LIST, /* items: its strings */
	SIEVE_ARG_TAG,
};

struct sieve_arg {
	struct sieve_arg *next;
	enum sieve_arg_kind kind;
	struct sieve_pos pos;
	uint64_t number;
	struct slice text; /* of a string, or a tag's name */
	struct sieve_arg *items;
	/* The validator's: */
	const struct sieve_tag *tag; /* what it is */
	struct sieve_arg *value;     /* what stands behind a tag */
};

/* What is known of a test's result before any message. */
enum sieve_known { SIEVE_UNKNOWN, SIEVE_NEVER, SIEVE_ALWAYS };

struct sieve_node {
	struct sieve_node *next;
	struct sieve_pos pos;
	struct slice name;
	struct sieve_arg *args;
	struct sieve_node *tests;
	enum sieve_tests has_tests;
	bool has_block;
	bool broken; /* a command with a mistake, as was reported */
	struct sieve_node *block;
	/* The validator's: */
	const struct sieve_word *word;
	struct sieve_arg *tags;     /* in a list by `next` */
	struct sieve_arg *plain[4]; /* without a tag; NULL: left out */
	size_t nplain;
	enum sieve_known known;
	bool dead;       /* it can never run, and was not looked at */
	uint32_t script; /* that an include means; see sieve/emit.h */
};

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The validator: names are looked up, arguments and tags are what they should
 * be by the table of the language (sieve/lang.h), and what single words want
 * beyond it holds (sieve/rules.h).  It completes the tree for the generator.
 */
#ifndef SIEVE_CHECK_H
#define SIEVE_CHECK_H

#include "sieve/lang.h"
#include "sieve/report.h"
#include "sieve/scope.h"
#include "sieve/tree.h"

struct sieve_limits;

struct sieve_loop {
	const struct sieve_loop *around;
	struct slice name;
};

/* The validation of one script. */
struct sieve_check {
	const struct sieve_lang *lang;
	const struct sieve_limits *limits;
	struct sieve_report *report;
	struct arena *arena;
	struct slice script; /* its name */
	uint64_t exts;       /* that it has required */
	bool begun;          /* a command that is no require was seen */
	bool crowded;        /* too many variables were reported */
	uint32_t depth;      /* of blocks around */
	uint32_t loop_depth;
	const struct sieve_loop *loop; /* foreverypart around */
	struct sieve_scope scope;
	/* A script that is included: its number to *SCRIPT; false: it was
	 * reported why not.  *SCRIPT is SIEVE_NO_SCRIPT for an optional one
	 * that there is not. */
	bool (*include)(struct sieve_check *c, const struct sieve_node *n,
	    uint32_t *script);
};

#define SIEVE_NO_SCRIPT UINT32_MAX

void sieve_check(struct sieve_check *c, struct sieve_node *commands);

/* ---- for sieve/rules.c; the next two are in complain.c ---- */

static inline bool
sieve_check_has(const struct sieve_check *c, enum sieve_ext ext)
{
	return (c->exts & SIEVE_EXT_BIT(ext)) != 0;
}

void sieve_check_error(struct sieve_check *c, struct sieve_pos pos,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void sieve_check_warning(struct sieve_check *c, struct sieve_pos pos,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

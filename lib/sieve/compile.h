/* SPDX-License-Identifier: ISC */
/* A script's text to code, with all that it includes. */
#ifndef SIEVE_COMPILE_H
#define SIEVE_COMPILE_H

#include <stdbool.h>

#include "base/err.h"
#include "sieve/emit.h"
#include "sieve/report.h"

struct sieve_lang;
struct sieve_limits;

/* What a compilation is given beside the text. */
struct sieve_source {
	const struct sieve_lang *lang;
	const struct sieve_limits *limits; /* NULL: the default */
	/* A script that its author has just written: what it includes he may
	 * write later (RFC 6609 3.2), and is looked for, but not read. */
	bool upload;
	/* The text of an included script, which has to stay; NULL: there is
	 * nothing to include.  TEMPFAIL: nobody knows just now. */
	enum found (*script)(struct sieve_source *src,
	    enum sieve_location where, struct slice name, struct slice *text);
};

/* Compile TEXT, called NAME, behind OUT, whose maximum holds; false: REPORT has
 * errors (it may have warnings otherwise).  *TEMPORARY: for no better reason
 * than that an included script could not be read. */
bool sieve_compile(struct sieve_source *src, struct slice name,
    struct slice text, struct buf *out, struct sieve_report *report,
    bool *temporary);

#endif

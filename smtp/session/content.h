/* SPDX-License-Identifier: ISC */
/*
 * What a message holds that a host may not take (8-bit bytes, long lines, bytes
 * that are no lines), and
 * its conversion.  It is looked through once for a job before its first MAIL,
 * and twice more if it has to be converted, in steps with turns of the loop
 * between them.
 */
#ifndef SMTP_SESSION_CONTENT_H
#define SMTP_SESSION_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "smtp/session/body.h"

struct downgrade;

enum smtp_content_pass {
	SMTP_CONTENT_SCAN,
	SMTP_CONTENT_READ,
	SMTP_CONTENT_MEASURE,
	SMTP_CONTENT_READY,
};

/* What a host takes; bits. */
enum { SMTP_TAKES_8BIT = 1, SMTP_TAKES_BINARY = 2 };

struct smtp_content {
	const struct smtp_text *text; /* borrowed */
	bool binary;                  /* BINARYMIME */
	enum smtp_content_pass pass;
	int64_t at; /* of this pass */
	/* Known when the first pass is over. */
	bool scanned;
	signed char waiver; /* 1, -1: not; 0: unknown (smtp/route/waiver.h) */
	bool eightbit, eightbit_header, long_line;
	/* where it stands */
	bool line_start, in_body;
	size_t column;
	struct smtp_lines lines;
	struct downgrade *downgrade; /* NULL until it is needed */
};

/* BINARY: as BINARYMIME has it. */
struct smtp_content *smtp_content_new(
    const struct smtp_text *text, bool binary);
void smtp_content_free(struct smtp_content **c);

/* Must it be converted for a host that TAKES this? */
bool smtp_content_unfit(const struct smtp_content *c, unsigned takes);
/*
 * A step on: 1 when all is known for such a host (then there is a
 * c->downgrade, without a plan yet, if the message is unfit), 0 when more
 * steps are needed, -1 when the file cannot be read.
 */
int smtp_content_step(struct smtp_content *c, unsigned takes, struct err *err);

#endif

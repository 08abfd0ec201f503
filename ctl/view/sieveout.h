/* SPDX-License-Identifier: ISC */
/* What pabal sieve prints: remarks on a script, and what a run decided. */
#ifndef CTL_VIEW_SIEVEOUT_H
#define CTL_VIEW_SIEVEOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct sieve_env;
struct sieve_report;
struct sieve_result;

/* Each error and warning, as rows. */
void sieveout_report(bool json, const struct sieve_report *report);

/* A run, as it is told: lines for people as they come, for programs one JSON
 * object at the end. */
struct sieveout {
	bool json;
	struct sieve_env *env; /* its calls know what mailboxes there are */
	bool real;             /* which are those of an account */
	bool full;             /* and it is over its quota with this message */
	struct buf trace;
};

void sieveout_begin(struct sieveout *o, bool json, struct sieve_env *env);
void sieveout_line(
    struct sieveout *o, struct slice script, uint32_t line, struct slice text);
void sieveout_end(struct sieveout *o, const struct sieve_result *r);

#endif

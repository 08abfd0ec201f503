/* SPDX-License-Identifier: ISC */
/* What the validator and its rules have to say. */
#include <stdarg.h>
#include <stdio.h>

#include "sieve/check.h"

void
sieve_check_error(
    struct sieve_check *c, struct sieve_pos pos, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sieve_report_error(c->report, c->script, pos, "%s", text);
}

void
sieve_check_warning(
    struct sieve_check *c, struct sieve_pos pos, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sieve_report_warning(c->report, c->script, pos, "%s", text);
}

/* SPDX-License-Identifier: ISC */
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

void (*must_hook)(void);

void
must_fail(const char *file, int line, const char *func, const char *expr)
{
	if (must_hook != NULL)
		must_hook();
	fprintf(stderr, "bug file=%s line=%d func=%s expr=\"%s\"\n", file, line,
	    func, expr);
	abort();
}

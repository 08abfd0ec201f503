/* SPDX-License-Identifier: ISC */
#include "ctl/check/run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/slice.h"

void
check_tell(struct check_run *c, enum check_verdict v, const char *what,
    const char *fmt, ...)
{
	static const char *const words[] = { "ok", "warning", "error" };
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	out_str(&c->out, slice_str(words[v]));
	out_str(&c->out, slice_str(what));
	out_str(&c->out, slice_str(text));
	c->failed += v == CHECK_BAD;
}

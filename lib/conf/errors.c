/* SPDX-License-Identifier: ISC */
#include "conf/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* A file of another kind would report every line of it: enough is enough. */
enum { ERRORS_MAX = 50 };

void
conf_errors_add(struct conf_errors *e, const char *file, unsigned line,
    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (e->n == ERRORS_MAX) {
		e->more++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	e->v = xreallocarray(e->v, e->n + 1, sizeof *e->v);
	e->v[e->n++] =
	    (struct conf_error){ xstrdup(file), line, xstrdup(text) };
}

void
conf_errors_format(const struct conf_errors *e, struct buf *out)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct conf_error *x = &e->v[i];

		buf_adds(out, x->file);
		if (x->line > 0)
			buf_addf(out, ":%u", x->line);
		buf_addf(out, ": %s\n", x->text);
	}
	if (e->more > 0)
		buf_addf(out, "and %zu more\n", e->more);
}

void
conf_errors_fini(struct conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->v[i].file);
		free(e->v[i].text);
	}
	xfree(&e->v);
	e->n = e->more = 0;
}

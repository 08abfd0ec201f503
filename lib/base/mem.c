/* SPDX-License-Identifier: ISC */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

void *
xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	must(p != NULL);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	must(p != NULL);
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1);

	must(q != NULL);
	return q;
}

char *
xstrdup(const char *s)
{
	return xslicedup(slice_str(s));
}

char *
xslicedup(struct slice s)
{
	char *p;

	must(s.n < SIZE_MAX);
	p = xmalloc(s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	must(n != -1);
	return p;
}

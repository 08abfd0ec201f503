/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

enum { BUF_FIRST = 64 };

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_fini(struct buf *b)
{
	xfree(&b->p);
	*b = (struct buf){ .max = b->max };
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* One byte more than asked for is kept, so that buf_cstr never fails. */
char *
buf_room(struct buf *b, size_t n)
{
	size_t cap;

	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return NULL;
	}
	if (b->p != NULL && b->n + n <= b->cap)
		return b->p + b->n;
	cap = b->cap > 0 ? b->cap : BUF_FIRST;
	while (cap < b->n + n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	b->p = xreallocarray(b->p, cap + 1, 1);
	b->cap = cap;
	return b->p + b->n;
}

void
buf_added(struct buf *b, size_t n)
{
	must(n <= b->cap - b->n);
	b->n += n;
}

void
buf_add(struct buf *b, struct slice s)
{
	char *to = buf_room(b, s.n);

	if (to == NULL || s.n == 0)
		return;
	memcpy(to, s.p, s.n);
	b->n += s.n;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, slice_str(s));
}

void
buf_addc(struct buf *b, char c)
{
	if (!b->failed && b->n < b->cap && b->n < b->max)
		b->p[b->n++] = c;
	else
		buf_add(b, slice_of(&c, 1));
}

void
buf_addu(struct buf *b, uint64_t v)
{
	char text[20];
	size_t at = sizeof text;

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_add(b, slice_of(text + at, sizeof text - at));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	char text[512];
	char *big;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	must(n >= 0);
	if ((size_t)n < sizeof text) {
		buf_add(b, slice_of(text, (size_t)n));
		return;
	}
	big = xmalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(big, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_add(b, slice_of(big, (size_t)n));
	xfree(&big);
}

void
buf_consume(struct buf *b, size_t n)
{
	must(n <= b->n);
	b->n -= n;
	if (b->n > 0)
		memmove(b->p, b->p + n, b->n);
}

void
buf_truncate(struct buf *b, size_t n)
{
	must(n <= b->n);
	b->n = n;
}

const char *
buf_cstr(struct buf *b)
{
	if (b->p == NULL)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

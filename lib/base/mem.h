/* SPDX-License-Identifier: ISC */
/*
 * The heap.  These never return NULL: a process that cannot get a few
 * kilobytes logs it and ends, and master starts it anew.  A size that comes
 * from a stranger is checked against its limit before it gets here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/slice.h"

void *xmalloc(size_t size);
/* Zeroed. */
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
/* A heap copy of S with a NUL behind it. */
char *xslicedup(struct slice s);
/* printf into fresh heap memory. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* free(*P) and leave NULL there. */
#define xfree(p)                                                               \
	do {                                                                   \
		free(*(p));                                                    \
		*(p) = NULL;                                                   \
	} while (0)

/* The struct TYPE that embeds MEMBER at P. */
#define OUTER(ptr, type, member)                                               \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif

/* SPDX-License-Identifier: ISC */
/* Borrowed bytes: not owned, not terminated; {NULL, 0} is the empty slice.
 * Case is ignored for ASCII alone, whatever the locale. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

/* A slice over a string literal. */
#define SLICE(lit) ((struct slice){ "" lit, sizeof(lit) - 1 })
/* For printf's "%.*s". */
#define SLICE_FMT(s) (int)(s).n, (s).p != NULL ? (s).p : ""

static inline struct slice
slice_of(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

/* A slice over a C string; NULL gives the empty slice. */
static inline struct slice
slice_str(const char *s)
{
	return (struct slice){ s, s != NULL ? strlen(s) : 0 };
}

bool slice_eq(struct slice a, struct slice b);
bool slice_ieq(struct slice a, struct slice b);
/* The same against a C string. */
bool slice_is(struct slice a, const char *s);
bool slice_iis(struct slice a, const char *s);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
/* memcmp order, shorter first when one is a prefix of the other. */
int slice_cmp(struct slice a, struct slice b);

/* Index of the first C / last C / first NEEDLE in S; s.n: there is none. */
size_t slice_find(struct slice s, char c);
size_t slice_rfind(struct slice s, char c);
size_t slice_search(struct slice s, struct slice needle);

/* At most N bytes from OFF on; offsets beyond the end give the empty slice. */
struct slice slice_sub(struct slice s, size_t off, size_t n);
struct slice slice_from(struct slice s, size_t off);
/* Without blanks, CR and LF at both ends / one LF, CRLF or CR at its end. */
struct slice slice_trim(struct slice s);
struct slice slice_chomp(struct slice s);
/* What stands before the first C; *REST: behind it (empty: C is not there). */
struct slice slice_cut(struct slice s, char c, struct slice *rest);

/* A C string in DST of SIZE; false, DST empty: does not fit, or has a NUL. */
bool slice_copy(struct slice s, char *dst, size_t size);

#endif

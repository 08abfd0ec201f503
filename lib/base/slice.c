/* SPDX-License-Identifier: ISC */
#include "base/slice.h"

#include <string.h>

#include "base/ascii.h"

bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_ieq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool
slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

bool
slice_iis(struct slice a, const char *s)
{
	return slice_ieq(a, slice_str(s));
}

bool
slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_sub(s, 0, prefix.n), prefix);
}

bool
slice_istarts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_ieq(slice_sub(s, 0, prefix.n), prefix);
}

bool
slice_ends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n &&
	       slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

int
slice_cmp(struct slice a, struct slice b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

size_t
slice_find(struct slice s, char c)
{
	const char *hit = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

size_t
slice_rfind(struct slice s, char c)
{
	const char *hit = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

size_t
slice_search(struct slice s, struct slice needle)
{
	const char *hit;

	if (needle.n == 0)
		return 0;
	hit = s.n > 0 ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

struct slice
slice_sub(struct slice s, size_t off, size_t n)
{
	if (off >= s.n)
		return (struct slice){ NULL, 0 };
	if (n > s.n - off)
		n = s.n - off;
	return (struct slice){ s.p + off, n };
}

struct slice
slice_from(struct slice s, size_t off)
{
	return slice_sub(s, off, s.n);
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && ascii_isspace(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && ascii_isspace(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct slice
slice_chomp(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

struct slice
slice_cut(struct slice s, char c, struct slice *rest)
{
	const size_t at = slice_find(s, c);

	*rest = slice_from(s, at + (at < s.n));
	return slice_sub(s, 0, at);
}

bool
slice_copy(struct slice s, char *dst, size_t size)
{
	if (s.n >= size || slice_find(s, '\0') < s.n) {
		if (size > 0)
			dst[0] = '\0';
		return false;
	}
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "base/needle.h"

#include <string.h>

/* Letters, digits and signs by how often mail has them, rarest first; the bytes
 * that are not here are rarer. */
static const char common[] =
    "`~^{}|\\$%#@!&+[]*;?'\"<>()_=:/zqxjk,9876543210.-vwbpygfumcdhlrsnioate ";

/* Bytes that continue a character tell more than those that begin one, of which
 * a script has few. */
static size_t
rank(char c)
{
	const char *at = c != '\0' ? strchr(common, c) : NULL;

	if (at != NULL)
		return 2 + (size_t)(at - common);
	if ((unsigned char)c >= 0xc0)
		return sizeof common;
	return (unsigned char)c >= 0x80 ? 40 : 1;
}

size_t
needle_rare(struct slice needle)
{
	size_t best = 0;

	for (size_t i = 1; i < needle.n; i++)
		if (rank(needle.p[i]) < rank(needle.p[best]))
			best = i;
	return best;
}

/* Where the byte is everywhere, comparing at each of its places would take
 * square time: slice_search does not. */
size_t
needle_find(struct slice text, struct slice needle, size_t rare)
{
	const char *at = text.p, *hit;
	size_t spent = 0;

	if (needle.n == 0)
		return 0;
	if (text.n < needle.n)
		return text.n;
	while ((hit = memchr(at + rare, needle.p[rare],
		    text.n - (size_t)(at - text.p) - (needle.n - 1))) != NULL) {
		hit -= rare;
		if (memcmp(hit, needle.p, needle.n) == 0)
			return (size_t)(hit - text.p);
		at = hit + 1;
		spent += 8 + (*hit == needle.p[0] ? needle.n : 0);
		if (text.n - (size_t)(at - text.p) < needle.n)
			break;
		if (spent > 4 * (size_t)(at - text.p) + 256) {
			const size_t done = (size_t)(at - text.p);

			return done +
			       slice_search(slice_from(text, done), needle);
		}
	}
	return text.n;
}

/* SPDX-License-Identifier: ISC */
#include "sieverun/stretches.h"

#include <string.h>

#include "mime/header.h"

enum {
	WORTH_BYTES = 64 << 10,
	PROBE_BYTES = 256, /* by which the message's beginning is found */
	STEP = 4096,
};

/* How many bytes A and B begin with that are the same. */
static size_t
same_start(struct slice a, struct slice b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	size_t i = 0;

	while (i + STEP <= n && memcmp(a.p + i, b.p + i, STEP) == 0)
		i += STEP;
	while (i < n && a.p[i] == b.p[i])
		i++;
	return i;
}

static size_t
same_end(struct slice a, struct slice b)
{
	size_t i = 0;

	while (i + STEP <= a.n && i + STEP <= b.n &&
	       memcmp(a.p + a.n - i - STEP, b.p + b.n - i - STEP, STEP) == 0)
		i += STEP;
	while (i < a.n && i < b.n && a.p[a.n - i - 1] == b.p[b.n - i - 1])
		i++;
	return i;
}

static void
add(struct body_stretch *list, size_t *n, struct slice bytes, int64_t from)
{
	if (bytes.n > 0)
		list[(*n)++] = (struct body_stretch){ bytes, from };
}

/* BODY without its beginning and end: the whole message may be in it. */
static void
find_within(struct slice body, struct slice message, struct body_stretch *list,
    size_t *n)
{
	const struct slice probe = slice_sub(message, 0, PROBE_BYTES);
	const size_t at = slice_search(body, probe);
	const size_t same = same_start(slice_from(body, at), message);

	if (same < WORTH_BYTES) {
		add(list, n, body, -1);
		return;
	}
	add(list, n, slice_sub(body, 0, at), -1);
	add(list, n, slice_sub(body, at, same), 0);
	add(list, n, slice_from(body, at + same), -1);
}

size_t
stretches_find(
    struct slice body, struct slice message, struct body_stretch *list)
{
	const size_t head = header_length(message);
	size_t n = 0, start, end;

	start = same_start(body, slice_from(message, head));
	if (start < WORTH_BYTES && start < body.n)
		start = 0;
	add(list, &n, slice_sub(body, 0, start), (int64_t)head);
	body = slice_from(body, start);
	end = same_end(body, slice_from(message, head));
	if (end < WORTH_BYTES)
		end = 0;
	find_within(slice_sub(body, 0, body.n - end), message, list, &n);
	add(list, &n, slice_from(body, body.n - end),
	    (int64_t)(message.n - end));
	return n;
}

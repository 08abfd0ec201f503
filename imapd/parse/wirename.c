/* SPDX-License-Identifier: ISC */
#include "imapd/parse/wirename.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "mime/imap_string.h"
#include "proto/mutf7.h"

enum { NAME_MAX_LEN = 1024 };

/* The store's '/' and the delimiter change places, so that either may stand
 * within a level where it does not delimit. */
static void
swap_delimiter(struct buf *b, size_t from, char delimiter)
{
	for (size_t i = from; i < b->n; i++)
		if (b->p[i] == delimiter)
			b->p[i] = '/';
		else if (b->p[i] == '/')
			b->p[i] = delimiter;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0)
			return false;
	return true;
}

bool
wirename_from_wire(
    struct buf *out, struct slice wire, char delimiter, bool utf8)
{
	const size_t from = out->n;

	if (utf8 || !mutf7_decode(out, wire)) {
		buf_truncate(out, from);
		if ((!utf8 && is_ascii(wire)) || !utf8_valid(wire))
			return false;
		buf_add(out, wire);
	}
	swap_delimiter(out, from, delimiter);
	return !out->failed;
}

void
wirename_to_wire(struct buf *out, struct slice name, char delimiter)
{
	struct buf swapped;

	buf_init(&swapped, name.n);
	buf_add(&swapped, name);
	swap_delimiter(&swapped, 0, delimiter);
	(void)mutf7_encode(out, buf_slice(&swapped), NULL);
	buf_fini(&swapped);
}

static void
put_utf8(struct buf *out, struct slice name, char delimiter)
{
	struct buf swapped;

	buf_init(&swapped, name.n);
	buf_add(&swapped, name);
	swap_delimiter(&swapped, 0, delimiter);
	imap_put_astring_utf8(out, buf_slice(&swapped));
	buf_fini(&swapped);
}

void
wirename_put(struct buf *out, struct slice name, char delimiter, bool utf8)
{
	struct buf wire;

	if (utf8) {
		put_utf8(out, name, delimiter);
		return;
	}
	buf_init(&wire, name.n * 8 + 2);
	wirename_to_wire(&wire, name, delimiter);
	imap_put_astring(out, buf_slice(&wire));
	buf_fini(&wire);
}

/* Which prefixes of the name the pattern, as far as it was read, can match. */
struct reach {
	bool at[NAME_MAX_LEN + 1];
	size_t n; /* length of the name */
};

/* Any text may follow; where STOP, without going over a '/'. */
static void
spread(struct reach *r, struct slice name, bool stop)
{
	for (size_t i = 1; i <= r->n; i++)
		if (r->at[i - 1] && !(stop && name.p[i - 1] == '/'))
			r->at[i] = true;
}

static void
step(struct reach *r, struct slice name, char c)
{
	for (size_t i = r->n; i > 0; i--)
		r->at[i] = r->at[i - 1] && name.p[i - 1] == c;
	r->at[0] = false;
}

static bool
match(struct slice pattern, struct slice name)
{
	struct reach r = { .at = { true }, .n = name.n };

	if (name.n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < pattern.n; i++)
		if (pattern.p[i] == '*' || pattern.p[i] == '%')
			spread(&r, name, pattern.p[i] == '%');
		else
			step(&r, name, pattern.p[i]);
	return r.at[name.n];
}

bool
wirename_match(struct slice pattern, struct slice name)
{
	const size_t inbox = SLICE("INBOX").n;

	if (slice_is(name, "INBOX") && slice_iis(pattern, "INBOX"))
		return true;
	if (slice_istarts(pattern, SLICE("INBOX")) &&
	    slice_starts(name, SLICE("INBOX")) &&
	    (name.n == inbox || name.p[inbox] == '/'))
		return match(
		    slice_from(pattern, inbox), slice_from(name, inbox));
	return match(pattern, name);
}

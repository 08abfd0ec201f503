/* SPDX-License-Identifier: ISC */
/*
 * What holds for every message that mime/downgrade.h converts: the result is
 * ASCII (when asked for) in short lines, has the same parts, and each part
 * decodes to the same bytes.  For the unit test and the fuzz target.
 */
#ifndef TESTS_DOWNGRADE_LAW_H
#define TESTS_DOWNGRADE_LAW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/must.h"
#include "mime/downgrade.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/sevenbit.h"
#include "mime/transfer.h"

/* Convert IN by D, cut into pieces of STEP bytes; false: refused. */
static inline bool
law_convert_by(struct downgrade *d, struct slice in, size_t step,
    bool seven_bit, bool force, struct buf *out)
{
	bool ok;

	for (size_t at = 0; at < in.n; at += step)
		downgrade_read(d, slice_sub(in, at, step));
	downgrade_read_end(d);
	for (size_t at = 0; at < in.n; at += step)
		downgrade_measure(d, slice_sub(in, at, step));
	ok = downgrade_plan(d, seven_bit, force);
	for (size_t at = 0; ok && at < in.n; at += step)
		downgrade_write(d, slice_sub(in, at, step), out);
	must(!out->failed && downgrade_size(d) >= in.n);
	downgrade_free(&d);
	return ok;
}

static inline bool
law_convert(
    struct slice in, size_t step, bool seven_bit, bool force, struct buf *out)
{
	return law_convert_by(downgrade_new(), in, step, seven_bit, force, out);
}

/* IN is BINARYMIME. */
static inline bool
law_convert_binary(
    struct slice in, size_t step, bool seven_bit, bool force, struct buf *out)
{
	struct downgrade *d = downgrade_new();

	downgrade_set_binary(d);
	return law_convert_by(d, in, step, seven_bit, force, out);
}

static inline void
law_lines(struct slice out, bool seven_bit)
{
	must(!seven_bit || !sevenbit_is_8bit(out));
	while (out.n > 0) {
		const struct slice line = slice_cut(out, '\n', &out);

		must(line.n <= SEVENBIT_LINE_MAX + 1);
	}
}

static inline void
law_decode(const struct mime_part *p, struct slice message, struct buf *out)
{
	struct transfer t;

	buf_init(out, message.n + 100);
	transfer_init(&t, transfer_find(p->encoding));
	transfer_feed(&t, slice_sub(message, p->body.off, p->body.bytes), out);
	transfer_finish(&t, out);
}

/* Parts that become '?' instead. */
static inline bool
law_may_change(const struct mime_part *p)
{
	return p->opaque || (slice_iis(p->type, "message") &&
				!slice_iis(p->subtype, "global") &&
				!slice_iis(p->subtype, "rfc822"));
}

static inline bool
law_odd_boundary(const struct mime_part *p)
{
	struct arena a;
	bool odd;

	arena_init(&a);
	odd = sevenbit_is_8bit(param_value(&a, p->params, "boundary"));
	arena_fini(&a);
	return odd;
}

/* Its boundary never comes: it is text. */
static inline bool
law_is_text(const struct mime_part *p)
{
	return p->kind == MIME_MULTIPART && p->child->next == NULL &&
	       p->child->header.off == p->body.off + p->body.bytes;
}

static inline bool
law_is_encoded(const struct mime_part *p)
{
	const enum transfer_encoding e = transfer_find(p->encoding);

	return e == TRANSFER_BASE64 || e == TRANSFER_QUOTED_PRINTABLE;
}

/* P, a part of MESSAGE, says that it is a multipart. */
static inline bool
law_says_multipart(const struct mime_part *p, struct slice message)
{
	struct header_field f;

	return header_find(slice_sub(message, p->header.off, p->header.bytes),
		   "Content-Type", &f) &&
	       slice_iis(param_token(f.value), "multipart");
}

static inline void
law_parts(const struct mime_part *a, struct slice before,
    const struct mime_part *b, struct slice after)
{
	const bool text = law_is_text(a);
	struct buf one, two;

	if (a->opaque || law_odd_boundary(a))
		return; /* not RFC 2046: only what is forced is changed */
	must(text || (a->kind == b->kind && a->opaque == b->opaque));
	/* RFC 2045 6.4 */
	must(law_is_encoded(a) || !law_is_encoded(b) ||
	     !law_says_multipart(b, after));
	if (a->kind != MIME_LEAF && !text && !law_is_encoded(a) &&
	    !slice_iis(a->subtype, "global")) {
		const struct mime_part *d = b->child;

		for (const struct mime_part *c = a->child; c != NULL;
		     c = c->next, d = d->next) {
			must(d != NULL);
			law_parts(c, before, d, after);
		}
		must(d == NULL);
	} else if (!law_may_change(a) && (text || a->kind != MIME_MULTIPART)) {
		law_decode(a, before, &one);
		law_decode(b, after, &two);
		must(slice_eq(buf_slice(&one), buf_slice(&two)));
		buf_fini(&one);
		buf_fini(&two);
	}
}

/* IN has CRLF line ends.  The result is left in OUT; false: refused. */
static inline bool
law_check(
    struct slice in, size_t step, bool seven_bit, bool force, struct buf *out)
{
	struct mime_tree *a, *b;
	struct buf again;

	if (!law_convert(in, in.n + 1, seven_bit, force, out)) {
		must(!force);
		return false;
	}
	law_lines(buf_slice(out), seven_bit);
	a = mime_parse(in, NULL);
	b = mime_parse(buf_slice(out), NULL);
	law_parts(a->root, in, b->root, buf_slice(out));
	mime_tree_free(&a);
	mime_tree_free(&b);
	/* However it is cut, and once is enough. */
	buf_init(&again, SIZE_MAX / 2);
	must(law_convert(in, step, seven_bit, force, &again));
	must(slice_eq(buf_slice(&again), buf_slice(out)));
	buf_reset(&again);
	must(law_convert(buf_slice(out), step, seven_bit, force, &again));
	must(slice_eq(buf_slice(&again), buf_slice(out)));
	buf_fini(&again);
	return true;
}

#endif

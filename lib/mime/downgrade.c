/* SPDX-License-Identifier: ISC */
/*
 * The message is cut into spans without gaps, in order: headers, bodies of
 * leaf parts, and what stands around parts (boundaries, preambles).  Each
 * span has what was measured of it and what is to be done with it.
 */
#include "mime/downgrade.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/sevenbit.h"
#include "mime/transfer.h"

enum {
	FIELD_MAX = 256 << 10, /* a longer one is cut into lines */
	PIECE_MAX = 16 << 10,  /* decoded at once */
};

enum action {
	COPY,
	SAFE,   /* no 8-bit bytes, lines cut */
	FIELDS, /* a header, field by field */
	ENCODE,
};

enum place { HEADER, LEAF, AROUND };

struct span {
	uint64_t end; /* where the next one begins */
	const struct mime_part *part;
	enum place place;
	bool fixed; /* signed or encrypted */
	/* measured */
	uint64_t quoted; /* bytes above 127, and "=" */
	bool eightbit, long_line, not_utf8;
	bool binary; /* a CR, an LF or a NUL by itself */
	/* planned */
	enum action action;
	enum transfer_encoding to; /* of a leaf; of the leaf behind a header */
	bool mime;                 /* a message: it needs MIME-Version */
};

struct downgrade {
	struct mime_parser *parser;
	struct mime_tree *tree;
	struct span *spans;
	size_t nspans;
	bool raw;              /* BINARYMIME */
	bool seven_bit, force; /* the plan */
	char safe;             /* for 8-bit bytes that are not encoded */
	char instead;          /* the same, 0 where they stay */
	/* Where a pass stands */
	uint64_t at;
	size_t now;
	size_t column;
	bool after_cr;
	char tail[4]; /* a UTF-8 character that has not ended */
	size_t ntail;
	struct buf field;  /* of a header, until the next one begins */
	bool field_passes; /* it is longer than FIELD_MAX */
	size_t field_column;
	bool saw_type, saw_version;
	struct transfer from;
	struct encode encode;
};

struct downgrade *
downgrade_new(void)
{
	struct downgrade *d = xcalloc(1, sizeof *d);

	d->parser = mime_parser_new(NULL);
	buf_init(&d->field, FIELD_MAX);
	return d;
}

void
downgrade_free(struct downgrade **d)
{
	if (*d == NULL)
		return;
	mime_parser_free(&(*d)->parser);
	mime_tree_free(&(*d)->tree);
	free((*d)->spans);
	buf_fini(&(*d)->field);
	xfree(d);
}

void
downgrade_set_binary(struct downgrade *d)
{
	d->raw = true;
}

/* ---- the structure ---- */

void
downgrade_read(struct downgrade *d, struct slice piece)
{
	d->at += piece.n;
	mime_parser_feed(d->parser, piece);
}

static void
add_span(struct downgrade *d, const struct mime_part *part, enum place place,
    bool fixed, uint64_t end)
{
	const uint64_t begin = d->nspans > 0 ? d->spans[d->nspans - 1].end : 0;

	if (end <= begin)
		return;
	if (d->nspans % 64 == 0)
		d->spans =
		    xreallocarray(d->spans, d->nspans + 64, sizeof *d->spans);
	d->spans[d->nspans++] = (struct span){
		.end = end, .part = part, .place = place, .fixed = fixed
	};
}

static uint64_t
span_end(const struct mime_span *s)
{
	return s->off + s->bytes;
}

static bool
is_encoded(const struct mime_part *p)
{
	const enum transfer_encoding e = transfer_find(p->encoding);

	return e == TRANSFER_BASE64 || e == TRANSFER_QUOTED_PRINTABLE;
}

/* A multipart whose boundary never comes has one part, which the parser gives
 * it.  Its text is read as what has no boundary at all: as text. */
static bool
has_no_part(const struct mime_part *p)
{
	return p->kind == MIME_MULTIPART && p->child->next == NULL &&
	       p->child->header.off == span_end(&p->body);
}

/* message/global is encoded as a whole (RFC 6532 3.7), for the UTF-8 in its
 * header; what is encoded as a whole already has no parts to be seen. */
static bool
is_leaf(const struct mime_part *p)
{
	return p->kind == MIME_LEAF || is_encoded(p) || has_no_part(p) ||
	       (p->kind == MIME_MESSAGE && slice_iis(p->subtype, "global"));
}

static bool
is_secured(const struct mime_part *p)
{
	return p->kind == MIME_MULTIPART &&
	       (slice_iis(p->subtype, "signed") ||
		   slice_iis(p->subtype, "encrypted"));
}

static void
add_part(struct downgrade *d, const struct mime_part *p, bool fixed)
{
	add_span(d, p, AROUND, fixed, p->header.off);
	add_span(d, p, HEADER, fixed, span_end(&p->header));
	fixed = fixed || is_secured(p);
	if (is_leaf(p)) {
		add_span(d, p, LEAF, fixed, span_end(&p->body));
		return;
	}
	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		add_part(d, c, fixed);
	add_span(d, p, AROUND, fixed, span_end(&p->body));
}

/* Another pass begins. */
static void
rewind_pass(struct downgrade *d)
{
	d->at = 0;
	d->now = 0;
	d->column = 0;
	d->after_cr = false;
	d->ntail = 0;
	buf_reset(&d->field);
	d->field_passes = false;
}

static bool
is_in_boundary(const struct mime_part *p, char c)
{
	struct arena a;
	struct slice boundary;
	bool is;

	if (p->kind == MIME_LEAF)
		return false;
	arena_init(&a);
	boundary = param_value(&a, p->params, "boundary");
	is = slice_find(boundary, c) < boundary.n;
	arena_fini(&a);
	for (p = p->child; p != NULL && !is; p = p->next)
		is = is_in_boundary(p, c);
	return is;
}

/* '?', or what makes no boundary of a line that was none. */
static char
safe_for(const struct mime_part *root)
{
	for (const char *c = "?*#!~^|"; *c != '\0'; c++)
		if (!is_in_boundary(root, *c))
			return *c;
	return '?';
}

void
downgrade_read_end(struct downgrade *d)
{
	d->tree = mime_parser_finish(&d->parser);
	d->safe = safe_for(d->tree->root);
	add_part(d, d->tree->root, false);
	add_span(d, d->tree->root, AROUND, false, d->at);
	rewind_pass(d);
}

/* The part of *PIECE that lies in the present span, and the span; *ENDS when
 * it ends there. */
static struct span *
next_span(
    struct downgrade *d, struct slice *piece, struct slice *in, bool *ends)
{
	struct span *s = &d->spans[d->now];
	const uint64_t left = s->end - d->at;

	*ends = left <= piece->n;
	*in = slice_sub(*piece, 0, *ends ? (size_t)left : piece->n);
	*piece = slice_from(*piece, in->n);
	d->at += in->n;
	d->now += *ends;
	return s;
}

/* ---- what is in it ---- */

static void
measure_lines(struct downgrade *d, struct span *s, struct slice in)
{
	while (in.n > 0) {
		const size_t n = slice_find(in, '\n');

		d->column += n;
		if (d->column > SEVENBIT_LINE_MAX + 1) /* and the CR */
			s->long_line = true;
		if (n < in.n)
			d->column = 0;
		in = slice_from(in, n + 1);
	}
}

/* Put the character together that a piece before began. */
static struct slice
finish_tail(struct downgrade *d, struct span *s, struct slice in)
{
	while (d->ntail > 0 && in.n > 0) {
		d->tail[d->ntail++] = *in.p;
		in = slice_from(in, 1);
		if (utf8_len(slice_of(d->tail, d->ntail)) > 0) {
			d->ntail = 0;
		} else if (d->ntail == sizeof d->tail) {
			s->not_utf8 = true;
			d->ntail = 0;
		}
	}
	return in;
}

static void
measure_utf8(struct downgrade *d, struct span *s, struct slice in, bool ends)
{
	in = finish_tail(d, s, in);
	while (in.n > 0 && !s->not_utf8) {
		const size_t n = utf8_len(in);

		if (n == 0 && in.n < sizeof d->tail) {
			memcpy(d->tail, in.p, in.n);
			d->ntail = in.n;
			break;
		}
		s->not_utf8 = n == 0;
		in = slice_from(in, n);
	}
	if (ends) {
		s->not_utf8 = s->not_utf8 || d->ntail > 0;
		d->ntail = 0;
	}
}

static void
measure_binary(struct downgrade *d, struct span *s, struct slice in, bool ends)
{
	for (size_t i = 0; i < in.n && !s->binary; i++) {
		const char c = in.p[i];

		s->binary = c == '\0' || d->after_cr != (c == '\n');
		d->after_cr = c == '\r';
	}
	if (!ends)
		return;
	s->binary = s->binary || d->after_cr;
	d->after_cr = false;
}

void
downgrade_measure(struct downgrade *d, struct slice piece)
{
	while (piece.n > 0 && d->now < d->nspans) {
		struct slice in;
		bool ends;
		struct span *s = next_span(d, &piece, &in, &ends);

		s->eightbit = s->eightbit || sevenbit_is_8bit(in);
		for (size_t i = 0; i < in.n; i++)
			s->quoted += (in.p[i] & 0x80) != 0 || in.p[i] == '=';
		measure_lines(d, s, in);
		if (d->raw)
			measure_binary(d, s, in, ends);
		if (s->eightbit)
			measure_utf8(d, s, in, ends);
	}
}

/* ---- what becomes of it ---- */

/* Machines read these, and they may not be encoded (RFC 3464 2.1, ...). */
static bool
is_ascii_by_rule(const struct mime_part *p)
{
	return slice_iis(p->subtype, "delivery-status") ||
	       slice_iis(p->subtype, "disposition-notification") ||
	       slice_iis(p->subtype, "feedback-report");
}

/* Types that may not be encoded (RFC 2046 5.1, 5.2.2, 5.2.3). */
static bool
may_encode(const struct mime_part *p)
{
	return !p->opaque &&
	       (has_no_part(p) || !slice_iis(p->type, "multipart")) &&
	       !(slice_iis(p->type, "message") &&
		   (slice_iis(p->subtype, "partial") ||
		       slice_iis(p->subtype, "external-body")));
}

static enum transfer_encoding
encoding_for(const struct span *s)
{
	const struct mime_part *p = s->part;

	if (s->binary)
		return TRANSFER_BASE64;
	if (is_encoded(p))
		return transfer_find(p->encoding);
	return slice_iis(p->type, "text") || slice_iis(p->type, "message") ||
		       has_no_part(p)
		   ? TRANSFER_QUOTED_PRINTABLE
		   : TRANSFER_BASE64;
}

static bool
is_8bit_boundary(const struct mime_part *p)
{
	struct arena a;
	bool is;

	if (p->kind != MIME_MULTIPART)
		return false;
	arena_init(&a);
	is = sevenbit_is_8bit(param_value(&a, p->params, "boundary"));
	arena_fini(&a);
	return is;
}

/* A boundary with 8-bit bytes, or one that was not understood, may be that of
 * other parts when it is changed.  What stands before P has its parent's. */
static bool
has_odd_boundary(const struct mime_part *p)
{
	return p->opaque || is_8bit_boundary(p) ||
	       (p->parent != NULL && is_8bit_boundary(p->parent));
}

/* SPAN has what the host does not take; false when that is not to be
 * mended. */
static bool
plan_change(struct span *s, bool force)
{
	const bool status =
	    slice_iis(s->part->type, "message") && is_ascii_by_rule(s->part);

	if (s->fixed && !force)
		return false;
	if (s->place == HEADER) {
		s->action = FIELDS;
		return force || !has_odd_boundary(s->part);
	}
	if (s->place == LEAF && !status && may_encode(s->part)) {
		s->action = ENCODE;
		s->to = encoding_for(s);
		return true;
	}
	s->action = SAFE;
	return force || status ||
	       (s->place == AROUND && !has_odd_boundary(s->part));
}

/* A label of 8bit on what is 7bit now, or of binary on what is text. */
static bool
is_mislabelled(const struct downgrade *d, const struct span *s)
{
	if (s->fixed && !d->force)
		return false;
	if (slice_iis(s->part->encoding, "binary"))
		return d->seven_bit || d->raw;
	return d->seven_bit && slice_iis(s->part->encoding, "8bit");
}

/* What has to be changed in S? */
static bool
is_unfit(const struct downgrade *d, const struct span *s)
{
	return (d->seven_bit && s->eightbit) || s->long_line ||
	       (s->binary && s->place == LEAF);
}

static bool
is_message(const struct mime_part *p)
{
	return p->parent == NULL || p->parent->kind == MIME_MESSAGE;
}

/* A header says what becomes of the bodies behind it: from the last to the
 * first. */
static void
plan_headers(struct downgrade *d)
{
	uint64_t next_encoded = UINT64_MAX;

	for (size_t i = d->nspans; i-- > 0;) {
		struct span *s = &d->spans[i];

		if (s->action == ENCODE)
			next_encoded = i > 0 ? s[-1].end : 0;
		if (s->place != HEADER)
			continue;
		if (next_encoded == s->end)
			s->to = s[1].to;
		s->mime = is_message(s->part) &&
			  next_encoded < span_end(&s->part->body);
		if (s->to != TRANSFER_IDENTITY || s->mime ||
		    is_mislabelled(d, s))
			s->action = FIELDS;
	}
}

bool
downgrade_plan(struct downgrade *d, bool seven_bit, bool force)
{
	d->seven_bit = seven_bit;
	d->instead = seven_bit ? d->safe : 0;
	d->force = force;
	rewind_pass(d);
	for (size_t i = 0; i < d->nspans; i++) {
		struct span *s = &d->spans[i];

		s->action = COPY;
		s->to = TRANSFER_IDENTITY;
		s->mime = false;
		if (is_unfit(d, s) && !plan_change(s, force))
			return false;
	}
	plan_headers(d);
	return true;
}

uint64_t
downgrade_size(const struct downgrade *d)
{
	uint64_t sum = 0, begin = 0;

	for (size_t i = 0; i < d->nspans; i++) {
		const struct span *s = &d->spans[i];
		const uint64_t bytes = s->end - begin;

		begin = s->end;
		sum += bytes;
		if (s->action == FIELDS)
			sum += 100 + 2 * s->quoted;
		else if (s->action == ENCODE && s->to == TRANSFER_BASE64)
			sum += bytes / 3 + bytes / 24 + 4;
		else if (s->action == ENCODE)
			sum += 2 * s->quoted + (bytes + 2 * s->quoted) / 20 + 4;
	}
	return sum;
}

/* ---- writing: headers ---- */

static const char *
encoding_name(enum transfer_encoding e)
{
	return e == TRANSFER_BASE64             ? "base64"
	       : e == TRANSFER_QUOTED_PRINTABLE ? "quoted-printable"
						: "7bit";
}

/* The body behind the header S is text. */
static void
add_text_type(struct downgrade *d, const struct span *s, struct buf *out)
{
	const struct span *body = s + 1;

	if (d->saw_type)
		return;
	d->saw_type = true;
	buf_addf(out, "Content-Type: text/plain; charset=%s\r\n",
	    !body->eightbit  ? "us-ascii"
	    : body->not_utf8 ? "unknown-8bit"
			     : "utf-8");
}

/* The fields that the plan adds, before the empty line. */
static void
add_fields(struct downgrade *d, const struct span *s, struct buf *out)
{
	if (s->mime && !d->saw_version)
		buf_adds(out, "MIME-Version: 1.0\r\n");
	if (s->to == TRANSFER_IDENTITY)
		return;
	/* In a digest a part without a type is a message. */
	if (s[1].eightbit && s->part->kind == MIME_LEAF)
		add_text_type(d, s, out);
	buf_addf(
	    out, "Content-Transfer-Encoding: %s\r\n", encoding_name(s->to));
}

/* What is encoded has no parts (RFC 2045 6.4): it is no multipart any more,
 * whatever kept it from being one. */
static bool
is_wrong_type(const struct span *s, const struct header_field *f)
{
	return s->to != TRANSFER_IDENTITY &&
	       slice_iis(f->name, "Content-Type") &&
	       slice_iis(param_token(f->value), "multipart");
}

/* A field, a line that is none, or the empty line that ends the header. */
static void
put_field(struct downgrade *d, const struct span *s, struct buf *out)
{
	const struct slice all = buf_slice(&d->field);
	struct slice rest = all;
	struct header_field f;

	if (slice_is(all, "\r\n") || slice_is(all, "\n"))
		add_fields(d, s, out);
	if (!header_next(&rest, &f)) {
		d->field_column = 0;
		sevenbit_text(out, all, d->instead, &d->field_column);
	} else if (is_wrong_type(s, &f)) {
		add_text_type(d, s, out);
	} else if (!slice_iis(f.name, "Content-Transfer-Encoding")) {
		d->saw_type |= slice_iis(f.name, "Content-Type");
		d->saw_version |= slice_iis(f.name, "MIME-Version");
		sevenbit_field(out, &f, d->seven_bit);
	} else if (s->to == TRANSFER_IDENTITY) {
		if (is_mislabelled(d, s))
			buf_addf(out, "Content-Transfer-Encoding: %s\r\n",
			    d->seven_bit ? "7bit" : "8bit");
		else
			sevenbit_field(out, &f, d->seven_bit);
	}
	buf_reset(&d->field);
}

/* A line of a header, or a piece of one. */
static void
put_header_line(struct downgrade *d, const struct span *s, struct slice line,
    struct buf *out)
{
	if (d->column == 0 && *line.p != ' ' && *line.p != '\t') {
		put_field(d, s, out);
		d->field_passes = false;
	}
	d->column = slice_ends(line, SLICE("\n")) ? 0 : 1;
	if (!d->field_passes && line.n > d->field.max - d->field.n) {
		d->field_passes = true;
		d->field_column = 0;
		sevenbit_text(
		    out, buf_slice(&d->field), d->instead, &d->field_column);
		buf_reset(&d->field);
	}
	if (d->field_passes)
		sevenbit_text(out, line, d->instead, &d->field_column);
	else
		buf_add(&d->field, line);
}

static void
put_header(struct downgrade *d, const struct span *s, struct slice in,
    bool ends, struct buf *out)
{
	while (in.n > 0) {
		const size_t n = slice_find(in, '\n');
		const struct slice line = slice_sub(in, 0, n + 1);

		put_header_line(d, s, line, out);
		in = slice_from(in, line.n);
	}
	if (!ends)
		return;
	put_field(d, s, out);
	d->column = 0;
	d->saw_type = d->saw_version = d->field_passes = false;
}

/* ---- writing: bodies ---- */

static void
put_encoded(struct downgrade *d, struct slice in, bool ends, struct buf *out)
{
	struct buf plain;

	buf_init(&plain, 2 * PIECE_MAX);
	while (in.n > 0) {
		const struct slice some = slice_sub(in, 0, PIECE_MAX);

		buf_reset(&plain);
		transfer_feed(&d->from, some, &plain);
		encode_feed(&d->encode, buf_slice(&plain), out);
		in = slice_from(in, some.n);
	}
	if (ends) {
		buf_reset(&plain);
		transfer_finish(&d->from, &plain);
		encode_feed(&d->encode, buf_slice(&plain), out);
		encode_finish(&d->encode, out);
	}
	buf_fini(&plain);
}

static void
begin_span(struct downgrade *d, const struct span *s)
{
	d->column = 0;
	if (s->action != ENCODE)
		return;
	transfer_init(&d->from, transfer_find(s->part->encoding));
	encode_init(&d->encode, s->to);
}

void
downgrade_write(struct downgrade *d, struct slice piece, struct buf *out)
{
	while (piece.n > 0 && d->now < d->nspans) {
		const uint64_t begin =
		    d->now > 0 ? d->spans[d->now - 1].end : 0;
		const bool begins = d->at == begin;
		struct slice in;
		bool ends;
		const struct span *s = next_span(d, &piece, &in, &ends);

		if (begins)
			begin_span(d, s);
		switch (s->action) {
		case COPY:
			buf_add(out, in);
			break;
		case SAFE:
			sevenbit_text(out, in, d->instead, &d->column);
			break;
		case FIELDS:
			put_header(d, s, in, ends, out);
			break;
		case ENCODE:
			put_encoded(d, in, ends, out);
			break;
		}
	}
}

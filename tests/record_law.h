/* SPDX-License-Identifier: ISC */
/*
 * The law of a message's record: what smtpd finds in the message as it came in
 * and local puts beside the file it makes of it is what a parser finds in that
 * file.  And whoever wrote the record, what it says of the file is consistent.
 * For the unit test and the fuzz target.
 */
#ifndef TESTS_RECORD_LAW_H
#define TESTS_RECORD_LAW_H

#include "base/buf.h"
#include "base/must.h"
#include "local/record.h"
#include "mime/imap.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/record.h"
#include "mime/wire.h"

/* A file of the store, whose lines end in LF, and its size on the wire. */
struct law_file {
	struct buf text;
	int64_t wire;
	bool cr;
};

static void
law_file_add(struct law_file *f, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		const bool lf = s.p[i] == '\n';

		if (f->cr && !lf) {
			buf_addc(&f->text, '\r');
			f->wire++;
		}
		f->cr = s.p[i] == '\r';
		if (f->cr)
			continue;
		f->wire += 1 + (lf && (f->text.n == 0 ||
					  f->text.p[f->text.n - 1] != '\r'));
		buf_addc(&f->text, s.p[i]);
	}
}

/* MESSAGE but its bytes [FROM, TO) behind TOP, in pieces of STEP bytes, as
 * local writes it into F, which may have a part of TOP; the record of the file
 * with all of TOP in RECORD. */
static bool
law_copy(struct record *r, struct slice top, struct slice message, size_t from,
    size_t to, size_t step, struct law_file *f, struct buf *record)
{
	struct record_places *p = record_places_new(r);
	struct law_file before = { .text = { .max = 1 << 20 } };
	int64_t sent;
	bool ok;

	if (f->text.n == 0)
		law_file_add(&before, top);
	record_reach(p, 0, (int64_t)f->text.n, f->wire);
	for (size_t at = 0; at < message.n;) {
		const int64_t place = record_next(p);
		size_t end = at + step < message.n ? at + step : message.n;

		must(place > (int64_t)at);
		if (place < (int64_t)end)
			end = (size_t)place;
		for (; at < end; at++)
			if (at < from || at >= to)
				law_file_add(f, slice_sub(message, at, 1));
		record_reach(p, (int64_t)at, (int64_t)f->text.n, f->wire);
	}
	must(record_next(p) == INT64_MAX);
	if (f->cr)
		buf_addc(&f->text, '\r');
	ok = record_put(p, (int64_t)before.text.n, before.wire, record, &sent);
	record_places_free(&p);
	buf_fini(&before.text);
	return ok;
}

/* A text that is made once, behind TOP, has the same record as a file. */
static bool
law_deliver(struct record *r, struct slice top, struct slice message,
    size_t from, size_t to, size_t step, struct law_file *f, struct buf *record)
{
	struct law_file text = { .text = { .max = f->text.max } };
	struct buf other = { .max = record->max };
	bool ok;

	law_file_add(f, top);
	ok = law_copy(r, top, message, from, to, step, f, record);
	if (top.n > 0) {
		must(law_copy(r, top, message, from, to, step, &text, &other) ==
		     ok);
		must(!ok || slice_eq(buf_slice(&other), buf_slice(record)));
	}
	buf_fini(&text.text);
	buf_fini(&other);
	return ok;
}

static void
law_span(const struct mime_span *s, struct slice file)
{
	uint64_t lines = 0;

	must(s->off <= file.n && s->bytes <= file.n - s->off);
	for (size_t i = 0; i < s->bytes; i++)
		lines += file.p[s->off + i] == '\n';
	must(s->lines == lines && s->crlf_bytes == s->bytes + lines);
}

/* All spans of P are counted right in FILE, where every LF was a CRLF. */
static void
law_part(const struct mime_part *p, struct slice file)
{
	law_span(&p->header, file);
	law_span(&p->body, file);
	must(p->body.off == p->header.off + p->header.bytes);
	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		law_part(c, file);
}

/* Bytes of all parts without parts of their own. */
static uint64_t
law_leaves(const struct mime_part *p)
{
	uint64_t n = p->kind == MIME_LEAF ? p->body.bytes : 0;

	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		n += law_leaves(c);
	return n;
}

/* TEXT, whoever wrote it, with MESSAGE (whose lines all end in CRLF): false
 * when it is refused. */
static bool
law_any(struct slice text, struct slice message)
{
	struct record *r = record_new(text, (int64_t)message.n);
	struct law_file f = { .text.max = SIZE_MAX / 2 };
	struct buf record = { .max = RECORD_MAX_BYTES };
	struct mime_tree *t;

	if (r == NULL)
		return false;
	must(law_deliver(r, SLICE("X: y\r\n"), message, 0, 0, 7, &f, &record));
	t = mime_record_tree(buf_slice(&record));
	must(t != NULL && law_leaves(t->root) <= f.text.n);
	must(t->root->body.off + t->root->body.bytes == f.text.n);
	law_part(t->root, buf_slice(&f.text));
	mime_tree_free(&t);
	buf_fini(&record);
	buf_fini(&f.text);
	record_free(&r);
	return true;
}

/* MESSAGE (whose lines all end in CRLF) with its field at [FROM, TO) left out;
 * false where it has no record. */
static bool
law_honest(struct slice message, size_t from, size_t to,
    const struct mime_limits *limits)
{
	struct mime_parser *parser = mime_parser_new(limits);
	struct law_file f = { .text.max = SIZE_MAX / 2 };
	struct buf wire = { .max = SIZE_MAX / 2 }, one = wire, two = wire;
	struct mime_tree *t;
	struct record *r;
	struct slice fields;
	bool limited, ok;

	mime_parser_feed(parser, message);
	limited = mime_parser_limited(parser);
	t = mime_parser_finish(&parser);
	ok = !limited && mime_wire_put(&wire, t);
	mime_tree_free(&t);
	if (ok) {
		r = record_new(buf_slice(&wire), (int64_t)message.n);
		must(r != NULL);
		must(law_deliver(r,
		    SLICE("Return-Path: <>\r\nDelivered-To: x\r\n"), message,
		    from, to, 5 + message.n % 7, &f, &one));
		record_free(&r);
		ok = mime_record_header(
		    slice_from(buf_slice(&wire), 8), &fields);
		must(ok);
		t = mime_parse(buf_slice(&f.text), NULL);
		if (fields.n == 0) /* there was no room */
			t->fields = fields;
		mime_record_put(&two, t);
		must(slice_eq(buf_slice(&one), buf_slice(&two)));
		mime_tree_free(&t);
	}
	buf_fini(&wire);
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&f.text);
	return ok;
}

#endif

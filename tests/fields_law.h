/* SPDX-License-Identifier: ISC */
/*
 * The law of kept fields: what a record says of a header is what is picked from
 * the header itself, for any message, in any pieces, and any list of names.
 * For the unit test and the fuzz target.
 */
#ifndef TESTS_FIELDS_LAW_H
#define TESTS_FIELDS_LAW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/must.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/section.h"
#include "mime/fields.h"
#include "mime/parser.h"
#include "mime/part.h"

/* LIST is "Name Name"; true where the record knew. */
static bool
law_list(const char *list, struct slice header, struct slice fields)
{
	struct buf item = { .max = 1 << 16 }, want = { .max = SIZE_MAX / 2 };
	struct buf got = want;
	struct fetch_items f;
	struct arena arena;
	struct parse p;
	uint64_t mask;
	bool known;

	arena_init(&arena);
	buf_addf(&item, "BODY[HEADER.FIELDS (%s)]", list);
	p = parse_of(buf_slice(&item), &arena);
	f = section_parse(&p);
	must(parse_end(&p));
	section_filter(&want, f.sections, header);
	must(mime_fields_mask(f.sections->fields, f.sections->nfields, &mask));
	known = mime_fields_get(fields, mask, &got);
	must(!known || slice_eq(buf_slice(&got), buf_slice(&want)));
	must(known || got.n == 0);
	buf_fini(&item);
	buf_fini(&want);
	buf_fini(&got);
	arena_fini(&arena);
	return known;
}

/* MESSAGE in pieces of STEP bytes; how many of the lists were known. */
static unsigned
law_fields(struct slice message, size_t step)
{
	static const char *const lists[] = { "From", "to", "Subject References",
		"DATE FROM TO SUBJECT CONTENT-TYPE REFERENCES",
		"Comments Lines Keywords X-Priority" };
	struct mime_parser *parser = mime_parser_new(NULL);
	struct mime_tree *t;
	struct slice header;
	unsigned known = 0;

	for (size_t at = 0; at < message.n; at += step)
		mime_parser_feed(parser, slice_sub(message, at, step));
	t = mime_parser_finish(&parser);
	header = slice_sub(message, 0, (size_t)t->root->header.bytes);
	must(t->fields.n <= MIME_FIELDS_MAX);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		known += law_list(lists[i], header, t->fields);
	mime_tree_free(&t);
	return known;
}

#endif

/* SPDX-License-Identifier: ISC */
/* What FETCH can ask for (RFC 3501 6.4.5, fetch-att), parsed. */
#ifndef IMAPD_PARSE_SECTION_H
#define IMAPD_PARSE_SECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct mime_part;
struct mime_span;
struct parse;

enum fetch_item {
	FETCH_UID = 1 << 0,
	FETCH_FLAGS = 1 << 1,
	FETCH_INTERNALDATE = 1 << 2,
	FETCH_SIZE = 1 << 3,
	FETCH_ENVELOPE = 1 << 4,
	FETCH_BODY = 1 << 5,
	FETCH_BODYSTRUCTURE = 1 << 6,
	FETCH_SAVEDATE = 1 << 7, /* RFC 8514 */
	FETCH_EMAILID = 1 << 8,  /* RFC 8474 */
	FETCH_THREADID = 1 << 9,
	FETCH_PREVIEW = 1 << 10, /* RFC 8970 */
	FETCH_MODSEQ = 1 << 16,  /* RFC 7162 */
};

enum section_kind {
	SECTION_ALL,
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME,
};

/* How the section is told. */
enum section_form {
	SECTION_BODY,        /* as it stands: BODY[...] */
	SECTION_BINARY,      /* decoded: BINARY[...] */
	SECTION_BINARY_SIZE, /* how much that is: BINARY.SIZE[...] */
};

struct section {
	struct section *next;
	enum section_form form;
	enum section_kind kind;
	const char *name;   /* "RFC822.TEXT"; NULL: BODY[...] */
	struct slice label; /* how an answer names it: "BODY[1.MIME]<0>" */
	uint32_t *path;     /* part numbers */
	size_t npath;
	struct slice *fields;
	struct slice *sorted; /* the same, to be looked up */
	size_t nfields;
	bool peek;
	bool kept;     /* fields of the message's header that records keep: */
	uint64_t mask; /* which (mime/fields.h) */
	bool partial;
	uint64_t off; /* of a partial fetch */
	uint64_t len;
};

struct fetch_items {
	unsigned items; /* enum fetch_item */
	struct section *sections;
	size_t nfields; /* names in all of them */
};

/* One item, a macro, or a list of items. */
struct fetch_items section_parse(struct parse *p);
/* section-spec alone, as a URL has it (RFC 5092 enc-section), without a label.
 */
struct section *section_parse_spec(struct parse *p);
/* Which bytes of the message ROOT S means; false: it has no such part. */
bool section_span(const struct section *s, const struct mime_part *root,
    struct mime_span *span);
/* Of a header, the fields that S (FIELDS or FIELDS_NOT) asks for, CRLF at the
 * line ends, and the empty line if the header has one. */
void section_filter(
    struct buf *out, const struct section *s, struct slice header);
/* The same of the header that is SPAN in FD; of a longer one than 1 MiB, of so
 * much. */
int section_read(struct buf *out, const struct section *s, int fd,
    const struct mime_span *span, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Reading XML that strangers wrote: elements and their text, one after the
 * other.  Strict and small on purpose: a document type, and so every entity
 * but the five of XML itself, is refused; attributes, comments and processing
 * instructions are passed over; depth and texts have a limit.  It costs as much
 * time as there are bytes.
 */
#ifndef REPORT_XML_H
#define REPORT_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cur.h"

enum { XML_DEPTH_MAX = 16, XML_TEXT_MAX = 16384 };

enum xml_event {
	XML_OPEN,  /* an element begins */
	XML_CLOSE, /* it ends; text is what stands behind its last child, or of
		      one without children all of it */
	XML_END,   /* of the document */
	XML_WRONG, /* why says what */
};

struct xml {
	struct cur c;
	struct slice names[XML_DEPTH_MAX]; /* of the open elements */
	size_t depth; /* at XML_OPEN with the new one, at XML_CLOSE without */
	struct slice name; /* of the event's element, without a prefix */
	struct buf text;
	bool close; /* the element that just began is empty */
	bool root;  /* there was one */
	const char *why;
};

/* TEXT outlives X. */
void xml_init(struct xml *x, struct slice text);
void xml_fini(struct xml *x);
/* After XML_WRONG and XML_END the same again. */
enum xml_event xml_next(struct xml *x);
/* TEXT into an element: what XML does not allow is '?'. */
void xml_put(struct buf *out, struct slice text);

#endif

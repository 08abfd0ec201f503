/* SPDX-License-Identifier: ISC */
#include "local/record.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/part.h"
#include "mime/record.h"
#include "mime/wire.h"

/* Where a part's header begins, its body begins, and its body ends. */
enum { PLACES = 3 };

struct place {
	int64_t at;
	size_t which; /* PLACES for each part, in preorder */
};

struct record {
	struct mime_tree *tree;
	int64_t sent_s;
	struct place *places; /* in the order of the message */
	size_t nplaces;
};

/* How much was written when a place was reached. */
struct count {
	uint64_t bytes;
	uint64_t wire;
};

struct record_places {
	struct record *record;
	size_t next; /* the first place not reached */
	struct count *counts;
};

/* ---- the record ---- */

static void
add_places(struct record *r, const struct mime_part *p)
{
	const uint64_t at[PLACES] = { p->header.off, p->body.off,
		p->body.off + p->body.bytes };

	for (size_t i = 0; i < PLACES; i++, r->nplaces++)
		r->places[r->nplaces] =
		    (struct place){ (int64_t)at[i], r->nplaces };
	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		add_places(r, c);
}

static int
by_place(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return a->at < b->at ? -1 : a->at > b->at;
}

struct record *
record_new(struct slice text, int64_t size)
{
	int64_t sent_s;
	struct mime_tree *tree = mime_wire_get(text, size, &sent_s);
	struct record *r;

	if (tree == NULL)
		return NULL;
	r = xcalloc(1, sizeof *r);
	r->tree = tree;
	r->sent_s = sent_s;
	r->places =
	    xreallocarray(NULL, tree->nparts, PLACES * sizeof *r->places);
	add_places(r, tree->root);
	qsort(r->places, r->nplaces, sizeof *r->places, by_place);
	return r;
}

void
record_free(struct record **r)
{
	if (*r == NULL)
		return;
	mime_tree_free(&(*r)->tree);
	xfree(&(*r)->places);
	xfree(r);
}

/* ---- its places in a file ---- */

struct record_places *
record_places_new(struct record *r)
{
	struct record_places *p;

	if (r == NULL)
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->record = r;
	p->counts = xreallocarray(NULL, r->nplaces, sizeof *p->counts);
	return p;
}

void
record_places_free(struct record_places **p)
{
	if (*p == NULL)
		return;
	xfree(&(*p)->counts);
	xfree(p);
}

int64_t
record_next(const struct record_places *p)
{
	return p != NULL && p->next < p->record->nplaces
		   ? p->record->places[p->next].at
		   : INT64_MAX;
}

void
record_reach(struct record_places *p, int64_t at, int64_t bytes, int64_t wire)
{
	while (record_next(p) <= at) {
		const struct place *place = &p->record->places[p->next++];

		p->counts[place->which] =
		    (struct count){ (uint64_t)bytes, (uint64_t)wire };
	}
}

/* A line of the message ends in CRLF, of which the file has the LF; it has all
 * there are, so what it lacks are the lines. */
static struct mime_span
span_between(struct count from, struct count to)
{
	const uint64_t bytes = to.bytes - from.bytes;
	const uint64_t wire = to.wire - from.wire;

	return (struct mime_span){ from.bytes, bytes, wire, wire - bytes };
}

static struct count
behind(struct count before, struct count c)
{
	return (struct count){ before.bytes + c.bytes, before.wire + c.wire };
}

static const struct count *
set_spans(struct mime_part *p, const struct count *counts, struct count before)
{
	const struct count *next = counts + PLACES;
	const struct count body = behind(before, counts[1]);

	p->header = span_between(behind(before, counts[0]), body);
	p->body = span_between(body, behind(before, counts[2]));
	for (struct mime_part *c = p->child; c != NULL; c = c->next)
		next = set_spans(c, next, before);
	return next;
}

bool
record_put(const struct record_places *p, int64_t bytes, int64_t wire,
    struct buf *out, int64_t *sent_s)
{
	const struct count before = { (uint64_t)bytes, (uint64_t)wire };
	struct mime_part *root;

	if (p == NULL)
		return false;
	root = p->record->tree->root;
	(void)set_spans(root, p->counts, before);
	/* What was put on top belongs to the header. */
	root->header =
	    span_between((struct count){ 0, 0 }, behind(before, p->counts[1]));
	mime_record_put(out, p->record->tree);
	*sent_s = p->record->sent_s;
	return !out->failed;
}

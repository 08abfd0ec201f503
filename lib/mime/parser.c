/* SPDX-License-Identifier: ISC */
/*
 * Lines are what counts: at the start of each it is decided what the line is
 * (boundary, header field, empty line, content) from its first HEAD_MAX
 * bytes; its other bytes are only counted, or kept when they belong to a
 * field that is wanted.
 */
#include "mime/parser.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "mime/fields.h"
#include "mime/fill.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/part.h"

enum {
	HEAD_MAX = 256,
	BOUNDARY_MAX = HEAD_MAX - 4, /* "--" boundary "--" */
};

const struct mime_limits mime_limits_default = {
	.parts = 10000,
	.depth = 100,
	.addresses = 10000,
	.header_bytes = 256 << 10,
	.tree_bytes = 8 << 20,
};

/* A place in the message with what was counted up to it. */
struct mark {
	uint64_t pos;
	uint64_t bare_lf;
	uint64_t lines;
};

/* A multipart whose boundary is still looked for. */
struct open {
	struct mime_part *part;
	struct mime_part **tail;
	struct slice boundary;
};

enum state {
	IN_HEADER,
	IN_BODY, /* of a leaf, or around the parts of a multipart */
	IN_REST, /* beyond a limit: counted to the end */
};

enum line { LINE_CONTENT, LINE_FIELD, LINE_EMPTY, LINE_OPEN, LINE_CLOSE };

struct mime_parser {
	struct mime_limits limits;
	struct mime_tree *tree;
	struct mime_part *part; /* the innermost that has not ended */
	unsigned depth;         /* of part; the root's is 1 */
	enum state state;
	struct open open[MIME_DEPTH_MAX];
	size_t nopen;

	struct mark at;   /* all bytes so far */
	struct mark line; /* where the line began */
	struct mark text; /* the same without the previous line's end */

	char head[HEAD_MAX]; /* of a line that came in pieces */
	size_t nhead;
	bool decided; /* the line's kind is known */
	enum line kind;
	bool cr; /* the last byte was a CR */

	struct buf fields; /* of part's header, those that are wanted */
	bool keep;         /* the field being read is one */
	size_t field_left;
	struct mime_fields_take kept; /* of the message's header */

	bool limited;
};

static bool
is_message(const struct mime_part *p)
{
	return p->parent == NULL || p->parent->kind == MIME_MESSAGE;
}

/* An open span keeps what had been counted where it began. */
static void
open_span(struct mime_span *s, const struct mark *from)
{
	*s = (struct mime_span){ from->pos, 0, from->bare_lf, from->lines };
}

/* A boundary right behind a header ends a body before it began. */
static void
close_span(struct mime_span *s, const struct mark *to)
{
	const struct mime_span from = *s;

	*s = (struct mime_span){ .off = from.off };
	if (to->pos <= from.off)
		return;
	s->bytes = to->pos - from.off;
	s->crlf_bytes = s->bytes + (to->bare_lf - from.crlf_bytes);
	s->lines = to->lines - from.lines;
}

static void
begin_part(struct mime_parser *p, struct mime_part *parent,
    struct mime_part **link, const struct mark *at)
{
	struct mime_part *part = arena_new(&p->tree->arena, struct mime_part);

	part->parent = parent;
	open_span(&part->header, at);
	*link = part;
	p->tree->nparts++;
	p->part = part;
	p->depth++;
	p->state = IN_HEADER;
	buf_reset(&p->fields);
	p->keep = false;
}

struct mime_parser *
mime_parser_new(const struct mime_limits *limits)
{
	struct mime_parser *p = xcalloc(1, sizeof *p);

	p->limits = limits != NULL ? *limits : mime_limits_default;
	must(p->limits.depth > 0 && p->limits.depth <= MIME_DEPTH_MAX);
	p->tree = xcalloc(1, sizeof *p->tree);
	arena_init(&p->tree->arena);
	buf_init(&p->fields, p->limits.header_bytes);
	mime_fields_begin(&p->kept);
	begin_part(p, NULL, &p->tree->root, &p->at);
	return p;
}

/* No part may be added? */
static bool
is_full(const struct mime_parser *p)
{
	return p->tree->nparts >= p->limits.parts ||
	       p->tree->arena.used_bytes > p->limits.tree_bytes;
}

static void
open_multipart(struct mime_parser *p)
{
	struct mime_part *part = p->part;
	struct slice b = param_value(&p->tree->arena, part->params, "boundary");

	while (b.n > 0 && ascii_isspace(b.p[b.n - 1]))
		b.n--;
	if (b.n == 0 || b.n > BOUNDARY_MAX)
		fill_text(&p->tree->arena, part);
	else
		p->open[p->nopen++] = (struct open){ part, &part->child, b };
}

/* The header of the message ends, with an EMPTY line or without. */
static void
end_kept(struct mime_parser *p, bool empty)
{
	struct buf b;

	buf_init(&b, MIME_FIELDS_MAX);
	mime_fields_finish(&p->kept, empty, &b);
	p->tree->fields = arena_slice(&p->tree->arena, buf_slice(&b));
	buf_fini(&b);
}

/* The header ends at AT, the body begins there; that of a message part is the
 * header of the message in it. */
static void
end_header(struct mime_parser *p, const struct mark *at)
{
	struct mime_part *part = p->part;

	close_span(&part->header, at);
	open_span(&part->body, at);
	p->state = IN_BODY;
	if (part->parent == NULL)
		end_kept(p, p->kind == LINE_EMPTY);
	fill_part(&p->tree->arena, part, buf_slice(&p->fields),
	    is_message(part), &p->limits);
	if (part->kind == MIME_LEAF)
		return;
	if (p->depth >= p->limits.depth || is_full(p)) {
		p->limited = true;
		fill_opaque(part);
	} else if (part->kind == MIME_MULTIPART)
		open_multipart(p);
	else
		begin_part(p, part, &part->child, at);
}

/* A multipart has one part at least (RFC 2046 5.1, body-type-mpart of RFC 9051
 * 9): where its boundary never came, an empty one at its end. */
static void
give_child(struct mime_parser *p, struct mime_part *part)
{
	struct mime_part *child;

	if (part->kind != MIME_MULTIPART || part->child != NULL)
		return;
	child = arena_new(&p->tree->arena, struct mime_part);
	child->parent = part;
	child->header.off = child->body.off = part->body.off + part->body.bytes;
	fill_text(&p->tree->arena, child);
	part->child = child;
	p->tree->nparts++;
}

/* All parts inside OUTER (NULL: all there are) end at AT. */
static void
end_parts(
    struct mime_parser *p, const struct mime_part *outer, const struct mark *at)
{
	while (p->part != outer) {
		close_span(&p->part->body, at);
		give_child(p, p->part);
		p->part = p->part->parent;
		p->depth--;
	}
}

/* Behind a boundary a part begins; the last that fits takes all the rest. */
static void
begin_child(struct mime_parser *p)
{
	struct open *o = &p->open[p->nopen - 1];
	struct mime_part *part;

	begin_part(p, o->part, o->tail, &p->at);
	part = p->part;
	o->tail = &part->next;
	if (!is_full(p))
		return;
	p->limited = true;
	close_span(&part->header, &p->at);
	open_span(&part->body, &p->at);
	fill_opaque(part);
	p->state = IN_REST;
}

/*
 * The boundary that LINE (behind its "--") begins with: RFC 2046 5.1.1 lets a
 * line go on behind it.  Where one is the beginning of another the longest
 * is meant, among equals the innermost.
 */
static bool
find_boundary(const struct mime_parser *p, struct slice line, size_t *which)
{
	size_t best = 0;

	for (size_t i = p->nopen; i > 0; i--) {
		const struct slice b = p->open[i - 1].boundary;

		if (b.n > best && slice_starts(line, b)) {
			best = b.n;
			*which = i - 1;
		}
	}
	return best > 0;
}

static bool
decide_boundary(struct mime_parser *p, struct slice head)
{
	const struct slice line = slice_from(head, 2);
	const struct open *o;
	size_t which;
	bool closing;

	if (!slice_starts(head, SLICE("--")) || !find_boundary(p, line, &which))
		return false;
	o = &p->open[which];
	closing = slice_starts(slice_from(line, o->boundary.n), SLICE("--"));
	while (p->state == IN_HEADER)
		end_header(p, &p->line);
	end_parts(p, o->part, &p->text);
	p->nopen = closing ? which : which + 1;
	p->state = IN_BODY;
	p->kind = closing ? LINE_CLOSE : LINE_OPEN;
	return true;
}

/* A field of the message's header begins, as HEAD says. */
static void
keep_field(struct mime_parser *p, struct slice head, struct slice name)
{
	/* A name may have any number of blanks before its colon. */
	if (name.n == 0 && head.n == HEAD_MAX)
		mime_fields_give_up(&p->kept);
	else
		mime_fields_line(&p->kept, name);
}

/* A line in a header: is its field one to keep? */
static void
decide_field(struct mime_parser *p, struct slice head)
{
	const bool cut =
	    p->fields.n > 0 && p->fields.p[p->fields.n - 1] != '\n';
	const struct slice name = header_name(head);

	if (slice_eq(head, SLICE("\n")) || slice_eq(head, SLICE("\r\n"))) {
		p->kind = LINE_EMPTY;
		return;
	}
	p->kind = LINE_FIELD;
	if (head.p[0] == ' ' || head.p[0] == '\t')
		return;
	if (p->part->parent == NULL)
		keep_field(p, head, name);
	p->keep = fill_wants(name, is_message(p->part));
	p->field_left = p->limits.header_bytes / 4;
	if (p->keep && cut && p->fields.n < p->fields.max)
		buf_addc(&p->fields, '\n');
}

static void
decide(struct mime_parser *p, struct slice head)
{
	p->decided = true;
	p->kind = LINE_CONTENT;
	if (p->state == IN_REST || decide_boundary(p, head))
		return;
	if (p->state == IN_HEADER)
		decide_field(p, head);
}

static void
keep(struct mime_parser *p, struct slice s)
{
	const size_t room = p->fields.max - p->fields.n;
	const size_t max = room < p->field_left ? room : p->field_left;

	if (p->kind != LINE_FIELD)
		return;
	if (p->part->parent == NULL)
		mime_fields_add(&p->kept, s);
	if (!p->keep)
		return;
	p->limited |= s.n > max;
	s = slice_sub(s, 0, max);
	buf_add(&p->fields, s);
	p->field_left -= s.n;
}

/* A line's beginning, put together until it says what the line is. */
static void
gather(struct mime_parser *p, struct slice piece, bool ends)
{
	const struct slice now = slice_sub(piece, 0, HEAD_MAX - p->nhead);
	struct slice head;

	memcpy(p->head + p->nhead, now.p, now.n);
	p->nhead += now.n;
	if (!ends && p->nhead < HEAD_MAX)
		return;
	head = slice_of(p->head, p->nhead);
	decide(p, head);
	keep(p, head);
	keep(p, slice_from(piece, now.n));
}

static void
count(struct mime_parser *p, struct slice piece, bool ends)
{
	const bool cr = piece.n > 1 ? piece.p[piece.n - 2] == '\r' : p->cr;

	p->at.pos += piece.n;
	p->cr = piece.p[piece.n - 1] == '\r';
	if (!ends)
		return;
	p->text = p->at;
	p->text.pos -= cr ? 2 : 1;
	p->at.lines++;
	p->at.bare_lf += !cr;
}

static void
end_line(struct mime_parser *p)
{
	p->line = p->at;
	p->nhead = 0;
	p->decided = false;
	p->cr = false;
	if (p->kind == LINE_EMPTY)
		end_header(p, &p->at);
	else if (p->kind == LINE_OPEN)
		begin_child(p);
}

/* A line or a piece of one; only a line's last piece ENDS in its LF. */
static void
feed_line(struct mime_parser *p, struct slice piece, bool ends)
{
	const bool plain =
	    p->state == IN_REST || (p->state == IN_BODY && piece.p[0] != '-');

	if (p->decided) {
		keep(p, piece);
	} else if (p->nhead == 0 && (ends || plain || piece.n >= HEAD_MAX)) {
		decide(p, slice_sub(piece, 0, HEAD_MAX));
		keep(p, piece);
	} else {
		gather(p, piece, ends);
	}
	count(p, piece, ends);
	if (ends)
		end_line(p);
}

/* The lines that PIECE begins with and that can be nothing but content: they
 * are counted, and what is left of PIECE comes back.  Most of a message. */
static struct slice
skip_content(struct mime_parser *p, struct slice piece)
{
	const bool any = p->state == IN_REST || p->nopen == 0;
	const char *lf;

	if (p->state == IN_HEADER || p->decided || p->nhead > 0)
		return piece;
	while (piece.n > 0 && (any || piece.p[0] != '-') &&
	       (lf = memchr(piece.p, '\n', piece.n)) != NULL) {
		const size_t n = (size_t)(lf - piece.p) + 1;
		const bool cr = n > 1 && lf[-1] == '\r';

		p->at.pos += n;
		p->text = p->at;
		p->text.pos -= cr ? 2 : 1;
		p->at.lines++;
		p->at.bare_lf += !cr;
		p->line = p->at;
		piece = slice_of(lf + 1, piece.n - n);
	}
	return piece;
}

void
mime_parser_feed(struct mime_parser *p, struct slice piece)
{
	while ((piece = skip_content(p, piece)).n > 0) {
		const size_t at = slice_find(piece, '\n');
		const size_t n = at < piece.n ? at + 1 : piece.n;

		feed_line(p, slice_sub(piece, 0, n), at < piece.n);
		piece = slice_from(piece, n);
	}
}

bool
mime_parser_limited(const struct mime_parser *p)
{
	return p->limited;
}

struct mime_tree *
mime_parser_finish(struct mime_parser **p)
{
	struct mime_parser *q = *p;
	struct mime_tree *tree = q->tree;

	if (!q->decided && q->nhead > 0) {
		const struct slice head = slice_of(q->head, q->nhead);

		decide(q, head);
		keep(q, head);
	}
	if (q->decided && q->kind == LINE_OPEN)
		begin_child(q);
	while (q->state == IN_HEADER)
		end_header(q, &q->at);
	end_parts(q, NULL, &q->at);
	q->tree = NULL;
	mime_parser_free(p);
	return tree;
}

void
mime_parser_free(struct mime_parser **p)
{
	if (*p == NULL)
		return;
	mime_tree_free(&(*p)->tree);
	buf_fini(&(*p)->fields);
	mime_fields_end(&(*p)->kept);
	xfree(p);
}

struct mime_tree *
mime_parse(struct slice message, const struct mime_limits *limits)
{
	struct mime_parser *p = mime_parser_new(limits);

	mime_parser_feed(p, message);
	return mime_parser_finish(&p);
}

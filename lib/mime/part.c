/* SPDX-License-Identifier: ISC */
#include "mime/part.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "mime/param.h"

/*
 * The version, then the parts in preorder.  Numbers are varints (7 bits a byte,
 * low first).  A part: kind | flags, number of children, its spans, its
 * strings (length + 1, 0 when absent), its lists (count, names and values).
 * An offset is told as the distance from where its parent's body begins.
 */
enum {
	VERSION = 2, /* 1: multiparts may have no part */
	F_KIND = 3,
	F_OPAQUE = 4,
	F_LF = 8,     /* bare LFs: the crlf_bytes follow the bytes */
	F_EXTRA = 16, /* disposition, languages, md5, location */
};

void
mime_tree_free(struct mime_tree **t)
{
	if (*t == NULL)
		return;
	arena_fini(&(*t)->arena);
	xfree(t);
}

enum mime_kind
mime_kind_of(struct slice type, struct slice subtype)
{
	if (slice_iis(type, "multipart"))
		return MIME_MULTIPART;
	if (slice_iis(type, "message") &&
	    (slice_iis(subtype, "rfc822") || slice_iis(subtype, "global")))
		return MIME_MESSAGE;
	return MIME_LEAF;
}

static const struct mime_part *
nth_child(const struct mime_part *p, uint32_t n)
{
	if (n == 0)
		return NULL;
	for (p = p->child; p != NULL && n > 1; n--)
		p = p->next;
	return p;
}

/* A part's number counts within the nearest multipart; a message that is none
 * has one part, itself. */
const struct mime_part *
mime_part_find(const struct mime_part *root, const uint32_t *path, size_t n)
{
	const struct mime_part *p = root;

	for (size_t i = 0; i < n && p != NULL; i++) {
		const bool message = i == 0 || p->kind == MIME_MESSAGE;

		if (i > 0 && message)
			p = p->child;
		if (p->kind == MIME_MULTIPART)
			p = nth_child(p, path[i]);
		else if (!message || path[i] != 1)
			p = NULL;
	}
	return p;
}

const struct mime_part *
mime_part_message(const struct mime_part *root, const uint32_t *path, size_t n)
{
	const struct mime_part *p = mime_part_find(root, path, n);

	if (n == 0)
		return root;
	return p != NULL && p->kind == MIME_MESSAGE ? p->child : NULL;
}

struct slice
mime_part_charset(const struct mime_part *root)
{
	struct slice s = param_find(root->params, "charset");

	for (const struct mime_part *c = root->child; c != NULL && s.n == 0;
	     c = c->next)
		s = mime_part_charset(c);
	return s;
}

static void
put_varint(struct buf *out, uint64_t v)
{
	while (v >= 0x80) {
		buf_addc(out, (char)(v | 0x80));
		v >>= 7;
	}
	buf_addc(out, (char)v);
}

static void
put_slice(struct buf *out, struct slice s)
{
	if (s.p == NULL) {
		put_varint(out, 0);
		return;
	}
	put_varint(out, (uint64_t)s.n + 1);
	buf_add(out, s);
}

static void
put_params(struct buf *out, const struct param *params)
{
	uint64_t n = 0;

	for (const struct param *p = params; p != NULL; p = p->next)
		n++;
	put_varint(out, n);
	for (const struct param *p = params; p != NULL; p = p->next) {
		put_slice(out, p->name);
		put_slice(out, p->value);
	}
}

static bool
has_bare_lf(const struct mime_part *p)
{
	return p->header.bytes != p->header.crlf_bytes ||
	       p->body.bytes != p->body.crlf_bytes;
}

static bool
has_extra(const struct mime_part *p)
{
	return p->disposition.p != NULL || p->languages != NULL ||
	       p->md5.p != NULL || p->location.p != NULL;
}

static void
put_spans(struct buf *out, const struct mime_part *p, uint64_t base)
{
	put_varint(out, p->header.off - base);
	put_varint(out, p->header.bytes);
	put_varint(out, p->header.lines);
	put_varint(out, p->body.bytes);
	put_varint(out, p->body.lines);
	if (has_bare_lf(p)) {
		put_varint(out, p->header.crlf_bytes - p->header.bytes);
		put_varint(out, p->body.crlf_bytes - p->body.bytes);
	}
}

static void
put_part(struct buf *out, const struct mime_part *p, uint64_t base)
{
	uint64_t nchildren = 0;

	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		nchildren++;
	put_varint(out, (uint64_t)p->kind | (p->opaque ? F_OPAQUE : 0) |
			    (has_bare_lf(p) ? F_LF : 0) |
			    (has_extra(p) ? F_EXTRA : 0));
	put_varint(out, nchildren);
	put_spans(out, p, base);
	put_slice(out, p->type);
	put_slice(out, p->subtype);
	put_params(out, p->params);
	put_slice(out, p->id);
	put_slice(out, p->description);
	put_slice(out, p->encoding);
	if (has_extra(p)) {
		put_slice(out, p->disposition);
		put_params(out, p->disposition_params);
		put_params(out, p->languages);
		put_slice(out, p->md5);
		put_slice(out, p->location);
	}
	if (p->parent != NULL && p->parent->kind == MIME_MESSAGE)
		put_slice(out, p->envelope);
	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		put_part(out, c, p->body.off);
}

void
mime_tree_put(struct buf *out, const struct mime_tree *t)
{
	put_varint(out, VERSION);
	put_part(out, t->root, 0);
}

static uint64_t
get_varint(struct cur *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		const int b = cur_byte(c);

		if (b == -1)
			return 0;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	cur_fail(c);
	return 0;
}

static struct slice
get_slice(struct cur *c)
{
	const uint64_t n = get_varint(c);

	if (n == 0)
		return (struct slice){ NULL, 0 };
	return cur_take(c, (size_t)n - 1);
}

static struct param *
get_params(struct arena *a, struct cur *c)
{
	uint64_t n = get_varint(c);
	struct param *first = NULL;
	struct param **tail = &first;

	if (n > PARAM_MAX)
		cur_fail(c);
	for (; n > 0 && cur_ok(c); n--) {
		*tail = arena_new(a, struct param);
		(*tail)->name = get_slice(c);
		(*tail)->value = get_slice(c);
		tail = &(*tail)->next;
	}
	return first;
}

/* A span that ends beyond what a file can hold is damage. */
static void
get_span(struct cur *c, struct mime_span *s)
{
	s->bytes = get_varint(c);
	s->lines = get_varint(c);
	s->crlf_bytes = s->bytes;
	if (s->bytes > INT64_MAX / 4 || s->off > INT64_MAX / 4 ||
	    s->lines > s->bytes)
		cur_fail(c);
}

static void
get_spans(struct cur *c, struct mime_part *p, uint64_t base, bool bare_lf)
{
	p->header.off = get_varint(c);
	if (p->header.off > INT64_MAX / 4)
		cur_fail(c);
	else
		p->header.off += base;
	get_span(c, &p->header);
	p->body.off = p->header.off + p->header.bytes;
	get_span(c, &p->body);
	if (!bare_lf || !cur_ok(c))
		return;
	p->header.crlf_bytes += get_varint(c);
	p->body.crlf_bytes += get_varint(c);
	if (p->header.crlf_bytes > p->header.bytes + p->header.lines ||
	    p->body.crlf_bytes > p->body.bytes + p->body.lines)
		cur_fail(c);
}

static void
get_strings(struct arena *a, struct cur *c, struct mime_part *p, bool extra)
{
	p->type = get_slice(c);
	p->subtype = get_slice(c);
	p->params = get_params(a, c);
	p->id = get_slice(c);
	p->description = get_slice(c);
	p->encoding = get_slice(c);
	if (extra) {
		p->disposition = get_slice(c);
		p->disposition_params = get_params(a, c);
		p->languages = get_params(a, c);
		p->md5 = get_slice(c);
		p->location = get_slice(c);
	}
	if (p->parent != NULL && p->parent->kind == MIME_MESSAGE)
		p->envelope = get_slice(c);
	if (p->type.n == 0 || p->subtype.n == 0)
		cur_fail(c);
}

static struct mime_part *
get_part(struct mime_tree *t, struct cur *c, struct mime_part *parent,
    unsigned depth)
{
	struct mime_part *p = arena_new(&t->arena, struct mime_part);
	struct mime_part **tail = &p->child;
	const uint64_t flags = get_varint(c);
	const uint64_t nchildren = get_varint(c);

	p->parent = parent;
	p->kind = (enum mime_kind)(flags & F_KIND);
	p->opaque = (flags & F_OPAQUE) != 0;
	get_spans(c, p, parent != NULL ? parent->body.off : 0, flags & F_LF);
	get_strings(&t->arena, c, p, flags & F_EXTRA);
	if (depth > MIME_DEPTH_MAX || flags >= 2 * F_EXTRA ||
	    p->kind > MIME_MESSAGE ||
	    (p->kind == MIME_LEAF) != (nchildren == 0) ||
	    (p->kind == MIME_MESSAGE && nchildren != 1))
		cur_fail(c);
	t->nparts++;
	for (uint64_t i = 0; i < nchildren && cur_ok(c); i++) {
		*tail = get_part(t, c, p, depth + 1);
		tail = &(*tail)->next;
	}
	return p;
}

struct mime_tree *
mime_tree_get(struct slice blob)
{
	struct mime_tree *t = xcalloc(1, sizeof *t);
	struct cur c = cur_of(blob);

	arena_init(&t->arena);
	if (get_varint(&c) != VERSION)
		cur_fail(&c);
	t->root = get_part(t, &c, NULL, 1);
	if (!cur_end(&c))
		mime_tree_free(&t);
	return t;
}

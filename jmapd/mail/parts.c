/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "mime/param.h"
#include "mime/part.h"

enum { TEXT_MAX = 64 << 10 };

/* ---- names of parts ---- */

static unsigned
number_of(const struct mime_part *part)
{
	unsigned n = 1;

	for (const struct mime_part *p = part->parent->child; p != part;
	     p = p->next)
		n++;
	return n;
}

void
parts_path(const struct mime_part *part, struct buf *out)
{
	const size_t before = out->n;

	if (part->kind == MIME_MULTIPART && part->parent == NULL)
		return;
	if (part->parent == NULL) {
		buf_addc(out, '1');
		return;
	}
	parts_path(part->parent, out);
	if (out->n > before)
		buf_addc(out, '.');
	buf_addu(out, number_of(part));
}

static const struct mime_part *
child(const struct mime_part *part, uint64_t n)
{
	const struct mime_part *p = part->child;

	if (part->kind != MIME_MULTIPART || n == 0)
		return NULL;
	while (p != NULL && --n > 0)
		p = p->next;
	return p;
}

const struct mime_part *
parts_find(const struct mime_part *root, struct slice path)
{
	const struct mime_part *p = root;

	if (root->kind != MIME_MULTIPART)
		return slice_is(path, "1") ? root : NULL;
	while (p != NULL && path.n > 0) {
		size_t n = 0;
		struct cur c;

		while (n < path.n && ascii_isdigit(path.p[n]))
			n++;
		c = cur_of(slice_sub(path, 0, n));
		p = child(p, cur_u64(&c, UINT32_MAX));
		path = slice_from(path, n < path.n ? n + 1 : n);
	}
	return p != NULL && p->kind != MIME_MULTIPART ? p : NULL;
}

static void
add_lower(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, ascii_lower(s.p[i]));
}

void
parts_type(const struct mime_part *part, struct buf *out)
{
	add_lower(out, part->type);
	buf_addc(out, '/');
	add_lower(out, part->subtype);
}

/* ---- what is shown where (RFC 8621 4.1.4) ---- */

static void
push(struct parts_list *l, const struct mime_part *part)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? 2 * l->cap : 8;
		l->v = xreallocarray(l->v, l->cap, sizeof(void *));
	}
	l->v[l->n++] = part;
}

static bool
is_type(const struct mime_part *p, const char *type, const char *subtype)
{
	return slice_iis(p->type, type) &&
	       (subtype == NULL || slice_iis(p->subtype, subtype));
}

static bool
is_media(const struct mime_part *p)
{
	return is_type(p, "image", NULL) || is_type(p, "audio", NULL) ||
	       is_type(p, "video", NULL);
}

static bool
has_name(const struct mime_part *p)
{
	struct buf name = { .max = TEXT_MAX };
	const bool has = param_text(p->disposition_params, "filename", &name) ||
			 param_text(p->params, "name", &name);

	buf_fini(&name);
	return has;
}

static bool
is_inline(const struct mime_part *p, bool first, bool related)
{
	const bool text = !p->opaque && (is_type(p, "text", "plain") ||
					    is_type(p, "text", "html"));

	return !slice_iis(p->disposition, "attachment") &&
	       (text || is_media(p)) &&
	       (first || (!related && (is_media(p) || !has_name(p))));
}

/* The lists that are filled; NULL: this one is not any more. */
struct lists {
	struct parts_list *text, *html, *attachments;
};

static void
take_inline(
    const struct mime_part *p, bool alternative, bool within, struct lists *l)
{
	const bool plain = is_type(p, "text", "plain");
	const bool html = is_type(p, "text", "html");

	if (alternative) {
		if (plain && l->text != NULL)
			push(l->text, p);
		else if (html && l->html != NULL)
			push(l->html, p);
		else if (!plain && !html)
			push(l->attachments, p);
		return;
	}
	if (within && plain)
		l->html = NULL;
	if (within && html)
		l->text = NULL;
	if (l->text != NULL)
		push(l->text, p);
	if (l->html != NULL)
		push(l->html, p);
	if ((l->text == NULL || l->html == NULL) && is_media(p))
		push(l->attachments, p);
}

/* The alternative was in one form alone: it is shown in both. */
static void
fill_up(struct lists *l, size_t ntext, size_t nhtml)
{
	const size_t text = l->text->n, html = l->html->n;

	if (text == ntext && html != nhtml)
		for (size_t i = nhtml; i < html; i++)
			push(l->text, l->html->v[i]);
	if (html == nhtml && text != ntext)
		for (size_t i = ntext; i < text; i++)
			push(l->html, l->text->v[i]);
}

static void
sort_parts(const struct mime_part *first, struct slice multipart, bool within,
    struct lists l)
{
	const bool alternative = slice_iis(multipart, "alternative");
	const bool related = slice_iis(multipart, "related");
	const size_t ntext = l.text != NULL ? l.text->n : 0;
	const size_t nhtml = l.html != NULL ? l.html->n : 0;

	for (const struct mime_part *p = first; p != NULL; p = p->next) {
		if (p->kind == MIME_MULTIPART)
			sort_parts(p->child, p->subtype,
			    within || slice_iis(p->subtype, "alternative"), l);
		else if (is_inline(p, p == first, related))
			take_inline(p, alternative, within, &l);
		else
			push(l.attachments, p);
	}
	if (alternative && l.text != NULL && l.html != NULL)
		fill_up(&l, ntext, nhtml);
}

void
parts_sort(struct parts_shown *p, const struct mime_part *root)
{
	memset(p, 0, sizeof *p);
	sort_parts(root, SLICE("mixed"), false,
	    (struct lists){ &p->text, &p->html, &p->attachments });
	for (size_t i = 0; i < p->attachments.n; i++)
		p->has_attachment |=
		    !slice_iis(p->attachments.v[i]->disposition, "inline");
}

void
parts_fini(struct parts_shown *p)
{
	free(p->text.v);
	free(p->html.v);
	free(p->attachments.v);
}

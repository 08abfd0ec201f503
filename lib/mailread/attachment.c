/* SPDX-License-Identifier: ISC */
#include "mailread/attachment.h"

#include "base/slice.h"
#include "mime/param.h"
#include "mime/part.h"

/* What was found so far of the two bodies, and where. */
struct bodies {
	bool text, html; /* may be added to */
};

/* Where a list of parts stands. */
struct attachment_list {
	bool alternative; /* itself */
	bool related;
	bool in_alternative; /* or in one */
};

static bool
is_text(const struct mime_part *p, const char *subtype)
{
	return slice_iis(p->type, "text") && slice_iis(p->subtype, subtype);
}

static bool
is_media(const struct mime_part *p)
{
	return slice_iis(p->type, "image") || slice_iis(p->type, "audio") ||
	       slice_iis(p->type, "video");
}

static bool
has_name(const struct mime_part *p)
{
	return param_find(p->disposition_params, "filename").p != NULL ||
	       param_find(p->disposition_params, "filename*").p != NULL ||
	       param_find(p->params, "name").p != NULL ||
	       param_find(p->params, "name*").p != NULL;
}

/* Is P shown where it stands? */
static bool
is_shown(const struct mime_part *p, bool first, const struct attachment_list *c)
{
	if (slice_iis(p->disposition, "attachment") ||
	    (!is_text(p, "plain") && !is_text(p, "html") && !is_media(p)))
		return false;
	return first || (!c->related && (is_media(p) || !has_name(p)));
}

/* Of a part that is shown: is it among the attachments as well? */
static bool
is_listed(const struct mime_part *p, const struct attachment_list *c,
    struct bodies *b)
{
	if (c->alternative)
		return !is_text(p, "plain") && !is_text(p, "html");
	if (c->in_alternative && is_text(p, "plain"))
		b->html = false;
	if (c->in_alternative && is_text(p, "html"))
		b->text = false;
	return is_media(p) && (!b->text || !b->html);
}

static bool
look(const struct mime_part *first, const struct attachment_list *c,
    struct bodies b)
{
	for (const struct mime_part *p = first; p != NULL; p = p->next) {
		bool listed = true;

		if (p->kind == MIME_MULTIPART) {
			const struct attachment_list inner = {
				.alternative =
				    slice_iis(p->subtype, "alternative"),
				.related = slice_iis(p->subtype, "related"),
				.in_alternative =
				    c->in_alternative ||
				    slice_iis(p->subtype, "alternative"),
			};

			if (look(p->child, &inner, b))
				return true;
			continue;
		}
		if (is_shown(p, p == first, c))
			listed = is_listed(p, c, &b);
		if (listed && !slice_iis(p->disposition, "inline"))
			return true;
	}
	return false;
}

bool
attachment_any(const struct mime_part *root)
{
	/* The message is a list of one. */
	struct mime_part one = *root;
	const struct attachment_list c = { .alternative = false };

	one.next = NULL;
	return look(&one, &c, (struct bodies){ true, true });
}

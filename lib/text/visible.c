/* SPDX-License-Identifier: ISC */
#include "text/visible.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/param.h"
#include "mime/part.h"
#include "text/flowed.h"
#include "text/html.h"

enum { TEXT_MAX = 8 << 20 };

struct visible {
	bool is_html; /* else flowed */
	struct html html;
	struct flowed flowed;
	struct buf text;
};

struct visible *
visible_new(const struct mime_part *p)
{
	const bool is_html = slice_iis(p->subtype, "html");
	struct visible *v;

	if (!is_html &&
	    (!slice_iis(p->subtype, "plain") ||
		!slice_iis(param_find(p->params, "format"), "flowed")))
		return NULL;
	v = xcalloc(1, sizeof *v);
	v->is_html = is_html;
	v->flowed.delsp = slice_iis(param_find(p->params, "delsp"), "yes");
	buf_init(&v->text, TEXT_MAX);
	return v;
}

void
visible_free(struct visible **v)
{
	if (*v == NULL)
		return;
	buf_fini(&(*v)->text);
	xfree(v);
}

struct slice
visible_feed(struct visible *v, struct slice in, bool last)
{
	buf_reset(&v->text);
	if (v->is_html)
		html_feed(&v->html, in, &v->text);
	else
		flowed_feed(&v->flowed, in, &v->text);
	if (last && v->is_html)
		html_finish(&v->html, &v->text);
	else if (last)
		flowed_finish(&v->flowed, &v->text);
	return buf_slice(&v->text);
}

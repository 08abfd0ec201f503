/* SPDX-License-Identifier: ISC */
#include "mime/imap.h"

#include "base/buf.h"
#include "base/slice.h"
#include "mime/envelope.h"
#include "mime/imap_string.h"
#include "mime/param.h"
#include "mime/part.h"

/* body-fld-param: "(" name SP value ... ")" / NIL */
static void
put_params(struct buf *out, const struct param *params)
{
	char before = '(';

	if (params == NULL) {
		buf_adds(out, "NIL");
		return;
	}
	for (const struct param *p = params; p != NULL; p = p->next) {
		buf_addc(out, before);
		imap_put_string(out, p->name);
		buf_addc(out, ' ');
		imap_put_string(out, p->value);
		before = ' ';
	}
	buf_addc(out, ')');
}

/* body-fld-dsp */
static void
put_disposition(struct buf *out, const struct mime_part *p)
{
	if (p->disposition.p == NULL) {
		buf_adds(out, "NIL");
		return;
	}
	buf_addc(out, '(');
	imap_put_string(out, p->disposition);
	buf_addc(out, ' ');
	put_params(out, p->disposition_params);
	buf_addc(out, ')');
}

/* body-fld-lang: nstring / "(" string *(SP string) ")" */
static void
put_languages(struct buf *out, const struct param *l)
{
	char before = '(';

	if (l == NULL || l->next == NULL) {
		imap_put_nstring(
		    out, l != NULL ? l->name : (struct slice){ NULL, 0 });
		return;
	}
	for (; l != NULL; l = l->next) {
		buf_addc(out, before);
		imap_put_string(out, l->name);
		before = ' ';
	}
	buf_addc(out, ')');
}

/* SP body-fld-dsp SP body-fld-lang SP body-fld-loc */
static void
put_extension(struct buf *out, const struct mime_part *p)
{
	buf_addc(out, ' ');
	put_disposition(out, p);
	buf_addc(out, ' ');
	put_languages(out, p->languages);
	buf_addc(out, ' ');
	imap_put_nstring(out, p->location);
}

/* body-fields, behind media type and a space */
static void
put_fields(struct buf *out, const struct mime_part *p)
{
	put_params(out, p->params);
	buf_addc(out, ' ');
	imap_put_nstring(out, p->id);
	buf_addc(out, ' ');
	imap_put_nstring(out, p->description);
	buf_addc(out, ' ');
	imap_put_string(
	    out, p->encoding.p != NULL ? p->encoding : SLICE("7bit"));
	buf_addc(out, ' ');
	buf_addu(out, p->body.crlf_bytes);
}

static void
put_single(struct buf *out, const struct mime_part *p, bool extended)
{
	buf_addc(out, '(');
	imap_put_string(out, p->type);
	buf_addc(out, ' ');
	imap_put_string(out, p->subtype);
	buf_addc(out, ' ');
	put_fields(out, p);
	if (p->kind == MIME_MESSAGE) {
		buf_addc(out, ' ');
		if (p->child->envelope.n > 0)
			buf_add(out, p->child->envelope);
		else
			mime_put_envelope(out, p->child->envelope, 0);
		buf_addc(out, ' ');
		imap_put_body(out, p->child, extended);
	}
	if (p->kind == MIME_MESSAGE || slice_iis(p->type, "text")) {
		buf_addc(out, ' ');
		buf_addu(out, p->body.lines);
	}
	if (extended) {
		buf_addc(out, ' ');
		imap_put_nstring(out, p->md5);
		put_extension(out, p);
	}
	buf_addc(out, ')');
}

static void
put_multipart(struct buf *out, const struct mime_part *p, bool extended)
{
	buf_addc(out, '(');
	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		imap_put_body(out, c, extended);
	buf_addc(out, ' ');
	imap_put_string(out, p->subtype);
	if (extended) {
		buf_addc(out, ' ');
		put_params(out, p->params);
		put_extension(out, p);
	}
	buf_addc(out, ')');
}

void
imap_put_body(struct buf *out, const struct mime_part *part, bool extended)
{
	if (part->kind == MIME_MULTIPART)
		put_multipart(out, part, extended);
	else
		put_single(out, part, extended);
}

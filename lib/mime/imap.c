/* SPDX-License-Identifier: ISC */
#include "mime/imap.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "mime/param.h"
#include "mime/part.h"

enum { QUOTED_MAX = 1024 };

static bool
is_quotable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0 || s.p[i] == '\r' || s.p[i] == '\n')
			return false;
	return s.n <= QUOTED_MAX;
}

static void
put_quoted(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static void
put_literal(struct buf *out, struct slice s)
{
	buf_addc(out, '{');
	buf_addu(out, s.n);
	buf_adds(out, "}\r\n");
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, s.p[i] != '\0' ? s.p[i] : '\x80');
}

void
imap_put_string(struct buf *out, struct slice s)
{
	if (is_quotable(s))
		put_quoted(out, s);
	else
		put_literal(out, s);
}

void
imap_put_nstring(struct buf *out, struct slice s)
{
	if (s.p == NULL)
		buf_adds(out, "NIL");
	else
		imap_put_string(out, s);
}

/* ASTRING-CHAR; "NIL" as an atom would be read as no string. */
static bool
is_astring_atom(struct slice s)
{
	static const struct slice specials = SLICE("(){%*\"\\ ");

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]) ||
		    slice_find(specials, s.p[i]) < specials.n)
			return false;
	return s.n > 0 && s.n <= QUOTED_MAX && !slice_iis(s, "NIL");
}

void
imap_put_astring(struct buf *out, struct slice s)
{
	if (is_astring_atom(s))
		buf_add(out, s);
	else
		imap_put_string(out, s);
}

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

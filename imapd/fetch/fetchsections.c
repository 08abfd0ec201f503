/* SPDX-License-Identifier: ISC */
#include "imapd/fetch/fetchsections.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/parse/section.h"
#include "mailread/binary.h"
#include "mailread/body.h"
#include "mailread/mailread.h"
#include "mime/fields.h"
#include "mime/part.h"
#include "mime/record.h"

struct fetch_sections {
	const struct section *all;
	bool only_file; /* it is known of all that they are in a file */

	/* of the message being answered */
	bool from_file;             /* not all are answered from its record */
	const struct section *next; /* or the one under way */
	struct buf fields;          /* of a section */
	struct body body;
	bool in_body;
	struct binary_part binary;
	bool in_binary; /* being counted or written */
};

/* ---- all of them ---- */

static bool
only_file(const struct section *s)
{
	for (; s != NULL; s = s->next)
		if (s->kept)
			return false;
	return true;
}

struct fetch_sections *
fetchsections_new(const struct section *all)
{
	struct fetch_sections *f;

	if (all == NULL)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->all = all;
	f->only_file = only_file(all);
	buf_init(&f->fields, MIME_FIELDS_MAX + 2);
	return f;
}

void
fetchsections_free(struct fetch_sections **f)
{
	if (*f != NULL)
		buf_fini(&(*f)->fields);
	xfree(f);
}

bool
fetchsections_only_file(const struct fetch_sections *f)
{
	return f->only_file;
}

bool
fetchsections_want_file(
    const struct fetch_sections *f, const struct mailread *m)
{
	struct slice fields;

	if (f->only_file || !mime_record_header(mailread_kept(m), &fields))
		return true;
	for (const struct section *s = f->all; s != NULL; s = s->next)
		if (!s->kept || !mime_fields_knows(fields, s->mask))
			return true;
	return false;
}

/* ---- one ---- */

/* The fields that SECTION asks for, or the part of them, as a literal. */
static void
put_fields(
    struct session *s, const struct section *section, struct slice fields)
{
	struct buf *out = imapd_out(s);

	if (section->partial) {
		fields = slice_from(fields,
		    section->off < fields.n ? (size_t)section->off : fields.n);
		if (section->len < fields.n)
			fields.n = (size_t)section->len;
	}
	buf_addc(out, '{');
	buf_addu(out, fields.n);
	buf_adds(out, "}\r\n");
	buf_add(out, fields);
}

static void
put_kept_fields(
    struct session *s, struct fetch_sections *f, const struct mailread *m)
{
	const struct section *section = f->next;
	struct slice fields = { NULL, 0 };

	(void)mime_record_header(mailread_kept(m), &fields);
	buf_reset(&f->fields);
	(void)mime_fields_get(fields, section->mask, &f->fields);
	put_fields(s, section, buf_slice(&f->fields));
}

static int
pick_fields(struct session *s, const struct mailread *m,
    const struct section *section, const struct mime_span *span,
    struct err *err)
{
	struct buf out;
	int rc;

	buf_init(&out, SIZE_MAX / 2);
	rc = section_read(&out, section, m->fd, span, err);
	if (rc == 0)
		put_fields(s, section, buf_slice(&out));
	buf_fini(&out);
	return rc;
}

/* How the part that BINARY asks for is encoded. */
static enum transfer_encoding
encoding_of(const struct mailread *m, const struct section *section)
{
	const struct mime_part *p = NULL;

	if (section->npath > 0)
		p = mime_part_find(
		    m->tree->root, section->path, section->npath);
	return p != NULL ? binary_encoding(p) : TRANSFER_IDENTITY;
}

static void
begin_binary(struct session *s, struct fetch_sections *f,
    const struct mailread *m, const struct mime_span *span)
{
	const struct section *section = f->next;

	binary_begin(&f->binary, m->fd, span, encoding_of(m, section),
	    section->partial ? section->off : 0,
	    section->partial ? section->len : UINT64_MAX);
	if (section->partial)
		binary_place_use(s->binary_place, m->info.uid, &f->binary);
	f->in_binary = true;
}

static int
begin_section(struct session *s, struct fetch_sections *f,
    const struct mailread *m, struct err *err)
{
	const struct section *section = f->next;
	struct mime_span span;

	buf_add(imapd_out(s), section->label);
	buf_addc(imapd_out(s), ' ');
	if (!f->from_file) {
		put_kept_fields(s, f, m);
		return 0;
	}
	if (!section_span(section, m->tree->root, &span)) {
		buf_adds(imapd_out(s),
		    section->form == SECTION_BINARY_SIZE ? "0" : "NIL");
		return 0;
	}
	if (section->form != SECTION_BODY) {
		begin_binary(s, f, m, &span);
		return 0;
	}
	if (section->kind == SECTION_FIELDS ||
	    section->kind == SECTION_FIELDS_NOT)
		return pick_fields(s, m, section, &span, err);
	body_init(&f->body, m->fd, &span, section->partial ? section->off : 0,
	    section->partial ? section->len : UINT64_MAX);
	if (section->partial)
		body_place_use(s->place, m->info.uid, &f->body);
	buf_addf(imapd_out(s), "{%llu}\r\n", (unsigned long long)f->body.left);
	f->in_body = f->body.left > 0;
	return 0;
}

static void
end_section(struct session *s, struct fetch_sections *f)
{
	f->next = f->next->next;
	if (f->next != NULL)
		buf_addc(imapd_out(s), ' ');
}

static int
write_body(struct session *s, struct fetch_sections *f,
    const struct mailread *m, struct err *err)
{
	if (body_write(&f->body, imapd_out(s), err) == -1)
		return -1;
	if (f->body.left > 0)
		return 0;
	f->in_body = false;
	if (f->next->partial)
		body_place_save(&s->place, m->info.uid, &f->body);
	end_section(s, f);
	return 0;
}

/* A step of the count, or of what was counted. */
static int
write_binary(struct session *s, struct fetch_sections *f,
    const struct mailread *m, struct err *err)
{
	struct binary_part *b = &f->binary;
	struct buf *out = imapd_out(s);

	if (!b->counted) {
		if (binary_count(b, err) == -1)
			return -1;
		if (b->counted && f->next->form == SECTION_BINARY)
			buf_addf(out, "%s{%llu}\r\n", b->nul ? "~" : "",
			    (unsigned long long)b->left);
	} else if (binary_write(b, out, err) == -1) {
		return -1;
	}
	if (!b->counted || (f->next->form == SECTION_BINARY && b->left > 0))
		return 0;
	if (f->next->form == SECTION_BINARY_SIZE)
		buf_addu(out, b->left);
	if (f->next->partial)
		binary_place_save(&s->binary_place, m->info.uid, b);
	f->in_binary = false;
	end_section(s, f);
	return 0;
}

bool
fetchsections_unknown(const struct fetch_sections *f, const struct mailread *m)
{
	for (const struct section *s = f->all; s != NULL; s = s->next)
		if (s->form != SECTION_BODY &&
		    encoding_of(m, s) == TRANSFER_UNKNOWN)
			return true;
	return false;
}

void
fetchsections_begin(struct fetch_sections *f, bool from_file)
{
	f->from_file = from_file;
	f->next = f->all;
}

bool
fetchsections_ended(const struct fetch_sections *f)
{
	return f->next == NULL;
}

int
fetchsections_step(struct fetch_sections *f, struct session *s,
    const struct mailread *m, struct err *err)
{
	int rc;

	if (f->in_binary)
		return write_binary(s, f, m, err);
	if (f->in_body)
		return write_body(s, f, m, err);
	rc = begin_section(s, f, m, err);
	if (rc == 0 && !f->in_body && !f->in_binary)
		end_section(s, f);
	return rc;
}

/* SPDX-License-Identifier: ISC */
#include "imapd/parse/section.h"

#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/parse.h"
#include "mime/fields.h"
#include "mime/header.h"
#include "mime/imap_string.h"
#include "mime/part.h"

/* Of one command, which is longer than any label. */
enum { SECTIONS_MAX = 200, FIELDS_MAX = 200, LABEL_MAX = 1 << 30 };

/* clang-format off */
static const struct {
	const char *name;
	unsigned items;
} plain[] = {
	{ "ALL",           FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE | FETCH_ENVELOPE },
	{ "FAST",          FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE },
	{ "FULL",          FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE | FETCH_ENVELOPE | FETCH_BODY },
	{ "UID",           FETCH_UID },
	{ "FLAGS",         FETCH_FLAGS },
	{ "INTERNALDATE",  FETCH_INTERNALDATE },
	{ "RFC822.SIZE",   FETCH_SIZE },
	{ "ENVELOPE",      FETCH_ENVELOPE },
	{ "BODYSTRUCTURE", FETCH_BODYSTRUCTURE },
	{ "SAVEDATE",      FETCH_SAVEDATE },
	{ "EMAILID",       FETCH_EMAILID },
	{ "THREADID",      FETCH_THREADID },
	{ "MODSEQ",        FETCH_MODSEQ },
};
enum { MACROS = 3 }; /* the first ones stand alone only */

static const struct {
	const char *name;
	enum section_kind kind;
	bool peek;
} whole[] = {
	{ "RFC822",        SECTION_ALL,    false },
	{ "RFC822.HEADER", SECTION_HEADER, true },
	{ "RFC822.TEXT",   SECTION_TEXT,   false },
};

static const struct {
	const char *name;
	enum section_form form;
	bool peek;
} binaries[] = {
	{ "BINARY",      SECTION_BINARY,      false },
	{ "BINARY.PEEK", SECTION_BINARY,      true },
	{ "BINARY.SIZE", SECTION_BINARY_SIZE, true },
};

static const char *const kinds[] = {
	[SECTION_ALL] = "",
	[SECTION_HEADER] = "HEADER",
	[SECTION_FIELDS] = "HEADER.FIELDS",
	[SECTION_FIELDS_NOT] = "HEADER.FIELDS.NOT",
	[SECTION_TEXT] = "TEXT",
	[SECTION_MIME] = "MIME",
};
/* clang-format on */

/* section-part: nz-number *("." nz-number), up to what is no number */
static void
read_path(struct parse *p, struct section *s)
{
	uint32_t path[MIME_DEPTH_MAX];
	size_t n = 0;

	while (parse_peek(p) >= '0' && parse_peek(p) <= '9') {
		if (n == MIME_DEPTH_MAX) {
			parse_fail(p, "too many part numbers");
			return;
		}
		path[n++] = (uint32_t)parse_nz_number(p, UINT32_MAX);
		if (parse_peek(p) == ']' || cur_left(&p->c) == 0)
			break;
		if (!cur_try_byte(&p->c, '.') || parse_peek(p) == ']' ||
		    cur_left(&p->c) == 0)
			parse_fail(p, "expected a dot and a part specifier");
	}
	s->npath = n;
	s->path = arena_alloc(p->arena, n * sizeof *path + 1);
	memcpy(s->path, path, n * sizeof *path);
}

static int
by_name(const void *pa, const void *pb)
{
	const struct slice a = *(const struct slice *)pa;
	const struct slice b = *(const struct slice *)pb;

	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n > 0 ? strncasecmp(a.p, b.p, a.n) : 0;
}

/* header-list: "(" header-fld-name *(SP header-fld-name) ")" */
static void
read_fields(struct parse *p, struct section *s, size_t max)
{
	struct slice names[FIELDS_MAX];
	size_t n = 0;

	parse_space(p);
	parse_open(p);
	do {
		if (n == max) {
			parse_fail(p, "too many field names");
			return;
		}
		names[n++] = parse_astring(p);
	} while (parse_ok(p) && parse_next(p));
	s->fields = arena_alloc(p->arena, n * sizeof *names);
	memcpy(s->fields, names, n * sizeof *names);
	s->nfields = n;
	qsort(names, n, sizeof *names, by_name);
	s->sorted = arena_alloc(p->arena, n * sizeof *names);
	memcpy(s->sorted, names, n * sizeof *names);
}

/* section-spec. */
static void
read_spec(struct parse *p, struct section *s, size_t max_fields)
{
	read_path(p, s);
	if (parse_peek(p) == ']' || (s->npath > 0 && parse_peek(p) == -1))
		return;
	for (size_t i = ARRAY_LEN(kinds) - 1; i > 0; i--)
		if (parse_try_word(p, kinds[i])) {
			s->kind = (enum section_kind)i;
			break;
		}
	if (s->kind == SECTION_ALL ||
	    (s->kind == SECTION_MIME && s->npath == 0))
		parse_fail(p, "expected a section");
	if (s->kind == SECTION_FIELDS || s->kind == SECTION_FIELDS_NOT)
		read_fields(p, s, max_fields);
	if (s->kind == SECTION_FIELDS && s->npath == 0)
		s->kept = mime_fields_mask(s->fields, s->nfields, &s->mask);
}

/* "<" number "." nz-number ">" */
static void
read_partial(struct parse *p, struct section *s)
{
	if (!cur_try_byte(&p->c, '<'))
		return;
	s->partial = true;
	s->off = parse_number(p, INT64_MAX);
	if (!cur_try_byte(&p->c, '.'))
		parse_fail(p, "expected a dot");
	s->len = parse_nz_number(p, INT64_MAX);
	if (!cur_try_byte(&p->c, '>'))
		parse_fail(p, "expected a closing angle bracket");
}

static struct section *
add_section(struct parse *p, struct fetch_items *f)
{
	struct section *s = arena_new(p->arena, struct section);
	struct section **tail = &f->sections;
	size_t n = 0;

	for (; *tail != NULL; tail = &(*tail)->next)
		n++;
	if (n >= SECTIONS_MAX)
		parse_fail(p, "too many sections");
	*tail = s;
	return s;
}

static void
read_section(struct parse *p, struct fetch_items *f, bool peek)
{
	struct section *s = add_section(p, f);

	s->peek = peek;
	read_spec(p, s, FIELDS_MAX - f->nfields);
	if (!cur_try_byte(&p->c, ']'))
		parse_fail(p, "expected a closing bracket");
	f->nfields += s->nfields;
	read_partial(p, s);
}

static const char *const forms[] = {
	[SECTION_BODY] = "BODY[",
	[SECTION_BINARY] = "BINARY[",
	[SECTION_BINARY_SIZE] = "BINARY.SIZE[",
};

/* section-binary: "[" [section-part] "]"; a size has no partial. */
static void
read_binary(
    struct parse *p, struct fetch_items *f, enum section_form form, bool peek)
{
	struct section *s = add_section(p, f);

	s->form = form;
	s->peek = peek;
	if (!cur_try_byte(&p->c, '['))
		parse_fail(p, "expected a section");
	read_path(p, s);
	if (!cur_try_byte(&p->c, ']'))
		parse_fail(p, "expected part numbers");
	if (form == SECTION_BINARY)
		read_partial(p, s);
}

static bool
read_plain(struct slice name, struct fetch_items *f, bool macros)
{
	for (size_t i = macros ? 0 : MACROS; i < ARRAY_LEN(plain); i++)
		if (slice_iis(name, plain[i].name)) {
			f->items |= plain[i].items;
			return true;
		}
	return false;
}

/* "PREVIEW" [SP "(" "LAZY" ")"], behind the word */
static void
read_preview(struct parse *p, struct fetch_items *f)
{
	f->items |= FETCH_PREVIEW;
	if (!cur_try(&p->c, " ("))
		return;
	if (!parse_try_word(p, "LAZY") || !parse_try_close(p))
		parse_fail(p, "expected LAZY");
}

static void
read_item(struct parse *p, struct fetch_items *f, bool macros)
{
	const struct slice name = parse_name(p);
	const bool peek = slice_iis(name, "BODY.PEEK");

	if (!parse_ok(p) || read_plain(name, f, macros))
		return;
	if (slice_iis(name, "PREVIEW")) {
		read_preview(p, f);
		return;
	}
	if (peek || slice_iis(name, "BODY")) {
		if (cur_try_byte(&p->c, '['))
			read_section(p, f, peek);
		else if (peek)
			parse_fail(p, "expected a section");
		else
			f->items |= FETCH_BODY;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(binaries); i++)
		if (slice_iis(name, binaries[i].name)) {
			read_binary(p, f, binaries[i].form, binaries[i].peek);
			return;
		}
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (slice_iis(name, whole[i].name)) {
			struct section *s = add_section(p, f);

			s->name = whole[i].name;
			s->kind = whole[i].kind;
			s->peek = whole[i].peek;
			return;
		}
	parse_fail(p, "expected an item to fetch");
}

static void
put_label(struct buf *out, const struct section *s)
{
	if (s->name != NULL) {
		buf_adds(out, s->name);
		return;
	}
	buf_adds(out, forms[s->form]);
	for (size_t i = 0; i < s->npath; i++)
		buf_addf(out, "%s%u", i > 0 ? "." : "", s->path[i]);
	if (s->npath > 0 && s->kind != SECTION_ALL)
		buf_addc(out, '.');
	buf_adds(out, kinds[s->kind]);
	for (size_t i = 0; i < s->nfields; i++) {
		buf_adds(out, i == 0 ? " (" : " ");
		imap_put_astring(out, s->fields[i]);
	}
	buf_adds(out, s->nfields > 0 ? ")]" : "]");
	if (s->partial)
		buf_addf(out, "<%llu>", (unsigned long long)s->off);
}

/* Once for all answers. */
static void
name_sections(struct section *s, struct arena *a)
{
	struct buf label;

	buf_init(&label, LABEL_MAX);
	for (; s != NULL; s = s->next) {
		buf_reset(&label);
		put_label(&label, s);
		s->label = arena_slice(a, buf_slice(&label));
	}
	buf_fini(&label);
}

struct fetch_items
section_parse(struct parse *p)
{
	struct fetch_items f = { 0 };

	if (!parse_try_open(p)) {
		read_item(p, &f, true);
	} else {
		do
			read_item(p, &f, false);
		while (parse_ok(p) && parse_next(p));
	}
	if (parse_ok(p))
		name_sections(f.sections, p->arena);
	return f;
}

struct section *
section_parse_spec(struct parse *p)
{
	struct section *s = arena_new(p->arena, struct section);

	read_spec(p, s, FIELDS_MAX);
	return s;
}

static struct mime_span
both(const struct mime_part *p)
{
	return (struct mime_span){
		.off = p->header.off,
		.bytes = p->header.bytes + p->body.bytes,
		.crlf_bytes = p->header.crlf_bytes + p->body.crlf_bytes,
		.lines = p->header.lines + p->body.lines,
	};
}

bool
section_span(const struct section *s, const struct mime_part *root,
    struct mime_span *span)
{
	const bool by_part = s->kind == SECTION_ALL || s->kind == SECTION_MIME;
	const struct mime_part *p =
	    by_part ? mime_part_find(root, s->path, s->npath)
		    : mime_part_message(root, s->path, s->npath);

	if (p == NULL)
		return false;
	if (s->kind == SECTION_ALL && s->npath == 0)
		*span = both(p);
	else if (s->kind == SECTION_ALL || s->kind == SECTION_TEXT)
		*span = p->body;
	else
		*span = p->header;
	return true;
}

static bool
is_listed(const struct section *s, struct slice name)
{
	return s->nfields > 0 && bsearch(&name, s->sorted, s->nfields,
				     sizeof name, by_name) != NULL;
}

static void
put_crlf(struct buf *out, struct slice text)
{
	while (text.n > 0) {
		const size_t at = slice_find(text, '\n');

		buf_add(out, slice_sub(text, 0, at));
		if (at < text.n && (at == 0 || text.p[at - 1] != '\r'))
			buf_addc(out, '\r');
		if (at < text.n)
			buf_addc(out, '\n');
		text = slice_from(text, at + 1);
	}
}

void
section_filter(struct buf *out, const struct section *s, struct slice header)
{
	const bool wanted = s->kind == SECTION_FIELDS;
	const bool empty_line = slice_eq(header, SLICE("\n")) ||
				slice_eq(header, SLICE("\r\n")) ||
				slice_ends(header, SLICE("\n\n")) ||
				slice_ends(header, SLICE("\n\r\n"));
	const size_t from = out->n;
	struct slice rest = header;
	struct header_field f;

	while (header_next(&rest, &f)) {
		if (is_listed(s, f.name) != wanted)
			continue;
		put_crlf(out, f.raw);
		if (f.raw.p[f.raw.n - 1] != '\n')
			buf_adds(out, "\r\n");
	}
	if (empty_line)
		buf_adds(out, "\r\n");
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\0') /* no literal may hold it */
			out->p[i] = '\x80';
}

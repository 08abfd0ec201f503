/* SPDX-License-Identifier: ISC */
#include "mime/fill.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/envelope.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/parser.h"
#include "mime/part.h"

enum { ENVELOPE_USUAL = 1000 };

static void
set_text(struct arena *a, struct slice *to, struct slice value)
{
	struct buf b;

	if (to->p != NULL) /* the first one counts */
		return;
	buf_init(&b, value.n + 1);
	header_unfold(&b, value);
	if (b.n > 0)
		*to = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
}

static void
on_type(struct arena *a, struct mime_part *p, struct slice value)
{
	struct slice type, subtype;
	struct param *params;

	if (p->type.p != NULL)
		return;
	if (param_content_type(a, value, &type, &subtype, &params)) {
		p->type = type;
		p->subtype = subtype;
		p->params = params;
	} else {
		p->type = SLICE("text");
		p->subtype = SLICE("plain");
	}
}

static void
on_disposition(struct arena *a, struct mime_part *p, struct slice value)
{
	struct slice token;
	struct param *params;

	if (p->disposition.p == NULL &&
	    param_disposition(a, value, &token, &params)) {
		p->disposition = token;
		p->disposition_params = params;
	}
}

static void
on_language(struct arena *a, struct mime_part *p, struct slice value)
{
	if (p->languages == NULL)
		p->languages = param_languages(a, value);
}

static void
on_encoding(struct arena *a, struct mime_part *p, struct slice value)
{
	const struct slice token = param_token(value);

	if (p->encoding.p == NULL && token.n > 0)
		p->encoding = arena_slice(a, token);
}

static void
on_id(struct arena *a, struct mime_part *p, struct slice value)
{
	set_text(a, &p->id, value);
}

static void
on_description(struct arena *a, struct mime_part *p, struct slice value)
{
	set_text(a, &p->description, value);
}

static void
on_md5(struct arena *a, struct mime_part *p, struct slice value)
{
	set_text(a, &p->md5, value);
}

static void
on_location(struct arena *a, struct mime_part *p, struct slice value)
{
	set_text(a, &p->location, value);
}

/* clang-format off */
static const struct {
	struct slice name;
	void (*set)(struct arena *a, struct mime_part *p, struct slice value);
} fields[] = {
	{ SLICE("Content-Type"),              on_type },
	{ SLICE("Content-Transfer-Encoding"), on_encoding },
	{ SLICE("Content-Disposition"),       on_disposition },
	{ SLICE("Content-ID"),                on_id },
	{ SLICE("Content-Description"),       on_description },
	{ SLICE("Content-Language"),          on_language },
	{ SLICE("Content-Location"),          on_location },
	{ SLICE("Content-MD5"),               on_md5 },
};
/* clang-format on */

bool
fill_wants(struct slice name, bool message)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (name.n == fields[i].name.n &&
		    slice_ieq(name, fields[i].name))
			return true;
	return message && mime_envelope_wants(name);
}

void
fill_text(struct arena *a, struct mime_part *part)
{
	part->kind = MIME_LEAF;
	part->type = SLICE("text");
	part->subtype = SLICE("plain");
	part->params = arena_new(a, struct param);
	part->params->name = SLICE("charset");
	part->params->value = SLICE("us-ascii");
}

static void
set_default_type(struct arena *a, struct mime_part *p)
{
	const struct mime_part *parent = p->parent;

	if (p->type.p != NULL)
		return;
	if (parent != NULL && parent->kind == MIME_MULTIPART &&
	    slice_iis(parent->subtype, "digest")) {
		p->type = SLICE("message");
		p->subtype = SLICE("rfc822");
		return;
	}
	fill_text(a, p);
}

static void
set_envelope(struct arena *a, struct mime_part *p, struct slice head,
    const struct mime_limits *limits)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	(void)buf_room(&b, ENVELOPE_USUAL); /* it does not grow by doubling */
	mime_put_envelope(&b, head, limits->addresses);
	p->envelope = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
}

void
fill_part(struct arena *a, struct mime_part *part, struct slice head,
    bool message, const struct mime_limits *limits)
{
	struct slice rest = head;
	struct header_field f;

	while (header_next(&rest, &f))
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			if (f.name.n == fields[i].name.n &&
			    slice_ieq(f.name, fields[i].name))
				fields[i].set(a, part, f.value);
	set_default_type(a, part);
	part->kind = mime_kind_of(part->type, part->subtype);
	if (message)
		set_envelope(a, part, head, limits);
}

void
fill_opaque(struct mime_part *part)
{
	part->kind = MIME_LEAF;
	part->opaque = true;
	part->type = SLICE("application");
	part->subtype = SLICE("octet-stream");
	part->params = NULL;
}

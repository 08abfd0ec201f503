/* SPDX-License-Identifier: ISC */
#include "dkim/message.h"

#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "mime/header.h"

const struct dkim_limits dkim_limits_default = {
	.header_bytes = 256u << 10,
	.signatures = 16,
	.key_bits_min = 1024,
	.key_bits_max = 4096,
	.skew_s = 300,
};

void
dkim_message_init(struct dkim_message *m, const struct dkim_limits *limits)
{
	memset(m, 0, sizeof *m);
	m->limits = limits;
	arena_init(&m->arena);
	map_init(&m->names);
	buf_init(&m->header, limits->header_bytes);
	m->last = &m->first;
}

void
dkim_message_fini(struct dkim_message *m)
{
	for (int i = 0; i < DKIM_CANONS; i++)
		dkim_body_drop(&m->body[i]);
	map_fini(&m->names);
	buf_fini(&m->header);
	arena_fini(&m->arena);
}

void
dkim_message_want(struct dkim_message *m, enum dkim_canon canon)
{
	m->wanted[canon] = true;
}

/* ---- the header ---- */

static void
add_field(struct dkim_message *m, const struct header_field *f)
{
	struct dkim_head *h = arena_new(&m->arena, struct dkim_head);

	h->name = arena_lower(&m->arena, f->name);
	h->value = f->value;
	h->raw = f->raw;
	h->above = map_put(&m->names, h->name, h);
	*m->last = h;
	m->last = &h->next;
}

static void
add_signature(struct dkim_message *m, const struct dkim_head *h)
{
	struct dkim_read *r = &m->reads[m->nreads++];

	r->field = h;
	if (dkim_signature_parse(DKIM_FIELD, h->raw, h->value, &m->arena,
		&r->sig, &r->wrong, &r->why))
		dkim_message_want(m, r->sig.body);
}

/* Which of them is the newest is known when all sets are looked at. */
static void
want_for_arc(struct dkim_message *m, const struct dkim_head *h)
{
	struct dkim_signature sig;
	enum dkim_result result;
	const char *why;

	if (dkim_signature_parse(
		DKIM_AMS, h->raw, h->value, &m->arena, &sig, &result, &why))
		dkim_message_want(m, sig.body);
}

static void
end_header(struct dkim_message *m)
{
	struct slice head = buf_slice(&m->header);
	struct header_field f;

	m->reads = arena_alloc(
	    &m->arena, (m->limits->signatures + 1) * sizeof *m->reads);
	while (!m->too_large && header_next(&head, &f))
		add_field(m, &f);
	for (const struct dkim_head *h = m->first; h != NULL; h = h->next) {
		if (slice_is(h->name, "dkim-signature") &&
		    m->nreads < m->limits->signatures)
			add_signature(m, h);
		else if (slice_is(h->name, "arc-message-signature") &&
			 !(m->wanted[DKIM_SIMPLE] && m->wanted[DKIM_RELAXED]))
			want_for_arc(m, h);
	}
	for (int i = 0; i < DKIM_CANONS; i++)
		if (m->wanted[i])
			dkim_body_begin(&m->body[i], (enum dkim_canon)i);
	m->state = DKIM_IN_BODY;
}

/* How many bytes of BYTES are of the header, the empty line behind it included;
 * *ENDS: it ends with them. */
static size_t
scan_header(struct dkim_message *m, struct slice bytes, bool *ends)
{
	*ends = false;
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] != '\n') {
			/* a CR alone is no byte of a line: "\r\n" is empty */
			m->line += m->line > 0 || bytes.p[i] != '\r' ? 2 : 1;
			continue;
		}
		if (m->line <= 1) {
			*ends = true;
			return i + 1;
		}
		m->line = 0;
	}
	return bytes.n;
}

void
dkim_message_add(struct dkim_message *m, struct slice bytes)
{
	must(m->state != DKIM_ENDED);
	if (m->state == DKIM_IN_HEADER) {
		bool ends;
		const size_t n = scan_header(m, bytes, &ends);

		if (!m->too_large)
			buf_add(&m->header, slice_sub(bytes, 0, n));
		if (m->header.failed) {
			m->too_large = true;
			buf_fini(&m->header);
		}
		if (!ends)
			return;
		end_header(m);
		bytes = slice_from(bytes, n);
	}
	for (int i = 0; i < DKIM_CANONS; i++)
		if (m->wanted[i])
			dkim_body_add(&m->body[i], bytes);
}

void
dkim_message_end(struct dkim_message *m)
{
	if (m->state == DKIM_IN_HEADER)
		end_header(m);
	for (int i = 0; i < DKIM_CANONS; i++)
		if (m->wanted[i])
			dkim_body_end(&m->body[i], m->hash[i]);
	m->state = DKIM_ENDED;
}

/* ---- what is signed ---- */

const struct dkim_head *
dkim_message_last(const struct dkim_message *m, const char *name)
{
	return map_find(&m->names, slice_str(name));
}

/* Where the next field of a name is to be found. */
struct dkim_cursor {
	const struct dkim_head *head;
};

/* The next field of NAME from the bottom up, never the signature itself; what
 * is not there signs that it is not. */
static const struct dkim_head *
next_signed(const struct dkim_message *m, struct map *cursors, struct arena *a,
    struct slice name, struct slice own)
{
	struct dkim_cursor *c = map_find(cursors, name);
	const struct dkim_head *h;

	if (c == NULL) {
		c = arena_new(a, struct dkim_cursor);
		c->head = map_find(&m->names, name);
		map_put(cursors, name, c);
	}
	while (c->head != NULL && c->head->raw.p == own.p)
		c->head = c->head->above;
	h = c->head;
	if (h != NULL)
		c->head = h->above;
	return h;
}

void
dkim_message_input(const struct dkim_message *m, enum dkim_canon canon,
    const struct slice *names, size_t nnames, struct slice raw, struct buf *out)
{
	struct buf own = { .max = m->limits->header_bytes };
	struct map cursors;
	struct arena a;

	map_init(&cursors);
	arena_init(&a);
	for (size_t i = 0; i < nnames; i++) {
		const struct dkim_head *h =
		    next_signed(m, &cursors, &a, names[i], raw);

		if (h != NULL)
			dkim_canon_field(canon, h->raw, out);
	}
	dkim_signature_unsigned(raw, &own);
	dkim_canon_field(canon, buf_slice(&own), out);
	if (out->n >= 2)
		buf_truncate(out, out->n - 2); /* its line has no end */
	buf_fini(&own);
	map_fini(&cursors);
	arena_fini(&a);
}

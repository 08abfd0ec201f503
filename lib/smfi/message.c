/* SPDX-License-Identifier: ISC */
#include "smfi/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mime/header.h"
#include "smfi/protocol.h"

void
smfi_message_init(struct smfi_message *m, size_t body_max)
{
	*m = (struct smfi_message){ 0 };
	arena_init(&m->arena);
	buf_init(&m->body, body_max);
}

void
smfi_message_fini(struct smfi_message *m)
{
	buf_fini(&m->body);
	xfree(&m->fields);
	arena_fini(&m->arena);
}

/* Room for one more at AT. */
static struct smfi_field *
insert(struct smfi_message *m, size_t at)
{
	if (m->n == m->room) {
		m->room = m->room > 0 ? 2 * m->room : 32;
		m->fields =
		    xreallocarray(m->fields, m->room, sizeof *m->fields);
	}
	memmove(&m->fields[at + 1], &m->fields[at],
	    (m->n - at) * sizeof *m->fields);
	m->n++;
	m->fields[at] = (struct smfi_field){ 0 };
	return &m->fields[at];
}

static void delete (struct smfi_message *m, size_t at)
{
	m->n--;
	memmove(&m->fields[at], &m->fields[at + 1],
	    (m->n - at) * sizeof *m->fields);
}

/* ---- reading ---- */

static bool
is_blank(struct slice s)
{
	return s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t');
}

/* The first line of S with its end. */
static size_t
line_length(struct slice s)
{
	const size_t nl = slice_find(s, '\n');

	return nl < s.n ? nl + 1 : s.n;
}

static bool
is_empty_line(struct slice s)
{
	return slice_starts(s, SLICE("\r\n")) || slice_starts(s, SLICE("\n"));
}

void
smfi_message_read(struct smfi_message *m, struct slice header)
{
	while (header.n > 0 && !is_empty_line(header)) {
		struct smfi_field *f = insert(m, m->n);
		size_t n = line_length(header);

		f->name = header_name(slice_sub(header, 0, n));
		while (f->name.n > 0 && is_blank(slice_from(header, n)))
			n += line_length(slice_from(header, n));
		f->raw = slice_sub(header, 0, n);
		if (f->name.n > 0)
			f->value = slice_chomp(
			    slice_from(f->raw, slice_find(f->raw, ':') + 1));
		header = slice_from(header, n);
	}
}

/* ---- what filters say ---- */

bool
smfi_field_is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 33 || name.p[i] > 126 || name.p[i] == ':')
			return false;
	return name.n > 0;
}

struct slice
smfi_field_value(struct arena *a, struct slice value, bool leading)
{
	/* a line becomes longer by CR and a tab at most */
	char *out = arena_alloc(a, 3 * value.n + 2);
	size_t n = 0;

	if (!leading)
		out[n++] = ' ';
	for (bool first = true; value.n > 0; first = false) {
		struct slice line = slice_chomp(slice_cut(value, '\n', &value));

		if (line.n == 0 && !first)
			continue;
		if (!first) {
			out[n++] = '\r';
			out[n++] = '\n';
			if (!is_blank(line))
				out[n++] = '\t';
		}
		for (size_t i = 0; i < line.n; i++)
			out[n++] = line.p[i] == '\r' ? ' ' : line.p[i];
	}
	return slice_of(out, n);
}

static void
set(struct smfi_field *f, const struct smfi_change *c)
{
	f->name = c->name;
	f->value = c->value;
	f->raw = SLICE("");
}

static void
append(struct smfi_message *m, const struct smfi_change *c)
{
	struct smfi_field *f = insert(m, m->n);

	set(f, c);
	f->added = true;
}

/* Where the field stands that follows SEEN fields below those in front; m->n:
 * so many there are not. */
static size_t
behind(const struct smfi_message *m, size_t seen)
{
	size_t at = m->nfront;

	for (; at < m->n && seen > 0; at++)
		seen -= m->fields[at].name.n > 0;
	return seen > 0 ? m->n : at;
}

static void
insert_field(struct smfi_message *m, const struct smfi_change *c)
{
	size_t at;

	if (c->index <= m->nfront + 1) {
		at = c->index < m->nfront ? c->index : m->nfront;
		set(insert(m, at), c);
		m->nfront++;
		return;
	}
	at = behind(m, c->index - m->nfront - 1);
	if (at == m->n) {
		append(m, c);
		return;
	}
	set(insert(m, at), c);
	m->header_changed = true;
}

static void
change_field(struct smfi_message *m, const struct smfi_change *c)
{
	const bool gone = slice_trim(c->value).n == 0;
	uint32_t left = c->index > 0 ? c->index : 1;

	for (size_t i = 0; i < m->n; i++) {
		struct smfi_field *f = &m->fields[i];

		if (!slice_ieq(f->name, c->name) || --left > 0)
			continue;
		m->header_changed |= i >= m->nfront && !f->added;
		if (!gone) {
			set(f, c);
			return;
		}
		delete (m, i);
		m->nfront -= i < m->nfront;
		return;
	}
	if (!gone)
		append(m, c);
}

void
smfi_message_change(struct smfi_message *m, const struct smfi_change *c)
{
	if (c->code == SMFIR_ADDHEADER)
		append(m, c);
	else if (c->code == SMFIR_INSHEADER)
		insert_field(m, c);
	else if (c->code == SMFIR_CHGHEADER)
		change_field(m, c);
}

void
smfi_message_settle(struct smfi_message *m)
{
	for (size_t i = m->nfront; i < m->n; i++) {
		const struct smfi_field f = m->fields[i];

		if (!f.added)
			continue;
		delete (m, i);
		*insert(m, m->nfront) = f;
		m->fields[m->nfront++].added = false;
	}
}

/* ---- the result ---- */

static void
put_field(const struct smfi_field *f, struct buf *out)
{
	if (f->raw.n > 0)
		buf_add(out, f->raw);
	else
		buf_addf(out, "%.*s:%.*s\r\n", SLICE_FMT(f->name),
		    SLICE_FMT(f->value));
}

void
smfi_message_front(const struct smfi_message *m, struct buf *out)
{
	for (size_t i = 0; i < m->nfront; i++)
		put_field(&m->fields[i], out);
}

void
smfi_message_header(const struct smfi_message *m, struct buf *out)
{
	for (size_t i = m->nfront; i < m->n; i++)
		put_field(&m->fields[i], out);
}

void
smfi_field_shown(const struct smfi_field *f, bool leading, struct buf *out)
{
	struct slice v = f->value;

	if (!leading && v.n > 0 && v.p[0] == ' ')
		v = slice_from(v, 1);
	while (v.n > 0) {
		const size_t nl = slice_find(v, '\n');
		struct slice line = slice_sub(v, 0, nl);

		if (nl < v.n && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_add(out, line);
		if (nl < v.n)
			buf_addc(out, '\n');
		v = slice_from(v, nl + 1);
	}
}

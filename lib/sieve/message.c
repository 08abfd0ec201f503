/* SPDX-License-Identifier: ISC */
#include "sieve/message.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/word.h"

void
sieve_message_init(struct sieve_message *m, struct slice raw)
{
	const size_t n = header_length(raw);

	*m = (struct sieve_message){ .raw = raw, .body = slice_from(raw, n) };
	arena_init(&m->arena);
	sieve_message_fields(&m->arena, slice_sub(raw, 0, n), &m->fields);
}

void
sieve_message_fini(struct sieve_message *m)
{
	mime_tree_free(&m->tree);
	arena_fini(&m->arena);
	*m = (struct sieve_message){ 0 };
}

static void
make_room(struct arena *a, struct sieve_fields *f)
{
	const size_t room = f->room > 0 ? 2 * f->room : 16;
	struct sieve_field *list;

	if (f->n < f->room)
		return;
	list = arena_alloc(a, room * sizeof *list);
	if (f->n > 0)
		memcpy(list, f->list, f->n * sizeof *list);
	f->list = list;
	f->room = room;
}

/* A header without the line that ends it. */
static struct slice
without_empty_line(struct slice head)
{
	if (slice_ends(head, SLICE("\n\r\n")))
		head.n -= 2;
	else if (slice_ends(head, SLICE("\n\n")))
		head.n--;
	return head;
}

void
sieve_message_fields(
    struct arena *a, struct slice head, struct sieve_fields *out)
{
	struct header_field f;

	*out = (struct sieve_fields){ 0 };
	while (out->n < SIEVE_FIELDS_MAX && header_next(&head, &f)) {
		make_room(a, out);
		out->list[out->n++] = (struct sieve_field){
			.name = f.name, .value = f.value, .raw = f.raw
		};
	}
	if (out->n == SIEVE_FIELDS_MAX)
		out->rest = without_empty_line(head);
}

/* What a byte of a header can become in UTF-8, at most. */
enum { GROWTH = 6 };

struct slice
sieve_message_text(struct arena *a, struct sieve_field *f)
{
	struct buf b;

	if (f->text.p != NULL)
		return f->text;
	buf_init(&b, f->value.n * GROWTH + 64);
	word_decode(&b, f->value);
	f->text = slice_trim(arena_slice(a, buf_slice(&b)));
	if (f->text.p == NULL)
		f->text = SLICE("");
	buf_fini(&b);
	return f->text;
}

const struct mime_tree *
sieve_message_tree(struct sieve_message *m)
{
	if (m->tree == NULL)
		m->tree = mime_parse(m->raw, NULL);
	return m->tree;
}

/* ---- changes ---- */

static void
changed(struct sieve_message *m)
{
	m->edited = true;
	m->version++;
}

enum { LINE_MAX_BYTES = 78 };

/* VALUE in lines of a header: at blanks where it can be. */
static void
put_folded(struct buf *b, struct slice value)
{
	size_t column = b->n;

	while (value.n > 0) {
		size_t n = 1;

		while (n < value.n && value.p[n] != ' ' && value.p[n] != '\t' &&
		       value.p[n] != '\n' && value.p[n] != '\r')
			n++;
		if (value.p[0] == '\n' || value.p[0] == '\r') {
			value = slice_from(value, 1);
			continue;
		}
		if (column > 1 && column + n > LINE_MAX_BYTES &&
		    (value.p[0] == ' ' || value.p[0] == '\t')) {
			buf_adds(b, "\r\n");
			column = 0;
		}
		buf_add(b, slice_sub(value, 0, n));
		column += n;
		value = slice_from(value, n);
	}
}

static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80 ||
		    ((unsigned char)s.p[i] < ' ' &&
			memchr("\t\r\n", s.p[i], 3) == NULL))
			return false;
	return true;
}

void
sieve_message_add(
    struct sieve_message *m, struct slice name, struct slice value, bool last)
{
	struct sieve_field f = { 0 };
	struct sieve_fields *const list = &m->fields;
	struct buf b;

	value = slice_trim(value);
	buf_init(&b, 16 * (name.n + value.n) + 256);
	buf_addf(&b, "%.*s: ", SLICE_FMT(name));
	if (is_plain(value))
		put_folded(&b, value);
	else
		encode_words(&b, value);
	buf_adds(&b, "\r\n");
	f.raw = arena_slice(&m->arena, buf_slice(&b));
	f.name = slice_sub(f.raw, 0, name.n);
	f.value = slice_trim(slice_from(f.raw, name.n + 1));
	buf_fini(&b);
	make_room(&m->arena, list);
	if (!last) {
		memmove(list->list + 1, list->list, list->n * sizeof f);
		list->list[0] = f;
	} else {
		list->list[list->n] = f;
	}
	list->n++;
	changed(m);
}

void
sieve_message_delete(struct sieve_message *m, const bool *chosen)
{
	struct sieve_fields *const list = &m->fields;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!chosen[i])
			list->list[n++] = list->list[i];
	if (n == list->n)
		return;
	list->n = n;
	changed(m);
}

bool
sieve_message_patch(
    struct sieve_message *m, uint64_t off, uint64_t bytes, struct slice text)
{
	struct sieve_patch **at = &m->patches;
	struct sieve_patch *p;

	while (*at != NULL && (*at)->off + (*at)->bytes <= off)
		at = &(*at)->next;
	if (*at != NULL && (*at)->off < off)
		return false;
	/* What was put into a part of it goes with it. */
	while (*at != NULL && (*at)->off + (*at)->bytes <= off + bytes)
		*at = (*at)->next;
	p = arena_new(&m->arena, struct sieve_patch);
	*p = (struct sieve_patch){ *at, off, bytes,
		arena_slice(&m->arena, text) };
	*at = p;
	m->body_edited = true;
	changed(m);
	return true;
}

void
sieve_message_set_body(struct sieve_message *m, struct slice body)
{
	m->body = arena_slice(&m->arena, body);
	m->patches = NULL;
	m->body_edited = true;
	changed(m);
}

/* ---- the message as it is now ---- */

struct slice
sieve_message_head(struct sieve_message *m)
{
	struct slice out;
	struct buf b;
	size_t n = m->fields.rest.n + 2;

	if (!m->edited)
		return slice_sub(m->raw, 0, m->raw.n - m->body.n);
	for (size_t i = 0; i < m->fields.n; i++)
		n += m->fields.list[i].raw.n + 2;
	buf_init(&b, n);
	for (size_t i = 0; i < m->fields.n; i++) {
		const struct slice raw = m->fields.list[i].raw;

		buf_add(&b, raw);
		if (raw.n > 0 && raw.p[raw.n - 1] != '\n')
			buf_adds(&b, "\r\n");
	}
	buf_add(&b, m->fields.rest);
	buf_adds(&b, "\r\n");
	out = arena_slice(&m->arena, buf_slice(&b));
	buf_fini(&b);
	return out;
}

struct slice
sieve_message_body(struct sieve_message *m)
{
	uint64_t at = m->raw.n - m->body.n;
	struct slice out;
	struct buf b;
	size_t n = m->body.n;

	if (m->patches == NULL)
		return m->body;
	for (const struct sieve_patch *p = m->patches; p != NULL; p = p->next)
		n += p->text.n;
	buf_init(&b, n);
	for (const struct sieve_patch *p = m->patches; p != NULL; p = p->next) {
		buf_add(&b, slice_sub(m->raw, at, p->off - at));
		buf_add(&b, p->text);
		at = p->off + p->bytes;
	}
	buf_add(&b, slice_from(m->raw, at));
	out = arena_slice(&m->arena, buf_slice(&b));
	buf_fini(&b);
	return out;
}

struct slice
sieve_message_whole(struct sieve_message *m)
{
	struct slice head, body, out;
	struct buf b;

	if (!m->edited)
		return m->raw;
	head = sieve_message_head(m);
	body = sieve_message_body(m);
	buf_init(&b, head.n + body.n + 1);
	buf_add(&b, head);
	buf_add(&b, body);
	out = arena_slice(&m->arena, buf_slice(&b));
	buf_fini(&b);
	return out;
}

/* ---- its size ---- */

static uint64_t
size_of(struct slice s)
{
	uint64_t n = s.n;

	for (size_t i = 0; i < s.n; i++) {
		i += slice_find(slice_from(s, i), '\n');
		n += i < s.n && (i == 0 || s.p[i - 1] != '\r');
	}
	return n;
}

uint64_t
sieve_message_size(struct sieve_message *m)
{
	return m->edited ? size_of(sieve_message_head(m)) +
			       size_of(sieve_message_body(m))
			 : size_of(m->raw);
}

/* SPDX-License-Identifier: ISC */
/* The time as eight bytes (little-endian), then a record as the index has it.
 */
#include "mime/wire.h"

#include "base/buf.h"
#include "base/cur.h"
#include "mime/fields.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/record.h"

enum {
	SENT_BYTES = 8,
	LINE_END = 2, /* its CRLF */
};

/* ---- writing ---- */

static bool
has_only_crlf(const struct mime_part *p)
{
	return p->header.bytes == p->header.crlf_bytes &&
	       p->body.bytes == p->body.crlf_bytes;
}

/* False where P, or a part in it, cannot be passed on. */
static bool
strip(struct mime_part *p)
{
	if (p->opaque || !has_only_crlf(p))
		return false;
	p->header.lines = p->body.lines = 0;
	for (struct mime_part *c = p->child; c != NULL; c = c->next)
		if (!strip(c))
			return false;
	return true;
}

static bool
put_record(struct buf *b, const struct mime_tree *t)
{
	const uint64_t sent = (uint64_t)mime_record_sent(t->root->envelope);

	buf_reset(b);
	for (unsigned shift = 0; shift < 8 * SENT_BYTES; shift += 8)
		buf_addc(b, (char)(sent >> shift & 0xff));
	mime_record_put(b, t);
	return !b->failed;
}

bool
mime_wire_put(struct buf *out, struct mime_tree *t)
{
	struct buf b = { .max = MIME_WIRE_MAX };
	bool ok = strip(t->root);

	if (ok && !put_record(&b, t)) {
		t->fields = (struct slice){ NULL, 0 };
		ok = put_record(&b, t);
	}
	if (ok)
		buf_add(out, buf_slice(&b));
	buf_fini(&b);
	return ok;
}

/* ---- reading: an ENVELOPE (RFC 9051 9, envelope) ---- */

/* string; the bytes that stand for themselves in a quoted one are 7 bits, no
 * CR, LF or NUL. */
static void
read_string(struct cur *c)
{
	struct slice s;
	int b;

	if (cur_try_byte(c, '{')) {
		const uint64_t n = cur_u64(c, cur_left(c));

		cur_lit(c, "}\r\n");
		s = cur_take(c, (size_t)n);
		if (slice_find(s, '\0') < s.n)
			cur_fail(c);
		return;
	}
	cur_lit(c, "\"");
	while ((b = cur_byte(c)) != '"' && cur_ok(c)) {
		if (b == '\\' && cur_peek(c) != '"' && cur_peek(c) != '\\')
			cur_fail(c);
		if (b == '\\')
			b = cur_byte(c);
		if (b <= 0 || b > 0x7f || b == '\r' || b == '\n')
			cur_fail(c);
	}
}

static void
read_nstring(struct cur *c)
{
	if (!cur_try(c, "NIL"))
		read_string(c);
}

/* "(" 1*("(" nstring SP nstring SP nstring SP nstring ")") ")" / nil */
static void
read_addresses(struct cur *c)
{
	if (cur_try(c, "NIL"))
		return;
	cur_lit(c, "(");
	do {
		for (int i = 0; i < 4; i++) {
			cur_lit(c, i == 0 ? "(" : " ");
			read_nstring(c);
		}
		cur_lit(c, ")");
	} while (cur_peek(c) == '(');
	cur_lit(c, ")");
}

/* date, subject, six lists of addresses, in-reply-to, message-id */
static bool
is_envelope(struct slice text)
{
	struct cur c = cur_of(text);

	for (int i = 0; i < 10; i++) {
		cur_lit(&c, i == 0 ? "(" : " ");
		if (i >= 2 && i < 8)
			read_addresses(&c);
		else
			read_nstring(&c);
	}
	cur_lit(&c, ")");
	return cur_end(&c);
}

/* ---- reading: the parts ---- */

static bool
has_names(const struct param *p)
{
	for (; p != NULL; p = p->next)
		if (p->name.n == 0)
			return false;
	return true;
}

static uint64_t
end_of(const struct mime_part *p)
{
	return p->body.off + p->body.bytes;
}

/* P, which may not begin before FROM and must end by TO, and all in it.  What a
 * part holds may end behind it by the line end that belongs to the boundary,
 * when it is a header without an empty line. */
static bool
is_part(const struct mime_part *p, uint64_t from, uint64_t to)
{
	const bool message =
	    p->parent == NULL || p->parent->kind == MIME_MESSAGE;

	if (p->opaque || !has_only_crlf(p) || p->header.lines > 0 ||
	    p->body.lines > 0 || p->header.off < from || end_of(p) > to ||
	    p->kind != mime_kind_of(p->type, p->subtype) ||
	    !has_names(p->params) || !has_names(p->disposition_params) ||
	    !has_names(p->languages) || (message && !is_envelope(p->envelope)))
		return false;
	from = p->body.off;
	if (end_of(p) + LINE_END < to)
		to = end_of(p) + LINE_END;
	for (const struct mime_part *c = p->child; c != NULL; c = c->next) {
		if (!is_part(c, from, to))
			return false;
		from = end_of(c);
	}
	return true;
}

/* Is it what would have been written? */
static bool
is_same(const struct mime_tree *t, struct slice record)
{
	struct buf b = { .max = MIME_WIRE_MAX };
	bool same;

	mime_record_put(&b, t);
	same = !b.failed && slice_eq(buf_slice(&b), record);
	buf_fini(&b);
	return same;
}

struct mime_tree *
mime_wire_get(struct slice text, int64_t size, int64_t *sent_s)
{
	const struct slice record = slice_from(text, SENT_BYTES);
	uint64_t sent = 0;
	struct mime_tree *t;

	if (text.n < SENT_BYTES || text.n > MIME_WIRE_MAX)
		return NULL;
	for (unsigned i = SENT_BYTES; i > 0; i--)
		sent = sent << 8 | (unsigned char)text.p[i - 1];
	*sent_s = (int64_t)sent;
	t = mime_record_tree(record);
	if (t != NULL &&
	    (t->root->header.off != 0 || end_of(t->root) != (uint64_t)size ||
		!is_part(t->root, 0, (uint64_t)size) ||
		!mime_fields_check(t->fields) || !is_same(t, record)))
		mime_tree_free(&t);
	return t;
}

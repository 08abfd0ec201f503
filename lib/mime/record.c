/* SPDX-License-Identifier: ISC */
#include "mime/record.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "mime/date.h"
#include "mime/part.h"

/* version byte, u32 length of the envelope (little-endian), envelope, tree */
enum { RECORD_VERSION = 1, RECORD_HEAD = 5 };

void
mime_record_put(struct buf *out, const struct mime_tree *t)
{
	const size_t n = t->root->envelope.n;

	buf_addc(out, RECORD_VERSION);
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_addc(out, (char)(n >> shift & 0xff));
	buf_add(out, t->root->envelope);
	mime_tree_put(out, t);
}

bool
mime_record_envelope(struct slice blob, struct slice *envelope)
{
	size_t n = 0;

	if (blob.n < RECORD_HEAD || blob.p[0] != RECORD_VERSION)
		return false;
	for (unsigned i = 0; i < 4; i++)
		n |= (size_t)(unsigned char)blob.p[1 + i] << (8 * i);
	if (n > blob.n - RECORD_HEAD)
		return false;
	*envelope = slice_sub(blob, RECORD_HEAD, n);
	return true;
}

struct mime_tree *
mime_record_tree(struct slice blob)
{
	struct slice envelope;
	struct mime_tree *t;

	if (!mime_record_envelope(blob, &envelope))
		return NULL;
	t = mime_tree_get(slice_from(blob, RECORD_HEAD + envelope.n));
	if (t != NULL)
		t->root->envelope = envelope;
	return t;
}

/* nstring of a rendered envelope; p == NULL is NIL. */
static struct slice
read_nstring(struct arena *a, struct cur *c)
{
	struct buf b;
	struct slice s;

	if (cur_try(c, "NIL"))
		return (struct slice){ NULL, 0 };
	if (cur_try_byte(c, '{')) {
		const uint64_t n = cur_u64(c, cur_left(c));

		cur_lit(c, "}\r\n");
		return cur_take(c, (size_t)n);
	}
	cur_lit(c, "\"");
	buf_init(&b, cur_left(c));
	while (cur_left(c) > 0 && cur_peek(c) != '"') {
		cur_try_byte(c, '\\');
		buf_addc(&b, (char)cur_byte(c));
	}
	cur_lit(c, "\"");
	s = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return s;
}

/* "(" name SP adl SP mailbox SP host ")" behind its parenthesis */
static void
read_address(struct arena *a, struct cur *c, struct buf *out)
{
	struct slice part[4];

	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			cur_lit(c, " ");
		part[i] = read_nstring(a, c);
	}
	cur_lit(c, ")");
	if (!cur_ok(c) || part[2].p == NULL)
		return;
	if (out->n > 0)
		buf_adds(out, ", ");
	buf_add(out, part[0]);
	buf_adds(out, part[0].n > 0 && part[3].p != NULL ? " <" : "");
	buf_add(out, part[2]);
	if (part[3].p != NULL) {
		buf_addc(out, '@');
		buf_add(out, part[3]);
		buf_adds(out, part[0].n > 0 ? ">" : "");
	}
}

static struct slice
read_addresses(struct arena *a, struct cur *c)
{
	struct buf b;
	struct slice s;

	if (cur_try(c, "NIL"))
		return (struct slice){ NULL, 0 };
	buf_init(&b, cur_left(c) + 8);
	cur_lit(c, "(");
	while (cur_try_byte(c, '('))
		read_address(a, c, &b);
	cur_lit(c, ")");
	s = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return s;
}

bool
mime_record_fields(
    struct arena *a, struct slice envelope, struct mime_envelope *e)
{
	struct slice *const lists[] = { &e->from, &e->sender, &e->reply_to,
		&e->to, &e->cc, &e->bcc };
	struct cur c = cur_of(envelope);

	cur_lit(&c, "(");
	e->date = read_nstring(a, &c);
	cur_lit(&c, " ");
	e->subject = read_nstring(a, &c);
	for (size_t i = 0; i < 6; i++) {
		cur_lit(&c, " ");
		*lists[i] = read_addresses(a, &c);
	}
	cur_lit(&c, " ");
	e->in_reply_to = read_nstring(a, &c);
	cur_lit(&c, " ");
	e->message_id = read_nstring(a, &c);
	cur_lit(&c, ")");
	return cur_end(&c);
}

int64_t
mime_record_sent(struct slice envelope)
{
	struct cur c = cur_of(envelope);
	struct arena a;
	struct slice s;
	struct date d = { 0 };

	arena_init(&a);
	cur_lit(&c, "(");
	s = read_nstring(&a, &c);
	if (!cur_ok(&c) || !date_parse(s, &d))
		d.time_s = 0;
	arena_fini(&a);
	return d.time_s;
}

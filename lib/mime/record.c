/* SPDX-License-Identifier: ISC */
#include "mime/record.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "mime/date.h"
#include "mime/part.h"

/* Version byte, lengths of the envelope and of the fields (u32, little-endian),
 * envelope, fields, tree. */
enum { RECORD_VERSION = 2, LENGTH_BYTES = 4, RECORD_HEAD = 9 };

struct sections {
	struct slice envelope;
	struct slice fields;
	struct slice tree;
};

static void
put_length(struct buf *out, size_t n)
{
	for (unsigned shift = 0; shift < 8 * LENGTH_BYTES; shift += 8)
		buf_addc(out, (char)(n >> shift & 0xff));
}

static size_t
get_length(const char *p)
{
	size_t n = 0;

	for (unsigned i = 0; i < LENGTH_BYTES; i++)
		n |= (size_t)(unsigned char)p[i] << (8 * i);
	return n;
}

void
mime_record_put(struct buf *out, const struct mime_tree *t)
{
	buf_addc(out, RECORD_VERSION);
	put_length(out, t->root->envelope.n);
	put_length(out, t->fields.n);
	buf_add(out, t->root->envelope);
	buf_add(out, t->fields);
	mime_tree_put(out, t);
}

static bool
split(struct slice blob, struct sections *s)
{
	size_t envelope, fields;

	if (blob.n < RECORD_HEAD || blob.p[0] != RECORD_VERSION)
		return false;
	envelope = get_length(blob.p + 1);
	fields = get_length(blob.p + 1 + LENGTH_BYTES);
	blob = slice_from(blob, RECORD_HEAD);
	if (envelope > blob.n || fields > blob.n - envelope)
		return false;
	s->envelope = slice_sub(blob, 0, envelope);
	s->fields = slice_sub(blob, envelope, fields);
	s->tree = slice_from(blob, envelope + fields);
	return true;
}

bool
mime_record_envelope(struct slice blob, struct slice *envelope)
{
	struct sections s;

	if (!split(blob, &s))
		return false;
	*envelope = s.envelope;
	return true;
}

bool
mime_record_header(struct slice blob, struct slice *fields)
{
	struct sections s;

	if (!split(blob, &s))
		return false;
	*fields = s.fields;
	return true;
}

struct mime_tree *
mime_record_tree(struct slice blob)
{
	struct sections s;
	struct mime_tree *t;

	if (!split(blob, &s))
		return NULL;
	t = mime_tree_get(s.tree);
	if (t == NULL)
		return NULL;
	t->root->envelope = s.envelope;
	t->fields = s.fields;
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

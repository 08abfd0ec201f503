/* SPDX-License-Identifier: ISC */
/*
 * The bits of the fields that are known (eight bytes, little-endian), a byte
 * that says whether the header has an empty line, then each field in its place:
 * its number, its length (two bytes), its bytes with all line ends.
 */
#include "mime/fields.h"

#include "base/mem.h"
#include "mime/header.h"

enum { MASK_BYTES = 8, HEAD_BYTES = 9, ENTRY_BYTES = 3 };

/*
 * What Thunderbird, Roundcube, Apple Mail, mutt, K-9, Evolution, KMail and
 * mbsync ask for of each message.  A number is a place here: new ones come at
 * the end. None that is put on top of a message when it is delivered
 * (local/trace.h).
 */
/* clang-format off */
static const struct slice names[] = {
	SLICE("Date"), SLICE("From"), SLICE("To"), SLICE("Cc"), SLICE("Bcc"),
	SLICE("Subject"), SLICE("Sender"), SLICE("Reply-To"),
	SLICE("Message-ID"), SLICE("In-Reply-To"), SLICE("References"),
	SLICE("Content-Type"), SLICE("Content-Transfer-Encoding"),
	SLICE("Content-Disposition"), SLICE("Content-Description"),
	SLICE("Content-Language"), SLICE("Content-Class"),
	SLICE("MIME-Version"), SLICE("Newsgroups"), SLICE("Followup-To"),
	SLICE("Lines"), SLICE("Keywords"), SLICE("Comments"),
	SLICE("Organization"), SLICE("Priority"), SLICE("X-Priority"),
	SLICE("X-MSMail-Priority"), SLICE("Importance"), SLICE("Precedence"),
	SLICE("Auto-Submitted"), SLICE("List-Id"), SLICE("List-Post"),
	SLICE("List-Help"), SLICE("List-Subscribe"), SLICE("List-Unsubscribe"),
	SLICE("List-Unsubscribe-Post"), SLICE("List-Archive"),
	SLICE("List-Owner"), SLICE("Mail-Followup-To"), SLICE("Mail-Reply-To"),
	SLICE("Disposition-Notification-To"), SLICE("Return-Receipt-To"),
	SLICE("Resent-Date"), SLICE("Resent-From"), SLICE("Resent-To"),
	SLICE("X-Original-To"), SLICE("X-Mailer"), SLICE("User-Agent"),
	SLICE("X-Label"), SLICE("X-Keywords"), SLICE("X-Status"),
	SLICE("X-Spam-Flag"), SLICE("X-Spam-Status"), SLICE("X-Spam-Level"),
	SLICE("X-Draft-Info"), SLICE("X-TUID"), SLICE("X-Forwarded-Message-Id"),
	SLICE("X-Uniform-Type-Identifier"),
	SLICE("X-Universally-Unique-Identifier"), SLICE("X-Evolution-Source"),
	SLICE("X-Calendar-Attachment"), SLICE("Thread-Topic"),
};
/* clang-format on */

enum { COUNT = ARRAY_LEN(names) };

static const uint64_t all = UINT64_MAX >> (64 - COUNT);

static uint64_t
bit(int id)
{
	return (uint64_t)1 << id;
}

int
mime_fields_id(struct slice name)
{
	for (int i = 0; i < COUNT; i++)
		if (name.n == names[i].n && slice_ieq(name, names[i]))
			return i;
	return -1;
}

bool
mime_fields_mask(const struct slice *wanted, size_t n, uint64_t *mask)
{
	*mask = 0;
	for (size_t i = 0; i < n; i++) {
		const int id = mime_fields_id(wanted[i]);

		if (id == -1)
			return false;
		*mask |= bit(id);
	}
	return true;
}

static uint64_t
known(struct slice fields)
{
	uint64_t v = 0;

	if (fields.n < HEAD_BYTES)
		return 0;
	for (unsigned i = 0; i < MASK_BYTES; i++)
		v |= (uint64_t)(unsigned char)fields.p[i] << (8 * i);
	return v;
}

/* Take the next one off *REST; false at the end, or where it is damaged (then
 * *REST is not empty). */
static bool
next(struct slice *rest, int *id, struct slice *raw)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t n;

	if (rest->n < ENTRY_BYTES)
		return false;
	n = (size_t)p[1] | (size_t)p[2] << 8;
	if (p[0] >= COUNT || n == 0 || n > rest->n - ENTRY_BYTES)
		return false;
	*id = p[0];
	*raw = slice_of(rest->p + ENTRY_BYTES, n);
	*rest = slice_of(rest->p + ENTRY_BYTES + n, rest->n - ENTRY_BYTES - n);
	return true;
}

bool
mime_fields_knows(struct slice fields, uint64_t mask)
{
	struct slice rest = slice_from(fields, HEAD_BYTES);
	struct slice raw;
	int id;

	if ((known(fields) & mask) != mask)
		return false;
	while (next(&rest, &id, &raw))
		;
	return rest.n == 0;
}

bool
mime_fields_get(struct slice fields, uint64_t mask, struct buf *out)
{
	struct slice rest = slice_from(fields, HEAD_BYTES);
	struct slice raw;
	int id;

	if (!mime_fields_knows(fields, mask))
		return false;
	while (next(&rest, &id, &raw))
		if ((mask & bit(id)) != 0)
			buf_add(out, raw);
	if (fields.p[MASK_BYTES] != 0)
		buf_adds(out, "\r\n");
	return true;
}

static struct slice
value_of(struct slice raw)
{
	struct header_field f = { 0 };

	(void)header_next(&raw, &f);
	return f.value;
}

bool
mime_fields_first(struct slice fields, int id, struct slice *value)
{
	struct slice rest = slice_from(fields, HEAD_BYTES);
	struct slice raw;
	int at;

	*value = (struct slice){ NULL, 0 };
	if (id < 0 || (known(fields) & bit(id)) == 0)
		return false;
	while (next(&rest, &at, &raw))
		if (at == id) {
			*value = value_of(raw);
			return value->p != NULL;
		}
	return rest.n == 0;
}

/* One field called as its number says, in lines that end in CRLF. */
static bool
is_field(int id, struct slice raw)
{
	struct slice rest = raw;
	struct header_field f;

	if (raw.n > MIME_FIELD_MAX || slice_find(raw, '\0') < raw.n ||
	    !slice_ends(raw, SLICE("\r\n")) || !header_next(&rest, &f) ||
	    f.raw.n != raw.n || !slice_ieq(f.name, names[id]))
		return false;
	for (rest = raw; rest.n > 0;) {
		const size_t at = slice_find(rest, '\n');

		if (at == 0 || rest.p[at - 1] != '\r')
			return false;
		rest = slice_from(rest, at + 1);
	}
	return true;
}

bool
mime_fields_check(struct slice fields)
{
	struct slice rest = slice_from(fields, HEAD_BYTES);
	const uint64_t mask = known(fields);
	struct slice raw;
	int id;

	if (fields.n == 0)
		return true;
	if (fields.n < HEAD_BYTES || fields.n > MIME_FIELDS_MAX ||
	    (mask & ~all) != 0 || (unsigned char)fields.p[MASK_BYTES] > 1)
		return false;
	while (next(&rest, &id, &raw))
		if ((mask & bit(id)) == 0 || !is_field(id, raw))
			return false;
	return rest.n == 0;
}

/* ---- collecting ---- */

void
mime_fields_begin(struct mime_fields_take *t)
{
	*t = (struct mime_fields_take){ .id = -1 };
	buf_init(&t->text, MIME_FIELDS_MAX - HEAD_BYTES);
}

void
mime_fields_end(struct mime_fields_take *t)
{
	buf_fini(&t->text);
}

static void
lose(struct mime_fields_take *t)
{
	t->lost |= bit(t->id);
	t->id = -1;
	t->text.failed = false;
	buf_truncate(&t->text, t->from);
}

/* The field that was being read is whole. */
static void
close_field(struct mime_fields_take *t)
{
	size_t n;

	if (t->id == -1)
		return;
	if (t->text.p[t->text.n - 1] != '\n')
		buf_adds(&t->text, "\r\n");
	n = t->text.n - t->from - ENTRY_BYTES;
	if (t->text.failed || n > MIME_FIELD_MAX) {
		lose(t);
		return;
	}
	t->text.p[t->from + 1] = (char)(n & 0xff);
	t->text.p[t->from + 2] = (char)(n >> 8);
	t->id = -1;
}

void
mime_fields_line(struct mime_fields_take *t, struct slice name)
{
	char head[ENTRY_BYTES] = { 0 };
	int id;

	close_field(t);
	id = mime_fields_id(name);
	if (id == -1 || (t->lost & bit(id)) != 0)
		return;
	t->id = id;
	t->from = t->text.n;
	head[0] = (char)id;
	buf_add(&t->text, slice_of(head, sizeof head));
	if (t->text.failed)
		lose(t);
}

static void
add_line(struct buf *out, struct slice s)
{
	while (s.n > 0) {
		const size_t at = slice_find(s, '\0');

		buf_add(out, slice_sub(s, 0, at));
		if (at < s.n)
			buf_addc(out, '\x80');
		s = slice_from(s, at + 1);
	}
}

void
mime_fields_add(struct mime_fields_take *t, struct slice bytes)
{
	while (t->id != -1 && bytes.n > 0) {
		const size_t at = slice_find(bytes, '\n');
		struct buf *out = &t->text;

		add_line(out, slice_sub(bytes, 0, at));
		if (at < bytes.n)
			buf_adds(out, out->n > 0 && out->p[out->n - 1] == '\r'
					  ? "\n"
					  : "\r\n");
		if (out->failed ||
		    out->n - t->from > MIME_FIELD_MAX + ENTRY_BYTES)
			lose(t);
		bytes = slice_from(bytes, at + 1);
	}
}

void
mime_fields_give_up(struct mime_fields_take *t)
{
	t->lost = all;
	t->id = -1;
	buf_reset(&t->text);
}

/* Those that were lost behind their first field do not stay. */
static void
put_entries(struct buf *out, struct slice text, uint64_t lost)
{
	struct slice rest = text, raw;
	int id;

	while (next(&rest, &id, &raw))
		if ((lost & bit(id)) == 0)
			buf_add(out,
			    slice_of(raw.p - ENTRY_BYTES, raw.n + ENTRY_BYTES));
}

void
mime_fields_finish(struct mime_fields_take *t, bool empty, struct buf *out)
{
	uint64_t mask;

	close_field(t);
	mask = all & ~t->lost;
	for (unsigned i = 0; i < MASK_BYTES; i++)
		buf_addc(out, (char)(mask >> (8 * i) & 0xff));
	buf_addc(out, empty ? 1 : 0);
	put_entries(out, buf_slice(&t->text), t->lost);
	mime_fields_end(t);
}

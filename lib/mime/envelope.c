/* SPDX-License-Identifier: ISC */
#include "mime/envelope.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mime/addrlist.h"
#include "mime/header.h"
#include "mime/imap_string.h"

enum {
	E_DATE,
	E_SUBJECT,
	E_FROM,
	E_SENDER,
	E_REPLY_TO,
	E_TO,
	E_CC,
	E_BCC,
	E_IN_REPLY_TO,
	E_MESSAGE_ID,
	E_COUNT
};

/* In the order of the envelope.  ELSE: whose addresses stand in. */
/* clang-format off */
static const struct {
	struct slice name;
	bool addresses;
	int instead;
} fields[E_COUNT] = {
	[E_DATE] =        { SLICE("Date"),        false, -1 },
	[E_SUBJECT] =     { SLICE("Subject"),     false, -1 },
	[E_FROM] =        { SLICE("From"),        true,  -1 },
	[E_SENDER] =      { SLICE("Sender"),      true,  E_FROM },
	[E_REPLY_TO] =    { SLICE("Reply-To"),    true,  E_FROM },
	[E_TO] =          { SLICE("To"),          true,  -1 },
	[E_CC] =          { SLICE("Cc"),          true,  -1 },
	[E_BCC] =         { SLICE("Bcc"),         true,  -1 },
	[E_IN_REPLY_TO] = { SLICE("In-Reply-To"), false, -1 },
	[E_MESSAGE_ID] =  { SLICE("Message-ID"),  false, -1 },
};
/* clang-format on */

static int
field_index(struct slice name)
{
	for (int i = 0; i < E_COUNT; i++)
		if (name.n == fields[i].name.n &&
		    slice_ieq(name, fields[i].name))
			return i;
	return -1;
}

bool
mime_envelope_wants(struct slice name)
{
	return field_index(name) != -1;
}

static void
put_text(struct buf *out, struct slice value)
{
	struct buf b;

	if (value.p == NULL) {
		buf_adds(out, "NIL");
		return;
	}
	buf_init(&b, value.n + 1);
	header_unfold(&b, value);
	imap_put_string(out, buf_slice(&b));
	buf_fini(&b);
}

/* address: a group begins (NIL NIL name NIL), ends (NIL NIL NIL NIL) */
static void
put_address(struct buf *out, const struct addrlist_item *a)
{
	buf_addc(out, '(');
	imap_put_nstring(out, a->name);
	buf_addc(out, ' ');
	imap_put_nstring(out, a->route);
	buf_addc(out, ' ');
	imap_put_nstring(out, a->mailbox);
	buf_addc(out, ' ');
	imap_put_nstring(out, a->host);
	buf_addc(out, ')');
}

/* False, and nothing written, when there is no address. */
static bool
put_addresses(struct buf *out, struct slice value, size_t max)
{
	struct addrlist_item *list;
	struct arena arena;

	arena_init(&arena);
	list = addrlist_parse(&arena, value, max);
	if (list != NULL)
		buf_addc(out, '(');
	for (const struct addrlist_item *a = list; a != NULL; a = a->next)
		put_address(out, a);
	if (list != NULL)
		buf_addc(out, ')');
	arena_fini(&arena);
	return list != NULL;
}

/* What stands in OUT from FROM to TO, once more. */
static void
put_again(struct buf *out, size_t from, size_t to)
{
	char *at = buf_room(out, to - from);

	if (at == NULL)
		return;
	memcpy(at, out->p + from, to - from);
	buf_added(out, to - from);
}

/* WHERE the fields up to I begin in OUT. */
static void
put_field(struct buf *out, const struct slice *values, const size_t *where,
    int i, size_t max)
{
	const int instead = fields[i].instead;

	if (!fields[i].addresses) {
		put_text(out, values[i]);
		return;
	}
	if (put_addresses(out, values[i], max))
		return;
	if (instead == -1)
		buf_adds(out, "NIL");
	else /* it ends before the blank of the next */
		put_again(out, where[instead], where[instead + 1] - 1);
}

/* Of a field that stands twice the first counts. */
void
mime_put_envelope(struct buf *out, struct slice header, size_t max)
{
	struct slice values[E_COUNT] = { { NULL, 0 } };
	struct header_field f;
	size_t where[E_COUNT];

	while (header_next(&header, &f)) {
		const int i = field_index(f.name);

		if (i != -1 && values[i].p == NULL)
			values[i] = f.value;
	}
	for (int i = 0; i < E_COUNT; i++) {
		buf_addc(out, i == 0 ? '(' : ' ');
		where[i] = out->n;
		put_field(out, values, where, i, max);
	}
	buf_addc(out, ')');
}

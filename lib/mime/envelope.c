/* SPDX-License-Identifier: ISC */
#include "mime/envelope.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
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
	const char *name;
	bool addresses;
	int instead;
} fields[E_COUNT] = {
	[E_DATE] =        { "Date",        false, -1 },
	[E_SUBJECT] =     { "Subject",     false, -1 },
	[E_FROM] =        { "From",        true,  -1 },
	[E_SENDER] =      { "Sender",      true,  E_FROM },
	[E_REPLY_TO] =    { "Reply-To",    true,  E_FROM },
	[E_TO] =          { "To",          true,  -1 },
	[E_CC] =          { "Cc",          true,  -1 },
	[E_BCC] =         { "Bcc",         true,  -1 },
	[E_IN_REPLY_TO] = { "In-Reply-To", false, -1 },
	[E_MESSAGE_ID] =  { "Message-ID",  false, -1 },
};
/* clang-format on */

static int
field_index(struct slice name)
{
	for (int i = 0; i < E_COUNT; i++)
		if (slice_iis(name, fields[i].name))
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

static void
put_field(struct buf *out, const struct slice *values, int i, size_t max)
{
	if (!fields[i].addresses) {
		put_text(out, values[i]);
		return;
	}
	if (put_addresses(out, values[i], max))
		return;
	if (fields[i].instead == -1 ||
	    !put_addresses(out, values[fields[i].instead], max))
		buf_adds(out, "NIL");
}

/* Of a field that stands twice the first counts. */
void
mime_put_envelope(struct buf *out, struct slice header, size_t max)
{
	struct slice values[E_COUNT] = { { NULL, 0 } };
	struct header_field f;

	while (header_next(&header, &f)) {
		const int i = field_index(f.name);

		if (i != -1 && values[i].p == NULL)
			values[i] = f.value;
	}
	for (int i = 0; i < E_COUNT; i++) {
		buf_addc(out, i == 0 ? '(' : ' ');
		put_field(out, values, i, max);
	}
	buf_addc(out, ')');
}

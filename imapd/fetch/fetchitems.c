/* SPDX-License-Identifier: ISC */
#include "imapd/fetch/fetchitems.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/parse/section.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/update.h"
#include "mailread/mailread.h"
#include "mime/date.h"
#include "mime/imap.h"
#include "mime/imap_string.h"
#include "mime/part.h"
#include "mime/record.h"
#include "proto/objectid.h"

static void
put_uid(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "UID ");
	buf_addu(imapd_out(s), m->info.uid);
}

static void
put_flags(struct session *s, const struct mailread *m)
{
	imapd_put_message_flags(s, &m->info);
}

static void
put_date(struct session *s, const struct mailread *m)
{
	const struct date d = { .time_s = m->info.date_s };

	buf_adds(imapd_out(s), "INTERNALDATE \"");
	date_put_imap(imapd_out(s), &d);
	buf_addc(imapd_out(s), '"');
}

/* Not known of what another program has put there. */
static void
put_savedate(struct session *s, const struct mailread *m)
{
	const struct date d = { .time_s = m->info.saved_s };

	buf_adds(imapd_out(s), "SAVEDATE ");
	if (m->info.saved_s == 0) {
		buf_adds(imapd_out(s), "NIL");
		return;
	}
	buf_addc(imapd_out(s), '"');
	date_put_imap(imapd_out(s), &d);
	buf_addc(imapd_out(s), '"');
}

static void
put_emailid(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "EMAILID (");
	objectid_put_email(imapd_out(s), m->info.email_id);
	buf_addc(imapd_out(s), ')');
}

static void
put_threadid(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "THREADID (");
	objectid_put_thread(imapd_out(s), m->thread_id);
	buf_addc(imapd_out(s), ')');
}

/* It can always be made; LAZY needs no other answer (RFC 8970 3.2). */
static void
put_preview(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "PREVIEW ");
	if (m->previewed)
		imap_put_string(imapd_out(s), buf_slice(&m->preview));
	else
		buf_adds(imapd_out(s), "NIL");
}

static void
put_size(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "RFC822.SIZE ");
	buf_addu(imapd_out(s), (uint64_t)m->info.vsize);
}

static void
put_modseq(struct session *s, const struct mailread *m)
{
	imapd_put_modseq(s, &m->info);
}

static void
put_envelope(struct session *s, const struct mailread *m)
{
	struct slice envelope = { NULL, 0 };

	if (m->tree != NULL)
		envelope = m->tree->root->envelope;
	else
		(void)mime_record_envelope(mailread_kept(m), &envelope);
	buf_adds(imapd_out(s), "ENVELOPE ");
	buf_add(imapd_out(s), envelope);
}

static void
put_body(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "BODY ");
	imap_put_body(imapd_out(s), m->tree->root, false);
}

static void
put_bodystructure(struct session *s, const struct mailread *m)
{
	buf_adds(imapd_out(s), "BODYSTRUCTURE ");
	imap_put_body(imapd_out(s), m->tree->root, true);
}

/* clang-format off */
static const struct {
	unsigned item;  /* enum fetch_item */
	unsigned needs; /* enum fetch_needs */
	void (*put)(struct session *s, const struct mailread *m);
} items_known[] = {
	{ FETCH_UID,           FETCH_NEEDS_INFO,   put_uid },
	{ FETCH_FLAGS,         FETCH_NEEDS_INFO,   put_flags },
	{ FETCH_INTERNALDATE,  FETCH_NEEDS_INFO,   put_date },
	{ FETCH_SIZE,          FETCH_NEEDS_INFO,   put_size },
	{ FETCH_ENVELOPE,      FETCH_NEEDS_RECORD, put_envelope },
	{ FETCH_BODY,          FETCH_NEEDS_TREE,   put_body },
	{ FETCH_BODYSTRUCTURE, FETCH_NEEDS_TREE,   put_bodystructure },
	{ FETCH_SAVEDATE,      FETCH_NEEDS_INFO,   put_savedate },
	{ FETCH_EMAILID,       FETCH_NEEDS_INFO,   put_emailid },
	{ FETCH_THREADID,      FETCH_NEEDS_THREAD, put_threadid },
	{ FETCH_PREVIEW,       FETCH_NEEDS_PREVIEW, put_preview },
	{ FETCH_MODSEQ,        FETCH_NEEDS_INFO,   put_modseq },
};
/* clang-format on */

unsigned
imapd_fetch_needs(unsigned items)
{
	unsigned needs = FETCH_NEEDS_INFO;

	for (size_t i = 0; i < ARRAY_LEN(items_known); i++)
		if ((items & items_known[i].item) != 0)
			needs |= items_known[i].needs;
	return needs;
}

bool
imapd_put_fetch_items(
    struct session *s, const struct mailread *m, unsigned items)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(items_known); i++) {
		if ((items & items_known[i].item) == 0)
			continue;
		if (any)
			buf_addc(imapd_out(s), ' ');
		items_known[i].put(s, m);
		any = true;
	}
	return any;
}

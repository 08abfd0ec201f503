/* SPDX-License-Identifier: ISC */
/* The message of an event. */
#include "imapd/parse/flags.h"
#include "imapd/script/event.h"
#include "imapd/script/inner.h"
#include "mailread/body.h"
#include "store/mailbox.h"

enum { TEXT_MAX = 1 << 20 /* larger ones sieverun reads from the file */ };

static int
read_text(struct event_run *r, struct err *err)
{
	const struct mime_span span = { .bytes = (uint64_t)r->info.size,
		.crlf_bytes = (uint64_t)r->info.vsize };
	struct body b;

	r->source = (struct pieced_source){ .fd = r->fd };
	if (r->info.vsize > TEXT_MAX)
		return 0;
	buf_init(&r->text, TEXT_MAX + 1024);
	body_init(&b, r->fd, &span, 0, UINT64_MAX);
	b.keep_nul = true;
	while (b.left > 0)
		if (body_write(&b, &r->text, err) == -1)
			return -1;
	r->source.bytes = buf_slice(&r->text);
	return 0;
}

enum found
event_run_read(struct event_run *r, struct err *err)
{
	const struct event *ev = r->of.event;
	struct mailbox_status st;
	enum found found;

	found = mailbox_open(
	    r->of.account, slice_str(ev->mailbox), &r->mailbox, err);
	if (found != FOUND)
		return found;
	if (mailbox_status(r->mailbox, &st, err) == -1)
		return err->class == ERR_TEMP ? TEMPFAIL : ABSENT;
	if (st.uidvalidity != ev->uidvalidity)
		return ABSENT;
	found = message_open(r->mailbox, r->of.uid, &r->fd, &r->info, err);
	if (found != FOUND)
		return found;
	flags_put(&r->flags, r->info.flags, false, &r->info.keywords,
	    mailbox_keywords(r->mailbox));
	return read_text(r, err) == 0 ? FOUND : TEMPFAIL;
}

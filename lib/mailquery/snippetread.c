/* SPDX-License-Identifier: ISC */
#include "mailquery/snippetread.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mailquery/accountmail.h"
#include "mailread/mailread.h"
#include "mailread/preview.h"
#include "mailsearch/envparts.h"
#include "mime/part.h"
#include "mime/record.h"
#include "store/mailbox.h"
#include "text/fieldtext.h"

struct snippetread {
	struct account *account;
	const struct accountmail *emails;
	struct mailbox *mailbox; /* of the message that was read last */
	uint32_t box;
	struct mailread message;
	bool open;
};

struct snippetread *
snippetread_new(struct account *a, const struct accountmail *e)
{
	struct snippetread *r = xcalloc(1, sizeof *r);

	r->account = a;
	r->emails = e;
	return r;
}

static void
close_message(struct snippetread *r)
{
	if (r->open)
		mailread_close(&r->message);
	r->open = false;
}

static void
close_mailbox(struct snippetread *r)
{
	close_message(r);
	if (r->mailbox != NULL)
		mailbox_close(&r->mailbox);
}

void
snippetread_free(struct snippetread **r)
{
	if (*r != NULL)
		close_mailbox(*r);
	xfree(r);
}

static enum found
open_message(struct snippetread *r, uint32_t n, struct err *err)
{
	const struct accountmail *e = r->emails;
	const struct accountmail_place *p =
	    accountmail_place(e, accountmail_at(e, n)->place);
	struct message_info info;
	enum found f = FOUND;

	if (r->open)
		return FOUND;
	if (r->mailbox != NULL && r->box != p->box)
		close_mailbox(r);
	if (r->mailbox == NULL)
		f = mailbox_open(r->account, accountmail_box_name(e, p->box),
		    &r->mailbox, err);
	r->box = p->box;
	if (f == FOUND)
		f = message_find(r->mailbox, p->uid, &info, err);
	if (f != FOUND)
		return f;
	mailread_init(&r->message, r->mailbox, &info);
	r->open = true;
	return FOUND;
}

static void
take_subject(const struct snippetread *r, struct buf *subject)
{
	const struct slice record = mailread_kept(&r->message);
	struct buf raw = { .max = SNIPPETREAD_TEXT };
	struct slice envelope = { NULL, 0 };
	struct envparts e;

	(void)mime_record_envelope(record, &envelope);
	(void)envparts_split(envelope, ENVPART_SUBJECT, &e);
	fieldtext_decode(
	    subject, envparts_string(e.of[ENVPART_SUBJECT], &raw), record);
	buf_fini(&raw);
}

static enum found
take(struct snippetread *r, bool body, struct buf *subject, struct buf *text,
    bool *ready, struct err *err)
{
	struct mailread *m = &r->message;
	enum found f = mailread_tree(m, err);

	*ready = !m->reading;
	if (f == FOUND && *ready && body)
		f = mailread_open(m, err);
	if (f != FOUND || !*ready)
		return f;
	take_subject(r, subject);
	if (body && preview_text(text, m->fd, m->tree->root, err) == -1)
		return TEMPFAIL;
	return FOUND;
}

enum found
snippetread_step(struct snippetread *r, uint32_t n, bool body,
    struct buf *subject, struct buf *text, bool *ready, struct err *err)
{
	enum found f = open_message(r, n, err);

	*ready = true;
	if (f == FOUND)
		f = take(r, body, subject, text, ready, err);
	if (f != FOUND || *ready)
		close_message(r);
	return f;
}

/* SPDX-License-Identifier: ISC */
#include "mailquery/emailread.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "mailread/attachment.h"
#include "mailread/threadid.h"
#include "mime/part.h"
#include "mime/record.h"
#include "store/allmail.h"
#include "store/mailbox.h"
#include "store/visit.h"

/* What the column has of a message.  The number of its form is another one when
 * anything here means something else. */
struct email_column {
	uint64_t thread;
	int64_t sent_s;
	uint32_t form;
	uint32_t attachment;
};

enum { COLUMN_FORM = 1 };

void
emailread_init(struct emailread *r, struct account *a)
{
	r->account = a;
	buf_init(&r->keywords, KEYWORD_TEXT_MAX);
}

static void
close_mailbox(struct emailread *r)
{
	if (r->open)
		mailread_close(&r->reading);
	r->open = false;
	if (r->mailbox != NULL)
		mailbox_close(&r->mailbox);
}

void
emailread_reset(struct emailread *r)
{
	close_mailbox(r);
	r->n = r->at = 0;
}

void
emailread_fini(struct emailread *r)
{
	emailread_reset(r);
	buf_fini(&r->keywords);
}

/* ---- what the index has ---- */

static uint32_t
keywords_of(struct emailread *r, const struct keyword_set *set,
    const struct keyword_table *table)
{
	struct buf *out = &r->keywords;

	buf_reset(out);
	for (unsigned n = keyword_set_next(set, 0); n < KEYWORDS_MAX;
	     n = keyword_set_next(set, n + 1)) {
		const char *name = keywords_name(table, n);

		if (name != NULL)
			buf_addf(out, "%s%s", out->n > 0 ? " " : "", name);
	}
	for (size_t i = 0; i < out->n; i++)
		out->p[i] = (char)ascii_lower(out->p[i]);
	return emailtable_set(r->table, buf_slice(out));
}

static bool
from_column(struct emailread_message *e, struct slice bytes)
{
	struct email_column c;

	if (bytes.n != sizeof c)
		return false;
	memcpy(&c, bytes.p, sizeof c);
	e->m.thread = c.thread;
	e->m.sent_s = c.sent_s;
	e->m.attachment = c.attachment != 0;
	return c.form == COLUMN_FORM;
}

/* As far as the record tells; its thread also where the header is longer than
 * what counts of it is for the file to say (mailread_thread). */
static bool
from_record(struct emailread_message *e, struct slice record)
{
	struct slice envelope, fields;
	struct mime_tree *tree;
	bool known = false;

	if (!mime_record_envelope(record, &envelope) ||
	    !mime_record_header(record, &fields) ||
	    (tree = mime_record_tree(record)) == NULL)
		return false;
	if (tree->root->header.bytes <= THREADID_HEADER_MAX)
		known = threadid_of_kept(fields, e->m.id, &e->m.thread);
	e->m.sent_s = mime_record_sent(envelope);
	e->m.attachment = attachment_any(tree->root);
	mime_tree_free(&tree);
	return known;
}

/* False: the visit ends. */
static bool
complete(struct emailread *r, struct emailread_message *e, struct visit *v)
{
	struct slice bytes;
	enum found f = visit_column(v, COLUMN_EMAIL, &bytes, r->err);

	if (f == FOUND)
		e->known = from_column(e, bytes);
	if (f == TEMPFAIL || e->known) {
		r->failed = f == TEMPFAIL;
		return !r->failed;
	}
	f = visit_cached(v, &bytes, r->err);
	r->failed = f == TEMPFAIL;
	e->known = e->fresh = f == FOUND && from_record(e, bytes);
	return !r->failed;
}

static bool
on_message(void *arg, struct visit *v, const struct keyword_table *keywords)
{
	struct emailread *r = arg;
	const struct message_info *i = &v->info;
	struct emailread_message *e = &r->batch[r->n++];

	*e = (struct emailread_message){ .m = {
					     .uid = i->uid,
					     .keywords = keywords_of(
						 r, &i->keywords, keywords),
					     .flags = i->flags,
					     .modseq = i->modseq,
					     .id = i->email_id,
					     .size = (uint64_t)i->vsize,
					     .received_s = i->date_s,
					 } };
	return complete(r, e, v) && r->n < r->limit;
}

static enum found
read_batch(struct emailread *r, struct emailtable *t, uint32_t box,
    uint32_t uid, size_t limit, struct err *err)
{
	enum found f;

	r->table = t;
	r->n = r->at = 0;
	r->limit = limit;
	r->err = err;
	r->failed = false;
	f = account_visit(r->account, box, uid, on_message, r, err);
	for (size_t i = 0; i < r->n; i++)
		r->batch[i].m.box = box;
	if (f == TEMPFAIL || r->failed) {
		r->n = 0;
		return TEMPFAIL;
	}
	return f;
}

int
emailread_some(struct emailread *r, struct emailtable *t, uint32_t box,
    uint32_t *uid, bool *more, struct err *err)
{
	const enum found f = read_batch(r, t, box, *uid, EMAILREAD_BATCH, err);

	*more = f == FOUND && r->n == EMAILREAD_BATCH;
	if (*more)
		*uid = r->batch[r->n - 1].m.uid + 1;
	return f == TEMPFAIL ? -1 : 0;
}

int
emailread_one(struct emailread *r, struct emailtable *t, uint32_t box,
    uint32_t uid, uint64_t modseq, struct err *err)
{
	const enum found f = read_batch(r, t, box, uid, 1, err);

	if (r->n > 0 && r->batch[0].m.uid != uid)
		r->n = 0; /* gone, as a later entry says */
	if (r->n > 0 && modseq > r->batch[0].m.modseq)
		r->batch[0].m.modseq = modseq;
	return f == TEMPFAIL ? -1 : 0;
}

/* ---- what it has not ---- */

bool
emailread_is_busy(const struct emailread *r)
{
	return r->at < r->n;
}

static enum found
open_mailbox(struct emailread *r, const struct emailtable *t, uint32_t box,
    struct err *err)
{
	const struct emailtable_box *b = emailtable_box(t, box);

	if (r->mailbox != NULL)
		return FOUND;
	if (b == NULL)
		return ABSENT;
	return mailbox_open(r->account, slice_str(b->name), &r->mailbox, err);
}

/* Of the message that is open.  ABSENT: it is gone. */
static enum found
read_on(struct emailread *r, struct emailread_message *e, struct err *err)
{
	struct mailread *m = &r->reading;
	enum found f = mailread_tree(m, err);
	struct slice envelope;

	if (f != FOUND || m->reading)
		return f;
	f = mailread_thread(m, err);
	if (f != FOUND)
		return f;
	e->m.thread = m->thread_id;
	e->m.size = (uint64_t)m->info.vsize;
	e->m.attachment = attachment_any(m->tree->root);
	if (mime_record_envelope(mailread_kept(m), &envelope))
		e->m.sent_s = mime_record_sent(envelope);
	e->known = e->fresh = true;
	return FOUND;
}

static enum found
read_file(struct emailread *r, struct emailread_message *e, struct err *err)
{
	struct message_info info;
	enum found f = FOUND;

	if (!r->open) {
		f = message_find(r->mailbox, e->m.uid, &info, err);
		if (f != FOUND)
			return f;
		mailread_init(&r->reading, r->mailbox, &info);
		r->open = true;
	}
	f = read_on(r, e, err);
	if (f == FOUND && !e->known)
		return FOUND;
	mailread_close(&r->reading);
	r->open = false;
	return f;
}

static void
keep_column(const struct emailread *r, const struct emailread_message *e)
{
	const struct email_column c = { .thread = e->m.thread,
		.sent_s = e->m.sent_s,
		.form = COLUMN_FORM,
		.attachment = e->m.attachment };

	/* A cache: where it cannot be kept it is made again. */
	(void)message_keep_column(
	    r->mailbox, e->m.uid, COLUMN_EMAIL, slice_of(&c, sizeof c), NULL);
}

static void
put(struct emailtable *t, const struct emailtable_message *m)
{
	/* What is to be expunged is not there for JMAP (RFC 8621 4.1.1). */
	if ((m->flags & MSG_DELETED) != 0 || m->id == 0)
		emailtable_remove(t, m->box, m->uid, m->modseq);
	else
		emailtable_put(t, m);
}

/* ABSENT: it is gone.  FOUND, and not known: there is more to be read. */
static enum found
work_on(struct emailread *r, struct emailtable *t, struct emailread_message *e,
    struct err *err)
{
	enum found f = FOUND;

	if (!e->known || e->fresh)
		f = open_mailbox(r, t, e->m.box, err);
	if (f == FOUND && !e->known)
		f = read_file(r, e, err);
	if (f == FOUND && e->fresh)
		keep_column(r, e);
	if (f == FOUND && e->known)
		put(t, &e->m);
	return f;
}

int
emailread_step(struct emailread *r, struct emailtable *t, struct err *err)
{
	while (r->at < r->n) {
		struct emailread_message *e = &r->batch[r->at];
		const bool short_work = e->known;
		const enum found f = work_on(r, t, e, err);

		if (f == TEMPFAIL) {
			/* The next attempt begins with it. */
			if (r->open)
				mailread_close(&r->reading);
			r->open = false;
			return -1;
		}
		if (f == ABSENT || e->known)
			r->at++;
		if (!short_work)
			break;
	}
	if (r->at == r->n)
		close_mailbox(r);
	return 0;
}

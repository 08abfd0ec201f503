/* SPDX-License-Identifier: ISC */
#include "mailsearch/thread_reader.h"

#include <bsd/stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "mailread/mailread.h"
#include "mailread/references.h"
#include "mailsearch/basesubject.h"
#include "mailsearch/envparts.h"
#include "mailsearch/msgid.h"
#include "mailsearch/sortkey.h"
#include "mime/casemap.h"
#include "mime/fields.h"
#include "mime/record.h"
#include "store/visit.h"

enum { TEXT_MAX_BYTES = 512 << 10, COLUMN_FORM = 1 };

/* What the column has of a message, with the hashes of its references behind
 * it.  The number of its form is another one when anything here means something
 * else. */
struct thread_column {
	int64_t date_s;
	uint64_t subject; /* 0: it is empty */
	uint64_t id;      /* 0: none */
	uint32_t form;
	uint32_t reply;
};

void
thread_reader_init(struct thread_reader *r)
{
	*r = (struct thread_reader){ .in_reply_to =
					 mime_fields_id(SLICE("In-Reply-To")),
		.message_id = mime_fields_id(SLICE("Message-ID")) };
	arc4random_buf(r->key, sizeof r->key);
	for (size_t i = 0; i < ARRAY_LEN(r->text); i++)
		buf_init(&r->text[i], TEXT_MAX_BYTES);
	buf_init(&r->column, TEXT_MAX_BYTES);
}

void
thread_reader_fini(struct thread_reader *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->text); i++)
		buf_fini(&r->text[i]);
	buf_fini(&r->column);
}

/* ---- making it ---- */

static uint64_t
hash_of(struct slice s)
{
	return map_hash_fixed(s) | 1;
}

/* The last ones are those that count. */
static void
add_reference(struct buf *out, struct slice id)
{
	const uint64_t hash = hash_of(id);

	if (out->n == sizeof(struct thread_column) +
			  THREADS_REFERENCES_MAX * sizeof hash) {
		memmove(out->p + sizeof(struct thread_column),
		    out->p + sizeof(struct thread_column) + sizeof hash,
		    (THREADS_REFERENCES_MAX - 1) * sizeof hash);
		buf_truncate(out, out->n - sizeof hash);
	}
	buf_add(out, slice_of(&hash, sizeof hash));
}

/* Those of References; where there is none that is valid, the first of
 * In-Reply-To. */
static void
add_references(
    struct thread_reader *r, struct slice references, struct slice in_reply_to)
{
	struct buf *id = &r->text[1];
	const size_t from = r->column.n;

	while (msgid_next(&references, id))
		add_reference(&r->column, buf_slice(id));
	if (r->column.n == from && msgid_next(&in_reply_to, id))
		add_reference(&r->column, buf_slice(id));
}

static void
read_subject(struct thread_reader *r, struct slice raw, struct slice record,
    struct thread_column *head)
{
	struct buf *mapped = &r->text[2];
	bool reply;
	const struct slice base =
	    basesubject_of(raw, record, &r->text[1], &reply);

	buf_reset(mapped);
	casemap_text(base, mapped);
	head->subject = mapped->n > 0 ? hash_of(buf_slice(mapped)) : 0;
	head->reply = reply;
}

/* The two fields of M's header as they stand. */
static bool
kept_ids(const struct thread_reader *r, const struct mailread *m,
    struct slice *in_reply_to, struct slice *message_id)
{
	struct slice fields;

	return mime_record_header(mailread_kept(m), &fields) &&
	       mime_fields_first(fields, r->in_reply_to, in_reply_to) &&
	       mime_fields_first(fields, r->message_id, message_id);
}

/* Of M, whose record is ready. */
static enum found
make(struct thread_reader *r, struct mailread *m, struct err *err)
{
	struct thread_column head = { .form = COLUMN_FORM };
	struct slice envelope = { NULL, 0 }, in_reply_to, id;
	struct envparts e;
	const bool kept = kept_ids(r, m, &in_reply_to, &id);
	enum found found;

	(void)mime_record_envelope(mailread_kept(m), &envelope);
	(void)envparts_split(
	    envelope, kept ? ENVPART_SUBJECT : ENVPART_MESSAGE_ID, &e);
	head.date_s = sortkey_sent(&m->info, envelope);
	read_subject(r, envparts_string(e.of[ENVPART_SUBJECT], &r->text[0]),
	    mailread_kept(m), &head);
	if (!kept)
		id = envparts_string(e.of[ENVPART_MESSAGE_ID], &r->text[0]);
	if (msgid_next(&id, &r->text[1]))
		head.id = hash_of(buf_slice(&r->text[1]));
	found = mailread_references(m, &r->text[2], err);
	if (!kept)
		in_reply_to =
		    envparts_string(e.of[ENVPART_IN_REPLY_TO], &r->text[0]);
	buf_reset(&r->column);
	buf_add(&r->column, slice_of(&head, sizeof head));
	add_references(r, buf_slice(&r->text[2]), in_reply_to);
	return found;
}

enum found
thread_reader_message(
    struct thread_reader *r, struct mailread *m, bool *ready, struct err *err)
{
	enum found found = mailread_record(m, err);

	*ready = !m->reading;
	if (found == FOUND && *ready)
		found = make(r, m, err);
	if (found == FOUND && *ready)
		/* A cache: where it cannot be kept it is made again. */
		(void)message_keep_column(m->mailbox, m->info.uid,
		    COLUMN_THREAD, buf_slice(&r->column), NULL);
	return found;
}

/* ---- reading it ---- */

/* Who knows how ids are hashed cannot know which collide here. */
static uint64_t
keyed(const struct thread_reader *r, uint64_t hash)
{
	const unsigned __int128 product =
	    (unsigned __int128)(hash ^ r->key[0]) * (r->key[1] | 1);

	return ((uint64_t)product ^ (uint64_t)(product >> 64)) | 1;
}

bool
thread_reader_get(
    struct thread_reader *r, struct slice column, struct thread_message *t)
{
	struct thread_column head;
	const uint32_t number = t->number;
	size_t n;

	if (column.n < sizeof head)
		return false;
	memcpy(&head, column.p, sizeof head);
	n = (column.n - sizeof head) / sizeof r->references[0];
	if (head.form != COLUMN_FORM || n > THREADS_REFERENCES_MAX)
		return false;
	memcpy(
	    r->references, column.p + sizeof head, n * sizeof r->references[0]);
	for (size_t i = 0; i < n; i++)
		r->references[i] = keyed(r, r->references[i]);
	*t = (struct thread_message){ .number = number,
		.date_s = head.date_s,
		.subject = head.subject != 0 ? keyed(r, head.subject) : 0,
		.reply = head.reply != 0,
		.id = head.id != 0 ? keyed(r, head.id) : 0,
		.references = r->references,
		.nreferences = n };
	return true;
}

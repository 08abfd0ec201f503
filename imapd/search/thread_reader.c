/* SPDX-License-Identifier: ISC */
#include "imapd/search/thread_reader.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "imapd/message/message.h"
#include "imapd/message/references.h"
#include "imapd/search/basesubject.h"
#include "imapd/search/envparts.h"
#include "imapd/search/msgid.h"
#include "imapd/search/sortkey.h"
#include "mime/casemap.h"
#include "mime/fields.h"
#include "mime/record.h"

enum { TEXT_MAX_BYTES = 512 << 10 };

void
thread_reader_init(struct thread_reader *r, enum thread_algorithm algorithm)
{
	*r = (struct thread_reader){ .algorithm = algorithm,
		.in_reply_to = mime_fields_id(SLICE("In-Reply-To")),
		.message_id = mime_fields_id(SLICE("Message-ID")) };
	for (size_t i = 0; i < ARRAY_LEN(r->text); i++)
		buf_init(&r->text[i], TEXT_MAX_BYTES);
}

void
thread_reader_fini(struct thread_reader *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->text); i++)
		buf_fini(&r->text[i]);
	xfree(&r->references);
}

static void
add_reference(struct thread_reader *r, struct slice id)
{
	if (r->nreferences == r->cap) {
		r->cap = r->cap > 0 ? 2 * r->cap : 32;
		r->references =
		    xreallocarray(r->references, r->cap, sizeof *r->references);
	}
	r->references[r->nreferences++] = map_hash(id) | 1;
}

/* Those of References; where there is none that is valid, the first of
 * In-Reply-To. */
static void
read_references(
    struct thread_reader *r, struct slice references, struct slice in_reply_to)
{
	struct buf *id = &r->text[1];

	r->nreferences = 0;
	while (msgid_next(&references, id))
		add_reference(r, buf_slice(id));
	if (r->nreferences == 0 && msgid_next(&in_reply_to, id))
		add_reference(r, buf_slice(id));
}

static void
read_subject(struct thread_reader *r, struct slice raw, struct slice record,
    struct thread_message *m)
{
	struct buf *mapped = &r->text[2];
	const struct slice base =
	    basesubject_of(raw, record, &r->text[1], &m->reply);

	buf_reset(mapped);
	casemap_text(base, mapped);
	m->subject = mapped->n > 0 ? map_hash(buf_slice(mapped)) | 1 : 0;
}

/* The two fields of M's header as they stand. */
static bool
kept_ids(const struct thread_reader *r, const struct imapd_message *m,
    struct slice *in_reply_to, struct slice *message_id)
{
	struct slice fields;

	return mime_record_header(imapd_message_kept(m), &fields) &&
	       mime_fields_first(fields, r->in_reply_to, in_reply_to) &&
	       mime_fields_first(fields, r->message_id, message_id);
}

enum found
thread_reader_get(struct thread_reader *r, struct imapd_message *m,
    struct thread_message *t, bool *ready, struct err *err)
{
	struct slice envelope = { NULL, 0 }, in_reply_to, id;
	struct envparts e;
	bool kept;
	enum found found = imapd_message_record(m, err);

	*ready = !m->reading;
	if (found != FOUND || !*ready)
		return found;
	*t = (struct thread_message){ .number = t->number };
	(void)mime_record_envelope(imapd_message_kept(m), &envelope);
	kept = kept_ids(r, m, &in_reply_to, &id);
	(void)envparts_split(
	    envelope, kept ? ENVPART_SUBJECT : ENVPART_MESSAGE_ID, &e);
	t->date_s = sortkey_sent(&m->info, envelope);
	if (r->algorithm != THREAD_REFS)
		read_subject(r,
		    envparts_string(e.of[ENVPART_SUBJECT], &r->text[0]),
		    imapd_message_kept(m), t);
	if (r->algorithm == THREAD_ORDEREDSUBJECT)
		return FOUND;
	found = imapd_message_references(m, &r->text[2], err);
	if (found != FOUND)
		return found;
	if (!kept)
		in_reply_to =
		    envparts_string(e.of[ENVPART_IN_REPLY_TO], &r->text[0]);
	read_references(r, buf_slice(&r->text[2]), in_reply_to);
	t->references = r->references;
	t->nreferences = r->nreferences;
	if (!kept)
		id = envparts_string(e.of[ENVPART_MESSAGE_ID], &r->text[0]);
	if (msgid_next(&id, &r->text[1]))
		t->id = map_hash(buf_slice(&r->text[1])) | 1;
	return FOUND;
}

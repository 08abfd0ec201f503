/* SPDX-License-Identifier: ISC */
#include "mailsearch/sortkey.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mailread/mailread.h"
#include "mailsearch/basesubject.h"
#include "mailsearch/envparts.h"
#include "mime/casemap.h"
#include "mime/record.h"
#include "store/visit.h"
#include "text/fieldtext.h"

/* Of a display name that is decoded; mapping makes it longer. */
enum { NAME_MAX_BYTES = 1024, TEXT_MAX_BYTES = 64 << 10 };
/* Of what is mapped; more does not count. */
enum { MAPPED_MAX_BYTES = 4096 };

bool
sortkey_by_relevancy(const struct sort_program *program)
{
	for (size_t i = 0; i < program->n; i++)
		if (program->of[i].by == SORT_BY_RELEVANCY)
			return true;
	return false;
}

/* Is the envelope of each message asked for? */
static bool
is_of_envelope(enum sort_by by)
{
	return by != SORT_BY_ARRIVAL && by != SORT_BY_SIZE &&
	       by != SORT_BY_DATE && by != SORT_BY_RELEVANCY;
}

/* Is it asked for, of a message like INFO? */
static bool
wants_envelope(
    const struct sort_program *program, const struct message_info *info)
{
	for (size_t i = 0; i < program->n; i++)
		if (is_of_envelope(program->of[i].by) ||
		    (program->of[i].by == SORT_BY_DATE && info->sent_s == 0))
			return true;
	return false;
}

int64_t
sortkey_sent(const struct message_info *info, struct slice envelope)
{
	int64_t sent_s = info->sent_s;

	if (sent_s == 0 && envelope.n > 0)
		sent_s = mime_record_sent(envelope);
	return sent_s != 0 ? sent_s : info->date_s;
}

/* Of a key under way: what is reversed has its bits turned over. */
struct key_writer {
	struct buf *out;
	struct slice record;
	struct buf text[3]; /* scratch */
	bool reverse;
	unsigned relevancy;
};

static void
add_byte(struct key_writer *k, unsigned char c)
{
	buf_addc(k->out, (char)(k->reverse ? c ^ 0xff : c));
}

static void
add_number(struct key_writer *k, int64_t v)
{
	const uint64_t u = (uint64_t)v ^ UINT64_C(1) << 63;

	for (unsigned shift = 64; shift > 0; shift -= 8)
		add_byte(k, (unsigned char)(u >> (shift - 8)));
}

/* S as the collation maps it, without NUL: OUT's content is replaced. */
static void
map_string(struct buf *out, struct slice s)
{
	buf_reset(out);
	casemap_text(slice_sub(s, 0, MAPPED_MAX_BYTES), out);
	if (out->n > SORTKEY_STRING_MAX)
		buf_truncate(out, SORTKEY_STRING_MAX);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == 0)
			out->p[i] = 1;
}

/* What is MAPPED; a NUL ends it, so that what it begins comes first. */
static void
add_mapped(struct key_writer *k, struct slice mapped)
{
	const size_t from = k->out->n;

	buf_add(k->out, mapped);
	buf_addc(k->out, 0);
	for (size_t i = from; k->reverse && i < k->out->n; i++)
		k->out->p[i] = (char)(k->out->p[i] ^ 0xff);
}

static void
add_string(struct key_writer *k, struct slice s)
{
	map_string(&k->text[2], s);
	add_mapped(k, buf_slice(&k->text[2]));
}

/* CC, FROM and TO: the mailbox of the first address. */
static void
add_mailbox(struct key_writer *k, struct slice list)
{
	struct envaddress a = { .mailbox = { NULL, 0 } };

	(void)envparts_first(list, &a);
	add_string(k, envparts_string(a.mailbox, &k->text[0]));
}

/* RFC 5957 3: the display name of the first address, decoded; the address
 * where it has none; the name of a group that begins the list. */
static void
add_display(struct key_writer *k, struct slice list)
{
	struct envaddress a = { .mailbox = { NULL, 0 } };
	struct buf *text = &k->text[0], *whole = &k->text[1];
	struct slice s;

	(void)envparts_first(list, &a);
	s = envparts_string(a.name, text);
	buf_reset(whole);
	fieldtext_decode(whole, slice_sub(s, 0, NAME_MAX_BYTES), k->record);
	if (slice_trim(buf_slice(whole)).n > 0) {
		add_string(k, buf_slice(whole));
		return;
	}
	buf_reset(whole);
	buf_add(whole, envparts_string(a.mailbox, text));
	s = envparts_string(a.host, text);
	if (s.n > 0) {
		buf_addc(whole, '@');
		buf_add(whole, s);
	}
	add_string(k, buf_slice(whole));
}

static void
add_subject(struct key_writer *k, struct slice subject)
{
	bool reply;
	const struct slice raw = envparts_string(subject, &k->text[0]);

	add_string(k, basesubject_of(raw, k->record, &k->text[1], &reply));
}

static void
add_criterion(struct key_writer *k, enum sort_by by,
    const struct message_info *info, struct slice envelope,
    const struct envparts *e)
{
	switch (by) {
	case SORT_BY_ARRIVAL:
		add_number(k, info->date_s);
		break;
	case SORT_BY_CC:
		add_mailbox(k, e->of[ENVPART_CC]);
		break;
	case SORT_BY_DATE:
		add_number(k, sortkey_sent(info, envelope));
		break;
	case SORT_BY_DISPLAYFROM:
		add_display(k, e->of[ENVPART_FROM]);
		break;
	case SORT_BY_DISPLAYTO:
		add_display(k, e->of[ENVPART_TO]);
		break;
	case SORT_BY_FROM:
		add_mailbox(k, e->of[ENVPART_FROM]);
		break;
	case SORT_BY_RELEVANCY:
		add_number(k, -(int64_t)k->relevancy);
		break;
	case SORT_BY_SIZE:
		add_number(k, info->vsize);
		break;
	case SORT_BY_SUBJECT:
		add_subject(k, e->of[ENVPART_SUBJECT]);
		break;
	case SORT_BY_TO:
		add_mailbox(k, e->of[ENVPART_TO]);
		break;
	}
}

/* The last part of an envelope that PROGRAM asks for. */
static enum envpart
last_part(const struct sort_program *program)
{
	enum envpart last = ENVPART_DATE;

	for (size_t i = 0; i < program->n; i++) {
		enum envpart part = ENVPART_DATE;

		switch (program->of[i].by) {
		case SORT_BY_ARRIVAL:
		case SORT_BY_DATE:
		case SORT_BY_RELEVANCY:
		case SORT_BY_SIZE:
			break;
		case SORT_BY_SUBJECT:
			part = ENVPART_SUBJECT;
			break;
		case SORT_BY_DISPLAYFROM:
		case SORT_BY_FROM:
			part = ENVPART_FROM;
			break;
		case SORT_BY_DISPLAYTO:
		case SORT_BY_TO:
			part = ENVPART_TO;
			break;
		case SORT_BY_CC:
			part = ENVPART_CC;
			break;
		}
		last = part > last ? part : last;
	}
	return last;
}

void
sortkey_put(struct buf *key, const struct sort_program *program,
    const struct message_info *info, struct slice envelope, struct slice record,
    unsigned relevancy)
{
	struct key_writer k = {
		.out = key, .record = record, .relevancy = relevancy
	};
	struct envparts e;

	(void)envparts_split(envelope, last_part(program), &e);
	for (size_t i = 0; i < ARRAY_LEN(k.text); i++)
		buf_init(&k.text[i], TEXT_MAX_BYTES);
	buf_reset(key);
	for (size_t i = 0; i < program->n; i++) {
		k.reverse = program->of[i].reverse;
		add_criterion(&k, program->of[i].by, info, envelope, &e);
	}
	for (size_t i = 0; i < ARRAY_LEN(k.text); i++)
		buf_fini(&k.text[i]);
}

/* ---- the column ---- */

/* What a message has there, with the mapped base subject behind it.  The
 * number of its form is another one when anything here means something else. */
struct sort_column {
	int64_t sent_s, arrival_s, vsize;
	uint64_t form;
};

enum { COLUMN_FORM = 1 };

enum sortkey_column
sortkey_column(const struct sort_program *program)
{
	enum sortkey_column c = SORTKEY_COLUMN_READ;

	for (size_t i = 0; i < program->n; i++)
		switch (program->of[i].by) {
		case SORT_BY_DATE:
		case SORT_BY_SUBJECT:
			c = SORTKEY_COLUMN;
			break;
		case SORT_BY_ARRIVAL:
		case SORT_BY_SIZE:
			break;
		case SORT_BY_CC:
		case SORT_BY_DISPLAYFROM:
		case SORT_BY_DISPLAYTO:
		case SORT_BY_FROM:
		case SORT_BY_RELEVANCY:
		case SORT_BY_TO:
			return SORTKEY_NO_COLUMN;
		}
	return c;
}

void
sortkey_column_put(struct buf *out, const struct message_info *info,
    struct slice envelope, struct slice record)
{
	const struct sort_column head = { .form = COLUMN_FORM,
		.sent_s = sortkey_sent(info, envelope),
		.arrival_s = info->date_s,
		.vsize = info->vsize };
	struct buf text[3]; /* scratch */
	struct envparts e;
	bool reply;

	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		buf_init(&text[i], TEXT_MAX_BYTES);
	(void)envparts_split(envelope, ENVPART_SUBJECT, &e);
	map_string(&text[2],
	    basesubject_of(envparts_string(e.of[ENVPART_SUBJECT], &text[0]),
		record, &text[1], &reply));
	buf_reset(out);
	buf_add(out, slice_of(&head, sizeof head));
	buf_add(out, buf_slice(&text[2]));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		buf_fini(&text[i]);
}

bool
sortkey_column_key(
    struct buf *key, const struct sort_program *program, struct slice column)
{
	struct key_writer k = { .out = key };
	struct sort_column head;

	buf_reset(key);
	if (column.n < sizeof head)
		return false;
	memcpy(&head, column.p, sizeof head);
	for (size_t i = 0; i < program->n; i++) {
		const enum sort_by by = program->of[i].by;

		k.reverse = program->of[i].reverse;
		if (by == SORT_BY_SUBJECT)
			add_mapped(&k, slice_from(column, sizeof head));
		else
			add_number(&k, by == SORT_BY_DATE   ? head.sent_s
				       : by == SORT_BY_SIZE ? head.vsize
							    : head.arrival_s);
	}
	return head.form == COLUMN_FORM;
}

enum found
sortkey_column_message(
    struct buf *out, struct mailread *m, bool *ready, struct err *err)
{
	struct slice envelope = { NULL, 0 };
	const enum found found = mailread_record(m, err);

	*ready = !m->reading;
	if (found != FOUND || !*ready)
		return found;
	(void)mime_record_envelope(mailread_kept(m), &envelope);
	sortkey_column_put(out, &m->info, envelope, mailread_kept(m));
	/* A cache: where it cannot be kept it is made again. */
	(void)message_keep_column(
	    m->mailbox, m->info.uid, COLUMN_SORT, buf_slice(out), NULL);
	return FOUND;
}

enum found
sortkey_message(struct buf *key, const struct sort_program *program,
    struct mailread *m, bool *ready, struct err *err)
{
	struct slice envelope = { NULL, 0 }, record = { NULL, 0 };

	*ready = true;
	if (wants_envelope(program, &m->info)) {
		const enum found found = mailread_record(m, err);

		*ready = !m->reading;
		if (found != FOUND || !*ready)
			return found;
		record = mailread_kept(m);
		(void)mime_record_envelope(record, &envelope);
	}
	sortkey_put(key, program, &m->info, envelope, record, m->relevancy);
	return FOUND;
}

/* SPDX-License-Identifier: ISC */
#include "milter/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "milter/budget.h"
#include "milter/part.h"
#include "sys/fd.h"
#include "sys/sealed.h"

enum { READ_BYTES = 32768, REASON_MAX = 1000 };

struct milter_content {
	struct smfi_body body; /* what is shown */
	struct smfi_message message;
	int file;
	int64_t offset, size;
	struct buf header; /* of the file, with the empty line */
	struct buf envelope;
	struct buf reason;
	bool hold;
	size_t charged; /* to the budget, for a new body */
};

static const char too_much[] = "451 4.7.1 Filter made too many changes";

/* ---- reading ---- */

static size_t
read_file(const struct milter_content *c, int64_t at, char *p, size_t n)
{
	ssize_t got;

	do
		got = pread(c->file, p, n, c->offset + at);
	while (got == -1 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

static size_t
read_body(struct smfi_body *b, int64_t at, char *p, size_t n)
{
	const struct milter_content *c = OUTER(b, struct milter_content, body);

	if (!c->message.body_replaced)
		return read_file(c, (int64_t)c->header.n + at, p, n);
	memcpy(p, c->message.body.p + at, n);
	return n;
}

static void
size_body(struct milter_content *c)
{
	c->body.size = c->message.body_replaced
			   ? (int64_t)c->message.body.n
			   : c->size - (int64_t)c->header.n;
	c->body.failed = false;
}

struct milter_content *
milter_content_new(int *file, int64_t offset, int64_t size, size_t header_max)
{
	struct milter_content *c = xcalloc(1, sizeof *c);

	c->file = *file;
	*file = -1;
	c->offset = offset;
	c->size = size;
	c->body.read = read_body;
	smfi_message_init(&c->message, 0);
	buf_init(&c->header, header_max + READ_BYTES);
	buf_init(&c->envelope, MILTER_ENVELOPE_MAX);
	buf_init(&c->reason, REASON_MAX);
	return c;
}

void
milter_content_free(struct milter_content **p)
{
	struct milter_content *c = *p;

	*p = NULL;
	if (c == NULL)
		return;
	milter_budget_free(&c->charged);
	smfi_message_fini(&c->message);
	buf_fini(&c->header);
	buf_fini(&c->envelope);
	buf_fini(&c->reason);
	fd_close(&c->file);
	free(c);
}

/* Where the header ends in what was read of it, behind the empty line; n + 1:
 * it goes on.  FROM: what was looked at before. */
static size_t
header_end(const struct buf *b, size_t from)
{
	const struct slice all = buf_slice(b);
	size_t at;

	if (slice_starts(all, SLICE("\r\n")))
		return 2;
	from = from > 3 ? from - 3 : 0;
	at = slice_search(slice_from(all, from), SLICE("\r\n\r\n"));
	return from + at < all.n ? from + at + 4 : all.n + 1;
}

const char *
milter_content_read(struct milter_content *c)
{
	size_t end = 0;

	while ((int64_t)c->header.n < c->size) {
		const int64_t left = c->size - (int64_t)c->header.n;
		const size_t want =
		    left < READ_BYTES ? (size_t)left : READ_BYTES;
		char *room = buf_room(&c->header, want);
		const size_t from = c->header.n;
		size_t n;

		if (room == NULL)
			return "552 5.3.4 Message header too large";
		n = read_file(c, (int64_t)from, room, want);
		if (n == 0)
			return "451 4.3.0 Queue file read error";
		buf_added(&c->header, n);
		end = header_end(&c->header, from);
		if (end <= c->header.n)
			break;
	}
	if (end > 0 && end < c->header.n)
		buf_truncate(&c->header, end);
	smfi_message_read(&c->message, buf_slice(&c->header));
	size_body(c);
	return NULL;
}

const struct smfi_message *
milter_content_message(const struct milter_content *c)
{
	return &c->message;
}

struct smfi_body *
milter_content_body(struct milter_content *c)
{
	return &c->body;
}

/* ---- changes ---- */

static bool
is_of_envelope(const struct smfi_change *change)
{
	switch (change->code) {
	case SMFIR_ADDRCPT:
	case SMFIR_ADDRCPT_PAR:
	case SMFIR_DELRCPT:
	case SMFIR_CHGFROM:
		return true;
	default:
		return false;
	}
}

static unsigned
add_envelope(struct milter_content *c, const struct smfi_session *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->nchanges; i++) {
		if (!is_of_envelope(&s->changes[i]))
			continue;
		n++;
		buf_addc(&c->envelope, s->changes[i].code);
		buf_add(&c->envelope, s->changes[i].name);
		buf_addc(&c->envelope, '\0');
		buf_add(&c->envelope, s->changes[i].value);
		buf_addc(&c->envelope, '\0');
	}
	return n;
}

static void
hold(struct milter_content *c, const struct milter_part *p,
    const struct smfi_session *s)
{
	if (s->quarantine.p == NULL)
		return;
	milter_part_log(p, "quarantine", s->quarantine);
	if (!milter_part_counts(p))
		return;
	if (!c->hold)
		buf_addf(&c->reason, "%s: %.*s", p->name,
		    SLICE_FMT(slice_sub(s->quarantine, 0, 500)));
	c->hold = true;
	milter_part_count(p, MILTER_HELD);
}

static void
log_ignored(const struct milter_part *p, unsigned changes)
{
	if (changes > 0)
		log_info("milter.ignored", kv_s("sid", p->scene->sid),
		    kv_slice(
			"qid", smfi_facts_find(&p->scene->facts, SLICE("i"))),
		    kv_s("filter", p->name), kv_u("changes", changes));
}

const char *
milter_content_take(struct milter_content *c, struct milter_part *p)
{
	struct smfi_session *s = milter_part_said(p);
	const size_t front = c->message.nfront;
	const bool fields = c->message.header_changed;
	const bool body = s != NULL && s->body_replaced;
	unsigned envelope;

	if (s == NULL)
		return NULL;
	hold(c, p, s);
	log_ignored(p, s->ignored);
	if (s->nchanges == 0 && !body)
		return NULL;
	envelope = add_envelope(c, s);
	smfi_session_apply(s, &c->message);
	size_body(c);
	milter_part_count(p, MILTER_CHANGED);
	log_info("milter.changed", kv_s("sid", p->scene->sid),
	    kv_slice("qid", smfi_facts_find(&p->scene->facts, SLICE("i"))),
	    kv_s("filter", p->name),
	    kv_i("front", (int64_t)c->message.nfront - (int64_t)front),
	    kv_u("fields", c->message.header_changed && !fields),
	    kv_u("body", body), kv_u("envelope", envelope));
	if (c->envelope.failed ||
	    !milter_budget_set(&c->charged, c->message.body.n))
		return too_much;
	return NULL;
}

/* ---- the answer ---- */

static int
new_bytes(const struct milter_content *c, struct buf *header, struct err *err)
{
	const struct smfi_message *m = &c->message;
	const struct slice parts[] = { buf_slice(header), buf_slice(&m->body) };

	if (!m->header_changed && !m->body_replaced)
		return -1;
	return sealed_open_parts(parts, ARRAY_LEN(parts), err);
}

static void
answer_changes(const struct milter_content *c, struct ipc *peer, uint64_t id)
{
	const struct smfi_message *m = &c->message;
	struct buf front = { .max = MILTER_FRONT_MAX };
	struct buf header = { .max = 2 * SMFI_CHANGES_MAX + c->header.max };
	struct err err = { 0 };
	int file;

	smfi_message_front(m, &front);
	if (m->header_changed)
		smfi_message_header(m, &header);
	file = new_bytes(c, &header, &err);
	if (front.failed || header.failed || err.class != ERR_NONE)
		IPC_SEND(peer, milter_done, .id = id, .verdict = MILTER_REFUSE,
		    .text = slice_str(too_much), .file = -1);
	else
		IPC_SEND(peer, milter_done, .id = id,
		    .verdict = MILTER_CONTINUE, .hold = c->hold,
		    .reason = buf_slice(&c->reason), .front = buf_slice(&front),
		    .envelope = buf_slice(&c->envelope),
		    .header = m->header_changed, .body = m->body_replaced,
		    .header_bytes = (int64_t)header.n,
		    .body_at = (int64_t)c->header.n, .file = file);
	fd_close(&file);
	buf_fini(&front);
	buf_fini(&header);
}

void
milter_content_answer(struct milter_content *c, struct ipc *peer, uint64_t id,
    enum milter_verdict verdict, struct slice text)
{
	/* smtpd may commit what it has as soon as it hears this, which it can
	 * only when nobody else has the file. */
	fd_close(&c->file);
	if (verdict == MILTER_CONTINUE)
		answer_changes(c, peer, id);
	else
		IPC_SEND(peer, milter_done, .id = id, .verdict = verdict,
		    .text = text, .file = -1);
}

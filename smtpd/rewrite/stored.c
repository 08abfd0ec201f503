/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/stored.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/header.h"
#include "smtpd/judge/judged.h"
#include "smtpd/message.h"
#include "smtpd/remake.h"
#include "smtpd/rewrite/fields.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"
#include "sys/fd.h"

struct smtpd_stored {
	struct smtpd_session *session;
	struct smtpd_view view;
	struct buf read; /* the header, where the message is in a file */
	struct slice header;
	struct smtpd_remake *remake;
	void (*then)(void *arg, const char *refusal, struct slice header);
	void *arg;
};

void
smtpd_stored_free(struct smtpd_stored **p)
{
	struct smtpd_stored *r = *p;

	*p = NULL;
	if (r == NULL)
		return;
	smtpd_remake_free(&r->remake);
	fd_close(&r->view.file);
	buf_fini(&r->read);
	free(r);
}

/* Bytes before those of the client. */
static int64_t
head_of(const struct smtpd_stored *r)
{
	return r->session->mail->message->head;
}

static bool
is_whole(const struct smtpd_stored *r, int64_t size)
{
	return slice_ends(r->header, SLICE("\r\n\r\n")) ||
	       slice_is(r->header, "\r\n") || (int64_t)r->header.n == size;
}

/* NULL: it is there. */
static const char *
read_header(struct smtpd_stored *r)
{
	const int64_t head = head_of(r);
	const int64_t size = r->view.size - head;
	const size_t want =
	    size > SMTPD_HEADER_MAX ? SMTPD_HEADER_MAX + 1 : (size_t)size;
	struct slice text = slice_from(r->view.body, (size_t)head);

	if (r->view.file != -1) {
		char *room = buf_room(&r->read, want);

		if (room == NULL || fd_pread_all(r->view.file, room, want,
					r->view.offset + head, NULL) == -1)
			return "451 4.3.0 Queue file read error";
		buf_added(&r->read, want);
		text = buf_slice(&r->read);
	}
	r->header = slice_sub(text, 0, header_length(text));
	return r->header.n <= SMTPD_HEADER_MAX && is_whole(r, size)
		   ? NULL
		   : "554 5.6.0 The header is too long";
}

static void
on_view(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_stored *r = arg;
	const char *refusal = "451 4.3.0 Queue file read error";

	if (result == SMTPD_SPOOL_FULL)
		refusal = "452 4.3.1 Insufficient system storage";
	else if (result == SMTPD_SPOOL_OK)
		refusal = read_header(r);
	r->then(r->arg, refusal, r->header);
}

void
smtpd_stored_read(struct smtpd_stored **p, struct smtpd_session *s,
    void (*then)(void *arg, const char *refusal, struct slice header),
    void *arg)
{
	struct smtpd_stored *r = *p = xcalloc(1, sizeof *r);

	r->session = s;
	r->then = then;
	r->arg = arg;
	r->view.file = -1;
	buf_init(&r->read, SMTPD_HEADER_MAX + 1);
	smtpd_spool_view(s->mail->spool, &r->view, SMTPD_VIEW_BODY, on_view, r);
}

void
smtpd_stored_remake(struct smtpd_stored *r, struct slice header,
    void (*then)(void *arg, const char *refusal), void *arg)
{
	const int64_t head = head_of(r);
	const struct smtpd_remade from = {
		.old = r->view.file,
		.old_text = slice_from(r->view.body, (size_t)head),
		.new = -1,
		.offset = r->view.offset + head,
		.size = r->view.size - head,
		.body_at = (int64_t)r->header.n,
		.header_text = header,
	};

	smtpd_remake(
	    &r->remake, r->session, &from, &r->session->mail->env, then, arg);
}

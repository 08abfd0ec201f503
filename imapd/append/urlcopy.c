/* SPDX-License-Identifier: ISC */
#include "imapd/append/urlcopy.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/append/incoming.h"
#include "imapd/append/urlfind.h"
#include "imapd/parse/section.h"
#include "mailread/body.h"
#include "mailread/mailread.h"
#include "mime/part.h"
#include "store/mailbox.h"

enum { PIECE = 64 << 10 };

struct urlcopy {
	struct url_target target;
	struct mailread message;
	bool whole; /* all that is needed of it is open */
	struct body body;
};

enum found
urlcopy_new(
    struct session *s, struct slice url, struct urlcopy **p, struct err *err)
{
	struct url_target target;
	const enum found found = urlfind(s, url, &target, err);
	struct urlcopy *u;

	if (found != FOUND)
		return found;
	u = xcalloc(1, sizeof *u);
	u->target = target;
	mailread_init(&u->message, target.mailbox, &target.info);
	*p = u;
	return FOUND;
}

void
urlcopy_free(struct urlcopy **p)
{
	struct urlcopy *u = *p;

	if (u == NULL)
		return;
	mailread_close(&u->message);
	mailbox_close(&u->target.mailbox);
	xfree(p);
}

static enum found
copy_fields(struct urlcopy *u, const struct mime_span *span,
    struct incoming *in, struct err *err)
{
	struct slice part;
	struct buf out;
	int rc;

	buf_init(&out, SIZE_MAX / 2);
	rc = section_read(&out, u->target.section, u->message.fd, span, err);
	if (rc == 0) {
		part = slice_from(buf_slice(&out),
		    u->target.off < out.n ? (size_t)u->target.off : out.n);
		part = slice_sub(part, 0,
		    u->target.len < part.n ? (size_t)u->target.len : part.n);
		incoming_expect(in, part.n, false);
		incoming_write(in, part);
	}
	buf_fini(&out);
	return rc == 0 ? FOUND : TEMPFAIL;
}

/* The structure is known: which bytes are meant. */
static enum found
begin_bytes(struct urlcopy *u, struct incoming *in, struct err *err)
{
	static const struct section all = { .kind = SECTION_ALL };
	const struct section *s =
	    u->target.section != NULL ? u->target.section : &all;
	struct mime_span span;

	u->whole = true;
	if (!section_span(s, u->message.tree->root, &span))
		return ABSENT;
	if (s->kind == SECTION_FIELDS || s->kind == SECTION_FIELDS_NOT)
		return copy_fields(u, &span, in, err);
	body_init(&u->body, u->message.fd, &span, u->target.off, u->target.len);
	incoming_expect(in, u->body.left, false);
	return FOUND;
}

static enum found
prepare(struct urlcopy *u, struct incoming *in, struct err *err)
{
	enum found found = mailread_open(&u->message, err);

	if (found == FOUND)
		found = mailread_tree(&u->message, err);
	if (found == FOUND && !u->message.reading)
		found = begin_bytes(u, in, err);
	return found;
}

static enum found
copy_bytes(struct urlcopy *u, struct incoming *in, struct err *err)
{
	struct buf piece;
	int rc;

	buf_init(&piece, PIECE);
	rc = body_write(&u->body, &piece, err);
	if (rc == 0)
		incoming_write(in, buf_slice(&piece));
	buf_fini(&piece);
	return rc == 0 ? FOUND : TEMPFAIL;
}

enum found
urlcopy_step(
    struct urlcopy *u, struct incoming *in, bool *more, struct err *err)
{
	const enum found found =
	    u->whole ? copy_bytes(u, in, err) : prepare(u, in, err);

	*more =
	    found == FOUND && !in->refused && (!u->whole || u->body.left > 0);
	return found;
}

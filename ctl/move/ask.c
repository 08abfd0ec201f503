/* SPDX-License-Identifier: ISC */
#include "ctl/move/ask.h"

#include <bsd/string.h>

#include "base/utf8.h"

void
move_ask_init(struct move_ask *a, int fd)
{
	a->fd = fd;
	buf_init(&a->packet, IMAP_FRAME_MAX);
	buf_init(&a->out, IMAP_FRAME_MAX);
}

void
move_ask_fini(struct move_ask *a)
{
	buf_fini(&a->packet);
	buf_fini(&a->out);
}

/* What a stranger says, in one line that gives no orders to a terminal. */
static void
told(const struct imap_frame *f, struct err *err)
{
	char text[sizeof err->text];

	if (!slice_copy(slice_sub(f->s, 0, sizeof text - 1), text, sizeof text))
		text[0] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (!utf8_valid(slice_str(text)))
		for (char *p = text; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
	(void)err_set(err, f->n[0] == ERR_PERM ? ERR_PERM : ERR_TEMP, "%s",
	    text[0] != '\0' ? text : "refused");
}

/* FOUND: F is there. */
static enum found
next(struct move_ask *a, struct imap_frame *f, struct err *err)
{
	if (imap_frame_recv(a->fd, &a->packet, f, err) != FOUND)
		return TEMPFAIL;
	if (f->type != IMAP_SAY_FAILED && f->type != IMAP_SAY_REFUSED)
		return FOUND;
	told(f, err);
	return f->type == IMAP_SAY_REFUSED ? ABSENT : TEMPFAIL;
}

int
move_ask_ready(struct move_ask *a, struct err *err)
{
	struct imap_frame f;

	if (next(a, &f, err) != FOUND)
		return -1;
	return f.type == IMAP_SAY_READY
		   ? 0
		   : err_set(err, ERR_TEMP, "the other process is not ready");
}

enum found
move_ask(struct move_ask *a, const struct imap_frame *f,
    int (*on_say)(void *arg, const struct imap_frame *f, struct err *err),
    void *arg, struct err *err)
{
	struct imap_frame answer;
	enum found found;

	if (imap_frame_send(a->fd, &a->out, f, err) == -1)
		return TEMPFAIL;
	while ((found = next(a, &answer, err)) == FOUND) {
		if (answer.type == IMAP_SAY_DONE)
			return FOUND;
		if (on_say(arg, &answer, err) == -1)
			return TEMPFAIL;
	}
	return found;
}

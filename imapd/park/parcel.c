/* SPDX-License-Identifier: ISC */
#include "imapd/park/parcel.h"

#include <sys/socket.h>

#include "ev/deflate.h"
#include "imapd/conn/client.h"
#include "imapd/park/state.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"
#include "store/view_save.h"
#include "sys/fd.h"

enum {
	STATE_MAX = 48 << 10, /* with the rest it fits a frame */
	LINE_MAX = 200,
};

static const char beat[] = "* OK Still here\r\n";
static const char bye[] = "* BYE Autologout; idle for too long\r\n";
static const char stop[] = "* BYE [UNAVAILABLE] temporarily unavailable\r\n";

static const struct stream *
stream_of(const struct session *s)
{
	return &client_of(s)->stream;
}

/* NOTIFY, contexts of searches and "$" stay where they are. */
bool
parcel_can(const struct session *s)
{
	return s->state != S_LOGOUT && s->notify == NULL && s->search == NULL &&
	       client_of(s)->bye == NULL && stream_waiting(stream_of(s)) == 0 &&
	       stream_input(stream_of(s)).n == 0 &&
	       (s->view == NULL || !view_untold(s->view));
}

void
parcel_rest(struct session *s)
{
	imapd_rest(s);
}

/* VIEW and LAYER keep what P points to. */
static bool
describe(const struct session *s, struct park_state *p, struct buf *view,
    struct mailbox_status *st, struct buf *layer)
{
	*p = (struct park_state){ .tag = s->tag,
		.address = slice_str(s->address),
		.returns = s->returns,
		.enabled = s->enabled,
		.commands = client_of(s)->commands,
		.readonly = s->readonly,
		.keywords = s->keywords };
	if (s->view != NULL) {
		if (mailbox_status(view_mailbox(s->view), st, NULL) == -1 ||
		    !view_save(s->view, view))
			return false;
		p->name = mailbox_name(view_mailbox(s->view));
		p->id = slice_str(st->id);
		p->view = buf_slice(view);
	}
	if (stream_of(s)->layer != NULL) {
		if (!deflate_save(stream_of(s), layer))
			return false;
		p->deflate = buf_slice(layer);
	}
	return true;
}

static bool
put_state(const struct session *s, struct buf *out)
{
	struct mailbox_status st;
	struct buf view, layer;
	struct park_state p;
	bool ok;

	buf_init(&view, SIZE_MAX / 2);
	buf_init(&layer, SIZE_MAX / 2);
	ok = describe(s, &p, &view, &st, &layer);
	if (ok)
		park_state_put(&p, out);
	buf_fini(&layer);
	buf_fini(&view);
	return ok && out->n <= STATE_MAX;
}

static void
put_line(bool packed, const char *text, struct buf *out)
{
	if (packed)
		deflate_apart(slice_str(text), out);
	else
		buf_adds(out, text);
}

void
parcel_refuse(int fd, bool packed)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	put_line(packed, stop, &line);
	(void)send(fd, line.p, line.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_fini(&line);
}

bool
parcel_make(const struct session *s, struct parcel *p)
{
	const bool packed = stream_of(s)->layer != NULL;

	buf_init(&p->state, SIZE_MAX / 2);
	buf_init(&p->beat, LINE_MAX);
	buf_init(&p->bye, LINE_MAX);
	buf_init(&p->stop, LINE_MAX);
	p->fd = -1;
	if (parcel_can(s) && put_state(s, &p->state))
		p->fd = fd_dup(stream_of(s)->io.fd);
	if (p->fd == -1) {
		parcel_fini(p);
		return false;
	}
	put_line(packed, beat, &p->beat);
	put_line(packed, bye, &p->bye);
	put_line(packed, stop, &p->stop);
	return true;
}

void
parcel_fini(struct parcel *p)
{
	buf_fini(&p->state);
	buf_fini(&p->beat);
	buf_fini(&p->bye);
	buf_fini(&p->stop);
}

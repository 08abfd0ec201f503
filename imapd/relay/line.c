/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "imapd/relay/guest.h"
#include "imapd/relay/relay.h"
#include "imapd/relay/relay_inner.h"
#include "ipc/pass.h"
#include "ipc/sharing.h"
#include "sys/fd.h"

enum {
	RELAYS_MAX = 8, /* of a session */
	ASK_MS = 20000,
	VISIT_MS = 30000,
};

/* The tag of commands of our own: a client's answer is never looked for while
 * one of them is out. */
static const struct slice own_tag = SLICE("relay ");

static const struct stream_limits limits = {
	.in_max = 64 << 10,
	.out_max = 64 << 20,
	.out_high = 256 << 10,
	.out_low = 64 << 10,
};

static const struct relay_events *events;

void
relay_events(const struct relay_events *e)
{
	events = e;
}

struct relays *
relay_all(const struct session *s)
{
	return client_of(s)->relays;
}

void
relay_free(struct relay *r)
{
	struct relays *all = relay_all(r->session);

	ipc_cancel(&r->call);
	ipc_hangup(&r->peer);
	if (r->gone != NULL)
		*r->gone = true;
	if (r->has_stream)
		stream_close(&r->stream);
	LIST_REMOVE(r, link);
	all->n--;
	if (all->selected == r)
		all->selected = NULL;
	free(r->owner);
	free(r);
}

void
relay_end(struct session *s)
{
	struct relays *all = relay_all(s);

	guest_end(s);
	if (all == NULL)
		return;
	while (!LIST_EMPTY(&all->list))
		relay_free(LIST_FIRST(&all->list));
	xfree(&client_of(s)->relays);
}

/* ---- what comes ---- */

static void
broken(struct relay *r)
{
	struct session *s = r->session;
	const bool selected = relay_all(s)->selected == r;
	const bool mid = r->inside && !r->own;

	relay_free(r);
	events->on_broken(s, selected, mid);
}

/* At the beginning of a line: is it clear what it is?  -1: not a line that can
 * be. */
static int
classify(struct relay *r, struct slice in)
{
	const struct slice tag = r->session->tag;
	const bool whole = slice_find(in, '\n') < in.n;
	const size_t need = r->skip > 0 ? own_tag.n : tag.n + 1;

	if (!whole && in.n < need)
		return 0;
	r->own = r->skip > 0;
	r->last = r->own ? slice_starts(in, own_tag)
			 : slice_starts(in, tag) && in.n > tag.n &&
			       in.p[tag.n] == ' ';
	if (r->last)
		return whole; /* it is taken as a whole */
	if (!slice_starts(in, SLICE("* ")) && in.p[0] != '+')
		return -1;
	if (!whole && in.n < 6)
		return 0;
	return slice_istarts(in, SLICE("* BYE")) ? -1 : 1;
}

static void
keep_tail(struct relay *r, struct slice s)
{
	const size_t n = s.n < sizeof r->tail ? s.n : sizeof r->tail;
	const size_t keep =
	    r->ntail < sizeof r->tail - n ? r->ntail : sizeof r->tail - n;

	memmove(r->tail, r->tail + r->ntail - keep, keep);
	memcpy(r->tail + keep, s.p + s.n - n, n);
	r->ntail = keep + n;
}

/* Behind a line's end: does a literal follow, or the next line? */
static void
end_line(struct relay *r)
{
	const struct slice line = slice_trim(slice_of(r->tail, r->ntail));
	struct literal l;

	r->ntail = 0;
	r->inside = parse_literal(line, &l);
	r->left = r->inside ? l.size : 0;
}

/* The piece at the front of IN; 0: the rest has to come first; -1: no answer.
 */
static int
next_piece(struct relay *r, struct slice in, struct slice *piece)
{
	const size_t at = slice_find(in, '\n');

	if (r->left > 0) {
		*piece =
		    slice_sub(in, 0, r->left < in.n ? (size_t)r->left : in.n);
		r->left -= piece->n;
		return 1;
	}
	if (!r->inside) {
		const int c = classify(r, in);

		if (c != 1)
			return c;
		r->inside = true;
	}
	*piece = slice_sub(in, 0, at + (at < in.n));
	keep_tail(r, *piece);
	if (at < in.n)
		end_line(r);
	return 1;
}

/* R may be gone behind it. */
static int
take(struct relay *r, struct slice *in)
{
	struct slice piece;
	const int c = next_piece(r, *in, &piece);

	if (c != 1)
		return c;
	*in = slice_from(*in, piece.n);
	if (!r->own)
		events->on_piece(r, piece, r->last);
	else if (r->last)
		r->skip--;
	return 1;
}

static void
on_input(struct stream *stream)
{
	struct relay *r = OUTER(stream, struct relay, stream);
	const struct slice all = stream_input(stream);
	struct slice in = all;
	bool gone = false;
	int c = 1;

	r->gone = &gone;
	while (c == 1 && in.n > 0 && !stream->paused) {
		c = take(r, &in);
		if (gone)
			break;
	}
	if (!gone) {
		r->gone = NULL;
		stream_consume(stream, all.n - in.n);
		if (c == -1)
			broken(r);
	}
}

static void
on_drain(struct stream *stream)
{
	events->on_drained(OUTER(stream, struct relay, stream));
}

static void
on_end(struct stream *stream, enum stream_end why)
{
	(void)why;
	broken(OUTER(stream, struct relay, stream));
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

/* ---- its beginning ---- */

static void
refused(struct relay *r, enum found found)
{
	struct session *s = r->session;

	relay_free(r);
	events->on_refused(s, found);
}

static void
on_visited(struct ipc_call *call, struct msg *m)
{
	struct relay *r = OUTER(call, struct relay, call);

	if (m == NULL || !m->imapd_visited.ok) {
		refused(r, TEMPFAIL);
		return;
	}
	ipc_hangup(&r->peer);
	events->on_open(r);
}

/* What is written before the other side has its end waits there. */
static void
on_ticket(struct ipc_call *call, struct msg *m)
{
	struct relay *r = OUTER(call, struct relay, call);
	struct session *s = r->session;
	int pair[2];

	if (m == NULL || m->master_shared.found != FOUND) {
		refused(r, m != NULL && m->master_shared.found == ABSENT
			       ? ABSENT
			       : TEMPFAIL);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1) {
		refused(r, TEMPFAIL);
		return;
	}
	r->peer = ipc_dial(ROLE_IMAPD, m->master_shared.text);
	r->has_stream = true;
	stream_init(&r->stream, pair[0], &handler, &limits);
	stream_pause(&r->stream);
	IPC_CALL(r->peer, &r->call, imapd_visited, on_visited, VISIT_MS,
	    imapd_visit, .client = pair[1], .sid = slice_str(s->sid),
	    .address = slice_str(s->address));
	fd_close(&pair[1]);
}

static struct relay *
relay_new(struct session *s, struct slice owner)
{
	struct relay *r = xcalloc(1, sizeof *r);

	r->session = s;
	r->owner = xslicedup(owner);
	LIST_INSERT_HEAD(&relay_all(s)->list, r, link);
	relay_all(s)->n++;
	return r;
}

static struct relays *
relays(struct session *s)
{
	struct client *c = client_of(s);

	if (c->relays == NULL) {
		c->relays = xcalloc(1, sizeof *c->relays);
		LIST_INIT(&c->relays->list);
	}
	return c->relays;
}

static struct relay *
find(struct session *s, struct slice owner)
{
	struct relay *r;

	LIST_FOREACH(r, &relays(s)->list, link)
	if (slice_is(owner, r->owner))
		return r;
	return NULL;
}

/* The one that was used least recently goes. */
static void
make_room(struct relays *all)
{
	struct relay *r, *oldest = NULL;

	if (all->n < RELAYS_MAX)
		return;
	LIST_FOREACH(r, &all->list, link)
	if (r != all->selected)
		oldest = r;
	if (oldest != NULL)
		relay_free(oldest);
}

void
relay_open(struct session *s, struct slice owner)
{
	const struct user *u = s->user;
	struct relay *r = find(s, owner);

	if (r != NULL) {
		LIST_REMOVE(r, link);
		LIST_INSERT_HEAD(&relay_all(s)->list, r, link);
		events->on_open(r);
		return;
	}
	make_room(relay_all(s));
	r = relay_new(s, owner);
	IPC_CALL(ipc_master(), &r->call, master_shared, on_ticket, ASK_MS,
	    master_sharing, .what = SHARING_VISIT,
	    .account = slice_str(imapd_user_name(u)),
	    .home = slice_str(imapd_user_home(u)), .other = owner);
}

void
relay_say(struct relay *r, const char *text)
{
	stream_write(&r->stream, own_tag);
	stream_write(&r->stream, slice_str(text));
	stream_write(&r->stream, SLICE("\r\n"));
	r->skip++;
}

bool
relay_selected(const struct session *s)
{
	return relay_all(s) != NULL && relay_all(s)->selected != NULL;
}

struct slice
relay_inside(const struct session *s)
{
	return guest_of(s) != NULL ? guest_of(s)->prefix
				   : (struct slice){ NULL, 0 };
}

void
relay_deselect(struct session *s)
{
	struct relays *all = relay_all(s);
	struct relay *r = all != NULL ? all->selected : NULL;

	if (r == NULL)
		return;
	all->selected = NULL;
	if (s->state == S_SELECTED)
		s->state = S_AUTH;
	relay_say(r, "UNSELECT");
}

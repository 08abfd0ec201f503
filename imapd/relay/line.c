/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/cmd/enable.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/relay/relay_inner.h"
#include "imapd/relay/visit.h"
#include "ipc/pass.h"
#include "ipc/sharing.h"
#include "sys/fd.h"

enum {
	RELAYS_MAX = 8, /* of a session */
	ASK_MS = 20000,
	VISIT_MS = 30000,
};

static const struct stream_limits limits = {
	.in_max = 64 << 10,
	.out_max = 64 << 20,
	.out_high = 256 << 10,
	.out_low = 64 << 10,
};

struct relays *
relay_all(const struct session *s)
{
	return client_of(s)->relays;
}

static const struct relay_events *
events_of(const struct relay *r)
{
	return relay_all(r->session)->events;
}

/* Nothing comes from R any more. */
static void
cut_off(struct relay *r)
{
	struct relays *all = relay_all(r->session);

	ipc_cancel(&r->call);
	ipc_hangup(&r->peer);
	if (r->has_stream)
		stream_close(&r->stream);
	LIST_REMOVE(r, link);
	all->n--;
	if (all->selected == r)
		all->selected = NULL;
}

static void
let_go(struct relay *r)
{
	free(r->owner);
	free(r);
}

void
relay_free(struct relay *r)
{
	cut_off(r);
	r->dead = true;
	if (!r->busy)
		let_go(r);
}

void
relay_free_all(struct session *s)
{
	struct relays *all = relay_all(s);

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
	const bool mid = r->reader.inside && !r->reader.own;
	const struct relay_events *events = events_of(r);

	cut_off(r);
	events->on_broken(s, r, selected, mid);
	let_go(r);
}

bool
relay_was_all(struct session *s, bool selected, bool mid)
{
	if (mid)
		imapd_finish(s);
	else if (selected)
		imapd_bye(s, RELAY_LOST);
	return mid || selected;
}

/* R may be gone behind it. */
static enum answer_next
take(struct relay *r, struct slice *in)
{
	struct answer_piece piece;
	const enum answer_next next =
	    answer_next(&r->reader, r->session->tag, *in, &piece);

	if (next != ANSWER_PIECE)
		return next;
	*in = slice_from(*in, piece.bytes.n);
	if (!piece.own)
		events_of(r)->on_piece(r, &piece);
	return next;
}

static void
on_input(struct stream *stream)
{
	struct relay *r = OUTER(stream, struct relay, stream);
	const struct slice all = stream_input(stream);
	struct slice in = all;
	enum answer_next next = ANSWER_PIECE;

	r->busy = true;
	while (!r->dead && next == ANSWER_PIECE && in.n > 0 && !stream->paused)
		next = take(r, &in);
	r->busy = false;
	if (r->dead) {
		let_go(r);
		return;
	}
	stream_consume(stream, all.n - in.n);
	if (next == ANSWER_BROKEN)
		broken(r);
}

static void
on_drain(struct stream *stream)
{
	struct relay *r = OUTER(stream, struct relay, stream);

	events_of(r)->on_drained(r);
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
	const struct relay_events *events = events_of(r);

	relay_free(r);
	events->on_refused(s, found);
}

/* What the client has turned on is turned on there, too. */
static void
opened(struct relay *r)
{
	const unsigned lacks = r->session->enabled & ~r->enabled;
	struct buf text;

	buf_init(&text, 256);
	buf_adds(&text, "ENABLE");
	imapd_put_enabled(&text, lacks);
	if (lacks != 0)
		relay_say(r, buf_cstr(&text));
	buf_fini(&text);
	r->enabled |= lacks;
	events_of(r)->on_open(r);
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
	opened(r);
}

static int
make_pair(int pair[2])
{
	return socketpair(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
}

static void
begin_stream(struct relay *r, int fd)
{
	r->has_stream = true;
	stream_init(&r->stream, fd, &handler, &limits);
	stream_pause(&r->stream);
}

/* What is written before the other side has its end waits there. */
static void
on_ticket(struct ipc_call *call, struct msg *m)
{
	struct relay *r = OUTER(call, struct relay, call);
	const struct session *s = r->session;
	int pair[2];

	if (m == NULL || m->master_shared.found != FOUND) {
		refused(r, m != NULL && m->master_shared.found == ABSENT
			       ? ABSENT
			       : TEMPFAIL);
		return;
	}
	if (make_pair(pair) == -1) {
		refused(r, TEMPFAIL);
		return;
	}
	r->peer = ipc_dial(ROLE_IMAPD, m->master_shared.text);
	begin_stream(r, pair[0]);
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

/* Has the other side ended it?  Between commands nothing is read that would
 * tell. */
static bool
has_ended(const struct relay *r)
{
	struct pollfd p = { .fd = r->stream.io.fd };

	return r->has_stream && poll(&p, 1, 0) == 1 &&
	       (p.revents & (POLLHUP | POLLERR)) != 0;
}

/* One that is over, and has nothing selected, is opened anew. */
static struct relay *
find(struct session *s, struct slice owner)
{
	struct relay *r;

	LIST_FOREACH(r, &relays(s)->list, link)
	if (slice_is(owner, r->owner) && !r->to_self)
		break;
	if (r == NULL || relays(s)->selected == r || !has_ended(r))
		return r;
	relay_free(r);
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
relay_open(
    struct session *s, struct slice owner, const struct relay_events *events)
{
	const struct user *u = s->user;
	struct relay *r = find(s, owner);

	relay_all(s)->events = events;
	if (r != NULL) {
		LIST_REMOVE(r, link);
		LIST_INSERT_HEAD(&relay_all(s)->list, r, link);
		opened(r);
		return;
	}
	make_room(relay_all(s));
	r = relay_new(s, owner);
	IPC_CALL(ipc_master(), &r->call, master_shared, on_ticket, ASK_MS,
	    master_sharing, .what = SHARING_VISIT,
	    .account = slice_str(imapd_user_name(u)),
	    .home = slice_str(imapd_user_home(u)), .other = owner);
}

static void (*begin_visit)(int fd, const struct session *s);

void
relay_to_self(void (*visit)(int fd, const struct session *s))
{
	begin_visit = visit;
}

void
relay_open_self(struct session *s, const struct relay_events *events)
{
	struct relay *r;
	int pair[2];

	relays(s)->events = events;
	make_room(relay_all(s));
	r = relay_new(s, slice_str(imapd_user_name(s->user)));
	r->to_self = true;
	if (make_pair(pair) == -1) {
		refused(r, TEMPFAIL);
		return;
	}
	begin_stream(r, pair[0]);
	begin_visit(pair[1], s);
	opened(r);
}

void
relay_say(struct relay *r, const char *text)
{
	stream_write(&r->stream, answer_own_tag);
	stream_write(&r->stream, slice_str(text));
	stream_write(&r->stream, SLICE("\r\n"));
	r->reader.skip++;
}

void
relay_send(struct relay *r, struct slice text)
{
	stream_write(&r->stream, text);
	stream_write(&r->stream, SLICE("\r\n"));
	stream_resume(&r->stream);
}

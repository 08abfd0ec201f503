/* SPDX-License-Identifier: ISC */
#include "qmgr/run/resolve.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "qmgr/queue/message.h"
#include "qmgr/run/dest.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/expand.h"
#include "qmgr/run/forwarded.h"
#include "qmgr/run/known.h"
#include "qmgr/run/quick.h"
#include "qmgr/run/settle.h"
#include "qmgr/run/source.h"
#include "qmgr/run/unrouted.h"

enum {
	MAX_OPEN = 1024, /* questions under way; more wait here */
	TIMEOUT_MS = 60000,
};

struct resolve {
	struct ipc_call call;
	struct rcpt *rcpt;
	uint64_t generation; /* of what was known when it was asked */
};

static struct {
	size_t open;
	struct rcpt *first; /* waiting, by next_in_batch */
	struct rcpt **last;
	struct ev_task direct; /* those that need no look-up */
	struct rcpt *direct_first;
	struct rcpt **direct_last;
} state;

/* Those of one process are one delivery (dispatch.c, process_for): each account
 * is open in one of them, and a message for many is work for all. */
static struct slice
process_of(struct slice account)
{
	static char name[12];

	snprintf(name, sizeof name, "%u",
	    (unsigned)(map_hash_fixed(account) % ipc_count(ROLE_LOCAL)));
	return slice_str(name);
}

static void
to_mailbox(struct rcpt *r, const struct msg_lookup_found *in)
{
	struct arena *a = &r->message->arena;

	r->account = arena_slice(a, in->address);
	r->home = arena_slice(a, in->home);
	r->extension = arena_slice(a, in->tag);
	r->quota_bytes = in->quota;
	r->quota_messages = in->quota_messages;
	dest_put(ROLE_LOCAL, in->uid, process_of(r->account), r);
}

/* "lmtp:next"; LIKE if that is the same. */
static struct slice
with_transport(struct rcpt *r, const struct msg_lookup_found *in,
    struct slice name, struct slice like)
{
	struct buf text = { .max = 2048 };
	struct slice s;

	buf_add(&text, in->transport);
	buf_addc(&text, ':');
	buf_add(&text, name);
	s = slice_eq(buf_slice(&text), like)
		? like
		: arena_slice(&r->message->arena, buf_slice(&text));
	buf_fini(&text);
	return s;
}

/* In most messages all go to few sites. */
static struct slice
limits_of(struct rcpt *r, struct slice limits)
{
	const struct message *m = r->message;

	if (r->number > 0 && slice_eq(m->rcpts[r->number - 1]->limits, limits))
		return m->rcpts[r->number - 1]->limits;
	return arena_slice(&r->message->arena, limits);
}

static struct slice
site_before(const struct rcpt *r)
{
	return r->number > 0 ? r->message->rcpts[r->number - 1]->site
			     : SLICE("");
}

/* The hosts that are dialled are the destination, so that limits and failures
 * are theirs, whatever domains they serve; where lookup does not know them, the
 * next hop.  It decides who waits for whom and nothing else: where the mail
 * goes, smtp finds by the next hop. */
static void
to_host(struct rcpt *r, const struct msg_lookup_found *in)
{
	const bool leaves = !in->ours && slice_is(in->transport, "smtp");

	if (leaves && forwarded_is_open(r)) {
		unrouted_fail(r, RCPT_DEFERRED, SLICE("4.3.0"),
		    SLICE("no sender can be made to send it on from"));
		return;
	}
	r->nexthop = with_transport(r, in, in->nexthop, SLICE(""));
	r->limits = limits_of(r, in->limits);
	r->forwarded = leaves && forwarded_is(r);
	r->source = source_of_rcpt(r, in->source);
	r->site = in->site.n > 0
		      ? with_transport(r, in, in->site, site_before(r))
		      : r->nexthop;
	if (quick_is(r->site, r->source))
		direct_go_on(r->message);
	else
		direct_save(r->message);
	dest_put(ROLE_SMTP, 0, r->site, r);
}

/* Which one, and whether as this user, pipe looks up itself. */
static void
to_command(struct rcpt *r, const struct msg_lookup_found *in)
{
	r->nexthop = with_transport(r, in, in->nexthop, SLICE(""));
	dest_put(ROLE_PIPE, in->uid, r->nexthop, r);
}

static bool
is_of_pipe(const struct msg_lookup_found *in)
{
	return slice_is(in->transport, "pipe");
}

/* May a client wait for the delivery?  A system user's local may expand. */
static bool
is_direct(const struct msg_lookup_found *in)
{
	return in->kind == LOOKUP_MAILBOX
		   ? in->uid == 0
		   : in->kind == LOOKUP_RELAY && !is_of_pipe(in);
}

static void
take_answer(struct rcpt *r, const struct msg_lookup_found *in)
{
	if (!is_direct(in))
		direct_save(r->message);
	switch (in->kind) {
	case LOOKUP_MAILBOX:
		to_mailbox(r, in);
		return;
	case LOOKUP_ALIAS:
		/* What the aliases table names runs as nobody; lookup reads
		 * strangers' packets and says no uid. */
		settle(r,
		    expand(r, arena_slice(&r->message->arena, in->targets), 0));
		return;
	case LOOKUP_RELAY:
		if (is_of_pipe(in))
			to_command(r, in);
		else
			to_host(r, in);
		return;
	case LOOKUP_DISCARD:
		unrouted_discard(r, in->text);
		return;
	case LOOKUP_HOLD:
		unrouted_hold(r, in->text);
		return;
	case LOOKUP_REFUSE:
		unrouted_fail(r, RCPT_FAILED, in->enhanced, in->text);
		return;
	default:
		unrouted_fail(r, RCPT_DEFERRED, in->enhanced, in->text);
	}
}

static void ask(struct rcpt *r);

static void
ask_waiting(void)
{
	while (state.first != NULL && state.open < MAX_OPEN) {
		struct rcpt *r = state.first;

		state.first = r->next_in_batch;
		if (state.first == NULL)
			state.last = &state.first;
		ask(r);
	}
}

static unsigned
flags_of(const struct rcpt *r)
{
	return LOOKUP_SITE | (r->message->released ? LOOKUP_NO_HOLD : 0) |
	       (slice_is(r->env.target, "\\") ? LOOKUP_NO_ALIAS : 0);
}

/* What leads to a mailbox or a host may be kept: it settles nothing. */
static void
remember(const struct rcpt *r, uint64_t asked, const struct msg *m)
{
	const uint32_t kind = m->lookup_found.kind;

	if (kind == LOOKUP_MAILBOX || kind == LOOKUP_RELAY)
		known_put(r->env.address, flags_of(r), asked, m);
}

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct resolve *q = OUTER(call, struct resolve, call);
	const uint64_t asked = q->generation;
	struct rcpt *r = q->rcpt;

	state.open--;
	free(q);
	r->message->resolving--;
	if (m == NULL) {
		r->message->soon = true;
		unrouted_fail(r, RCPT_DEFERRED, SLICE("4.3.0"),
		    SLICE("lookup is not there"));
	} else {
		remember(r, asked, m);
		take_answer(r, &m->lookup_found);
	}
	dest_resolved();
	ask_waiting();
}

static void
ask(struct rcpt *r)
{
	struct resolve *q = xcalloc(1, sizeof *q);

	q->rcpt = r;
	q->generation = known_generation();
	state.open++;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &q->call, lookup_found, on_found,
	    TIMEOUT_MS, lookup_address, .address = r->env.address,
	    .sender = r->message->env.sender, .login = r->message->env.login,
	    .flags = flags_of(r));
}

/* Did an expansion give R its target, and the uid with it?  A recipient of the
 * envelope has none, and the members of a list are their reader's. */
static bool
is_given(const struct rcpt *r)
{
	const struct message *m = r->message;
	const struct rcpt *parent;

	if (r->number < m->env.nrcpts || r->parent == RCPT_NO_PARENT)
		return false;
	parent = m->rcpts[r->parent];
	if (parent->env.target.n == 0)
		return true;
	return slice_starts(parent->env.target, SLICE(":include:")) &&
	       parent->env.uid == r->env.uid;
}

/* Commands, files and lists go to pipe as they are: it works with all the
 * rights of their owner, and local is confined to his mail. */
static void
on_direct(struct ev_task *task)
{
	struct rcpt *r;

	(void)task;
	while ((r = state.direct_first) != NULL) {
		state.direct_first = r->next_in_batch;
		r->message->resolving--;
		if (is_given(r))
			dest_put(ROLE_PIPE, r->env.uid, SLICE(""), r);
		else
			unrouted_fail(r, RCPT_FAILED, SLICE("5.3.5"),
			    SLICE("no alias, .forward or list names this "
				  "target"));
	}
	state.direct_last = &state.direct_first;
	dest_resolved();
}

static void
append(struct rcpt ***last, struct rcpt *r)
{
	r->next_in_batch = NULL;
	**last = r;
	*last = &r->next_in_batch;
}

/* No command, file or list. */
static bool
is_address(const struct rcpt *r)
{
	return r->env.target.n == 0 || slice_is(r->env.target, "\\");
}

static bool
is_known(struct rcpt *r)
{
	struct msg m;

	if (!is_address(r) || !known_find(r->env.address, flags_of(r), &m))
		return false;
	take_answer(r, &m.lookup_found);
	return true;
}

static void
start(struct rcpt *r)
{
	if (is_known(r))
		return;
	r->message->resolving++;
	if (!is_address(r)) {
		append(&state.direct_last, r);
		ev_task_queue(&state.direct);
	} else if (state.open < MAX_OPEN && state.first == NULL)
		ask(r);
	else
		append(&state.last, r);
}

static void
on_forwarded(struct rcpt *r)
{
	r->message->resolving--;
	start(r);
	dest_resolved();
}

void
resolve_start(struct rcpt *r)
{
	rcpt_enter(r, RCPT_RESOLVING);
	r->site = SLICE("");
	r->forwarded = false;
	if (forwarded_ask(r, on_forwarded))
		r->message->resolving++;
	else
		start(r);
}

void
resolve_on_changed(struct ipc *peer, struct msg *m)
{
	(void)peer;
	(void)m;
	known_forget();
}

void
resolve_forget(const struct ipc *peer)
{
	if (ipc_role(peer) == ROLE_LOOKUP)
		known_forget();
}

void
resolve_init(void)
{
	state.last = &state.first;
	state.direct_last = &state.direct_first;
	ev_task_init(&state.direct, on_direct);
}

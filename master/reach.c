/* SPDX-License-Identifier: ISC */
#include "master/reach.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/frame.h"
#include "ipc/place.h"
#include "ipc/role.h"
#include "ipc/role_facts.h"
#include "log/log.h"
#include "master/admit.h"
#include "master/broker.h"
#include "master/child.h"
#include "master/child_roster.h"
#include "master/isolation.h"
#include "master/master.h"
#include "master/park.h"
#include "master/parked.h"
#include "master/place.h"
#include "master/shares.h"
#include "master/slots.h"

/* Whom PEER may talk to. */
static bool
may_reach(const struct ipc *peer, enum role role)
{
	const struct child *c = ipc_data(peer);

	if (ipc_role(peer) == ROLE_CTL)
		return role < ROLE_CTL && role != ROLE_MASTER;
	if (ipc_role(peer) == ROLE_USER)
		return role < ROLE_COUNT && role_is(role, ROLE_FOR_USERS);
	if (ipc_role(peer) == ROLE_IMAPD && role == ROLE_IMAPD && !shares_on())
		return false;
	return c != NULL && role < ROLE_COUNT && (c->reach & 1U << role) != 0;
}

/* Sessions go to these. */
static bool
needs_ticket(enum role role)
{
	return role < ROLE_COUNT && role_facts(role)->serves == SERVES_ACCOUNT;
}

/* The process that serves A, started if need be. */
static struct child *
find_for(const struct admission *a, const char **why)
{
	const struct slot_key key = { .role = a->role,
		.index = a->index,
		.uid = a->uid,
		.place = slice_str(a->place) };
	const bool alone =
	    isolation_of(&master.isolations, a->role) == ISOLATION_ACCOUNT;

	return child_find(&key, alone ? a->account : "", true, why);
}

/* For ACCOUNT with HOME: whose process of A's role it is; false: of none. */
static bool
admission_for(struct admission *a, struct slice account, struct slice home)
{
	struct slice place;

	if (!needs_ticket(a->role) || !place_ok(home) ||
	    child_count(a->role) == 0)
		return false;
	place = place_of(
	    home, (enum isolation)isolation_of(&master.isolations, a->role));
	if (place.n == 0)
		a->index =
		    (unsigned)(map_hash_fixed(account) % child_count(a->role));
	a->account = xslicedup(account);
	a->home = xslicedup(home);
	a->place = xslicedup(place);
	return true;
}

/* What auth says to *A; false when it cannot be. */
static bool
admission_of(const struct msg_master_admit *in, struct admission *a)
{
	*a = (struct admission){ .role = (enum role)in->role,
		.login = in->login,
		.uid = in->uid,
		.quota = { in->quota, in->quota_messages } };
	if (in->ticket.n != sizeof a->ticket)
		return false;
	memcpy(a->ticket, in->ticket.p, sizeof a->ticket);
	return true;
}

/* What parking's TICKET stands for; it counts again, until parking says that
 * the session is gone.  NULL: nothing. */
static struct admission *
admission_of_parked(struct slice ticket, enum role role)
{
	const struct parked *p = parked_find(ticket);
	struct admission *a;

	if (p == NULL || role != ROLE_IMAPD)
		return NULL;
	a = xcalloc(1, sizeof *a);
	a->role = role;
	a->uid = p->uid;
	a->quota = parked_quota(p);
	if (!admission_for(a, slice_str(p->account), slice_str(p->home)))
		admit_free(&a);
	return a;
}

static unsigned
visitor(const struct ipc *peer)
{
	const struct child *c = ipc_data(peer);

	return ADMIT_VISITOR | (c != NULL ? (unsigned)c->pid : 0);
}

static void
connect_by_ticket(struct ipc *peer, const struct msg_master_connect *in)
{
	struct admission *a = NULL;
	const char *why = "invalid ticket";
	struct child *c = NULL;

	if (ipc_role(peer) == ROLE_PARKING)
		a = admission_of_parked(in->ticket, (enum role)in->role);
	else if (ipc_role(peer) == ROLE_IMAPD)
		a = admit_take(in->ticket, visitor(peer), (enum role)in->role,
		    ev_now_ms());
	else if (ipc_role(peer) == ROLE_LOGIN || ipc_role(peer) == ROLE_HTTPD)
		a = admit_take(in->ticket, ipc_index(peer), (enum role)in->role,
		    ev_now_ms());
	if (a == NULL)
		log_warn("broker.ticket-invalid",
		    kv_s("peer", role_name(ipc_role(peer))),
		    kv_u("index", ipc_index(peer)),
		    kv_s("wanted", role_name((enum role)in->role)));
	else
		c = find_for(a, &why);
	if (c == NULL)
		broker_refuse(peer, in->id, why);
	else
		broker_connect(peer, in->id, c, &a);
	admit_free(&a);
}

void
reach_on_connect(struct ipc *peer, struct msg *m)
{
	const struct msg_master_connect *in = &m->master_connect;
	const enum role role = (enum role)in->role;
	const struct slot_key key = {
		.role = role, .index = in->index, .uid = in->uid
	};
	struct admission *none = NULL;
	const char *why = "";
	struct child *c;

	if (!may_reach(peer, role)) {
		log_warn("broker.refused",
		    kv_s("peer", role_name(ipc_role(peer))),
		    kv_s("wanted", role_name(role)));
		broker_refuse(peer, in->id, "not declared in reach");
		return;
	}
	if (needs_ticket(role)) {
		connect_by_ticket(peer, in);
		return;
	}
	c = child_find(&key, "", true, &why);
	if (c == NULL)
		broker_refuse(peer, in->id, why);
	else if ((why = broker_why_not(peer, c)) != NULL)
		broker_refuse(peer, in->id, why);
	else
		broker_connect(peer, in->id, c, &none);
}

bool
reach_admit(struct admission *a, struct slice account, struct slice home,
    const char **why)
{
	bool ok = false;

	if (!admission_for(a, account, home))
		return false;
	ok = find_for(a, why) != NULL;
	parked_set_quota(home, &a->quota);
	if (ok)
		admit_put(a, ev_now_ms());
	free(a->account);
	free(a->home);
	free(a->place);
	return ok;
}

/* The process is started at once, while auth still tells login. */
void
reach_on_admit(struct ipc *peer, struct msg *m)
{
	const struct msg_master_admit *in = &m->master_admit;
	const char *why = "this account has no directory that could be its own";
	struct admission a;
	bool ok = false;

	if (admission_of(in, &a)) {
		a.address = xslicedup(in->address);
		ok = reach_admit(&a, in->account, in->home, &why);
		free(a.address);
	}
	IPC_SEND(peer, master_admitted, .id = in->id, .ok = ok,
	    .why = slice_str(ok ? "" : why));
}

/* The process of ROLE that has the sessions of an account, if it runs and is
 * not FROM, who said so. */
static void
tell_changed(enum role role, const struct child *from,
    const struct msg_master_changed *in)
{
	struct slot_key key = { .role = role, .uid = from->uid };
	const struct child *c;
	const char *why;

	key.place = place_of(
	    in->home, (enum isolation)isolation_of(&master.isolations, role));
	if (key.place.n == 0)
		key.index = (unsigned)map_hash_fixed(in->account);
	c = child_find(&key, "", false, &why);
	if (c != NULL && c != from && c->state == CHILD_READY &&
	    c->peer != NULL)
		IPC_SEND(c->peer, store_changed, .home = in->home);
}

/* Who refuses mail for full mailboxes hears of one that was emptied; from who
 * has that account alone, for what others say is not known to be true. */
static void
tell_lookup(const struct child *from, const struct msg_master_changed *in)
{
	const struct slot_key key = { .role = ROLE_LOOKUP };
	const struct child *c;
	const char *why;

	if (!in->counted || from->account[0] == '\0')
		return;
	c = child_find(&key, "", false, &why);
	if (c != NULL && c->state == CHILD_READY && c->peer != NULL)
		IPC_SEND(c->peer, lookup_holds, .uid = from->uid,
		    .account = slice_str(from->account), .bytes = in->bytes,
		    .messages = in->messages);
}

/* From who changes mail: only of its own uid, and of its place. */
void
reach_on_changed(struct ipc *peer, struct msg *m)
{
	const struct msg_master_changed *in = &m->master_changed;
	const struct child *from = ipc_data(peer);
	struct slice rest;

	if (from == NULL || !place_ok(in->home) ||
	    !place_rest(slice_str(from->place), in->home, &rest))
		return;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (needs_ticket((enum role)r) &&
		    msg_may_receive((enum role)r, MSG_store_changed))
			tell_changed((enum role)r, from, in);
	park_changed(in->home);
	tell_lookup(from, in);
}

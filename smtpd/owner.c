/* SPDX-License-Identifier: ISC */
#include "smtpd/owner.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "dmarc/from.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "mime/addrlist.h"
#include "mime/header.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtpd/conf.h"

enum {
	HEADER_MAX = 256 << 10,
	AUTHORS_MAX = 32,
	ASK_MS = 60 * 1000,
	REPLY_MAX = 480,
	SHOWN = 150, /* bytes of an address in a reply */
};

struct smtpd_owner {
	struct ipc_call call;
	struct ev_timer
	    at_once; /* for an answer that nobody need be asked for */
	struct arena *arena;
	const char *login;
	struct buf head;
	bool ended;
	struct buf addresses; /* lines */
	const char *fault;    /* static */
	struct slice foreign; /* in the arena */
	bool as_made;
	const char *qid; /* as long as it is asked about */
	void (*then)(void *arg, const char *refusal);
	void *arg;
};

struct smtpd_owner *
smtpd_owner_new(const char *login, struct arena *arena)
{
	struct smtpd_owner *o = xcalloc(1, sizeof *o);

	o->login = login;
	o->arena = arena;
	buf_init(&o->head, HEADER_MAX);
	buf_init(&o->addresses, (AUTHORS_MAX + 1) * (ADDRESS_MAX + 1));
	return o;
}

void
smtpd_owner_free(struct smtpd_owner **p)
{
	struct smtpd_owner *o = *p;

	*p = NULL;
	if (o == NULL)
		return;
	ipc_cancel(&o->call);
	if (o->then != NULL)
		ev_timer_stop(&o->at_once);
	buf_fini(&o->head);
	buf_fini(&o->addresses);
	free(o);
}

/* ---- the header ---- */

void
smtpd_owner_add(struct smtpd_owner *o, struct slice bytes)
{
	if (!o->ended)
		buf_add(&o->head, bytes);
}

/* Every domain that a reader might be shown is that of an address here. */
static bool
shows_no_other(const struct dmarc_from *from, const struct addrlist_item *list)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct addrlist_item *a = list;

		while (
		    a != NULL && (a->kind != ADDRLIST_MAILBOX ||
				     !domain_same(a->host, from->domains[i])))
			a = a->next;
		if (a == NULL)
			return false;
	}
	return true;
}

/* As each stands there: with blanks or comments in it ("me+ you@here"), or a
 * route, a reader may take a part of it for the address. */
static bool
add_authors(struct smtpd_owner *o, const struct addrlist_item *list)
{
	bool ok = true;

	for (; list != NULL && ok; list = list->next) {
		if (list->kind != ADDRLIST_MAILBOX)
			continue;
		ok = list->route.p == NULL &&
		     address_parse(list->spec, ADDRESS_UTF8, &o->addresses);
		buf_addc(&o->addresses, '\n');
	}
	return ok && !o->addresses.failed;
}

static void
read_authors(struct smtpd_owner *o)
{
	struct dmarc_from from;
	struct header_field f;
	const struct addrlist_item *list;

	dmarc_from_find(buf_slice(&o->head), o->arena, &from);
	if (from.state == DMARC_FROM_ABSENT)
		return; /* smtpd adds one of the sender */
	if (from.state == DMARC_FROM_SEVERAL) {
		o->fault = "550 5.7.1 There is more than one From field";
		return;
	}
	o->fault = "550 5.7.1 The From field is malformed or ambiguous";
	if (from.state != DMARC_FROM_GOOD ||
	    !header_find(buf_slice(&o->head), "From", &f))
		return;
	list = addrlist_parse(o->arena, f.value, AUTHORS_MAX);
	if (shows_no_other(&from, list) && add_authors(o, list))
		o->fault = NULL;
}

void
smtpd_owner_end(struct smtpd_owner *o)
{
	o->ended = true;
	if (o->head.failed)
		o->fault = "554 5.6.0 The header is too long";
	else
		read_authors(o);
	buf_fini(&o->head);
}

/* ---- whose they are ---- */

static void
say(struct smtpd_owner *o, const char *refusal)
{
	if (refusal != NULL && refusal[0] != '4' &&
	    smtpd_conf->sender_login == SMTPD_SENDER_LOGIN_LOG) {
		log_warn("mail.sender-mismatch", kv_s("qid", o->qid),
		    kv_s("account", o->login), kv_s("why", refusal));
		refusal = NULL;
	}
	o->then(o->arg, refusal);
}

static void
on_at_once(struct ev_timer *t)
{
	struct smtpd_owner *o = OUTER(t, struct smtpd_owner, at_once);

	say(o, o->fault);
}

/* Can the login's own address take the place of others? */
static bool
is_address(const char *login)
{
	struct buf address = { .max = ADDRESS_MAX };
	const bool is =
	    address_parse(slice_str(login), ADDRESS_UTF8, &address) &&
	    slice_is(buf_slice(&address), login);

	buf_fini(&address);
	return is;
}

/* The reply, unless they are to be replaced. */
static const char *
refuse_foreign(struct smtpd_owner *o)
{
	const struct slice first =
	    slice_sub(o->foreign, 0, slice_find(o->foreign, '\n'));
	const struct slice a = slice_sub(first, 0, SHOWN);
	struct buf text = { .max = REPLY_MAX };
	const char *reply;

	if (smtpd_conf->sender_login == SMTPD_SENDER_LOGIN_REWRITE &&
	    is_address(o->login))
		return NULL;
	buf_addf(&text,
	    "550 5.7.1 Sender address rejected: %.*s is not one of %.*s",
	    SLICE_FMT(a), SHOWN, o->login);
	o->foreign = SLICE("");
	reply = arena_str(o->arena, buf_slice(&text));
	buf_fini(&text);
	return reply;
}

static void
on_owned(struct ipc_call *call, struct msg *m)
{
	struct smtpd_owner *o = OUTER(call, struct smtpd_owner, call);
	const struct msg_lookup_owned_by *in =
	    m != NULL ? &m->lookup_owned_by : NULL;

	if (in == NULL || in->found >= TEMPFAIL) {
		say(o, "451 4.3.0 Temporary lookup failure");
		return;
	}
	o->as_made = in->rewritten;
	if (in->found == FOUND) {
		say(o, NULL);
		return;
	}
	o->foreign = arena_slice(o->arena, in->address);
	say(o, refuse_foreign(o));
}

struct slice
smtpd_owner_foreign(const struct smtpd_owner *o, bool *as_made)
{
	*as_made = o->as_made;
	return o->foreign;
}

void
smtpd_owner_ask(struct smtpd_owner *o, struct slice sender, const char *qid,
    void (*then)(void *arg, const char *refusal), void *arg)
{
	o->qid = qid;
	o->then = then;
	o->arg = arg;
	ev_timer_init(&o->at_once, on_at_once);
	buf_add(&o->addresses, sender);
	if (o->fault != NULL || buf_slice(&o->addresses).n == 0) {
		ev_timer_set(&o->at_once, 0);
		return;
	}
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &o->call, lookup_owned_by,
	    on_owned, ASK_MS, lookup_owned, .login = slice_str(o->login),
	    .addresses = buf_slice(&o->addresses));
}

/* SPDX-License-Identifier: ISC */
#include "qmgr/run/eventletter.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/lookup.h"
#include "ipc/pass.h"
#include "ipc/place.h"
#include "ipc/role.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/run/letterfile.h"
#include "qmgr/run/letterhead.h"
#include "qmgr/run/letterlimit.h"

enum {
	LOOKUP_MS = 20000,
	HEAD_MORE = 1 << 20, /* what a script may add to a message */
	HOPS_MAX = 100,      /* as smtpd's max_received is preset */
};

/* One of each channel. */
struct event_letter {
	LIST_ENTRY(event_letter) link;
	struct letterfile_owner owner;
	struct letterfile *file; /* NULL: not begun, or all is said */
	struct ipc *peer;        /* NULL: gone */
	uint64_t id;             /* of what is to be answered; 0: nothing */
	struct ipc_call call;
	char *account, *to;
	enum job_letter kind;
	bool stays;
	int64_t left; /* bytes that may still come */
	struct letterhead_hops hops;
};

static LIST_HEAD(, event_letter) letters = LIST_HEAD_INITIALIZER(letters);

static struct event_letter *
find(const struct ipc *peer)
{
	struct event_letter *l;

	LIST_FOREACH(l, &letters, link)
	if (l->peer == peer)
		return l;
	return NULL;
}

static void
letter_free(struct event_letter *l)
{
	LIST_REMOVE(l, link);
	ipc_cancel(&l->call);
	letterfile_drop(&l->file);
	free(l->account);
	free(l->to);
	free(l);
}

static void
say(struct ipc *peer, uint64_t id, bool permanent, const char *why)
{
	IPC_SEND(peer, letter_taken, .id = id, .ok = why == NULL,
	    .permanent = permanent, .why = slice_str(why));
}

/* WHY NULL: so far all is well. */
static void
answer(struct event_letter *l, bool permanent, const char *why)
{
	const uint64_t id = l->id;

	l->id = 0;
	if (l->peer != NULL)
		say(l->peer, id, permanent, why);
}

static void
refuse(struct event_letter *l, bool permanent, const char *why)
{
	struct slice rest;

	log_warn("mail.imapsieve-not-sent", kv_s("account", l->account),
	    kv_slice("to", slice_cut(slice_str(l->to), '\n', &rest)),
	    kv_s("why", why));
	answer(l, permanent, why);
	letter_free(l);
}

/* ---- its beginning ---- */

static void
on_done(struct letterfile_owner *o, bool ok, const char *why)
{
	struct event_letter *l = OUTER(o, struct event_letter, owner);

	if (!ok) {
		refuse(l, false, why);
		return;
	}
	answer(l, false, NULL);
	letter_free(l);
}

static void
begin(struct event_letter *l)
{
	const struct letterfile_event e = { slice_str(l->account),
		slice_str(l->to), l->kind, l->stays };
	struct err err = { 0 };

	if (!letterlimit_take(e.account, letterlimit_count(e.to),
		qmgr_conf->script_recipients, qmgr_conf->script_time,
		ev_now_ms())) {
		/* it would be a long time to wait for its turn */
		refuse(l, true,
		    "the account's scripts have sent too much of late");
		return;
	}
	l->owner.done = on_done;
	l->file = letterfile_open(&l->owner, &e, &err);
	if (l->file == NULL)
		refuse(l, err.class == ERR_PERM, err.text);
	else
		answer(l, false, NULL);
}

/* Is L's account one whose mail that process has? */
static bool
has_account(const struct event_letter *l, const struct msg_lookup_found *f)
{
	const struct ipc_pass *pass = ipc_pass(l->peer);
	const struct slice place = pass != NULL ? pass->home : SLICE("");
	struct slice rest;

	return f->kind == LOOKUP_MAILBOX && f->tag.n == 0 &&
	       slice_iis(f->address, l->account) &&
	       f->uid == ipc_uid(l->peer) && place_rest(place, f->home, &rest);
}

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct event_letter *l = OUTER(call, struct event_letter, call);

	if (m == NULL || m->lookup_found.kind == LOOKUP_TEMPFAIL)
		refuse(l, false, "the account cannot be looked up");
	else if (!has_account(l, &m->lookup_found))
		refuse(l, true, "that is no account of the process");
	else
		begin(l);
}

/* A process that has one account has no other; of one that has more, lookup
 * knows whose are there. */
static void
check_account(struct event_letter *l)
{
	const struct ipc_pass *pass = ipc_pass(l->peer);

	if (pass == NULL || pass->account.n == 0)
		IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &l->call, lookup_found,
		    on_found, LOOKUP_MS, lookup_address,
		    .address = slice_str(l->account), .flags = LOOKUP_NO_ALIAS);
	else if (slice_is(pass->account, l->account))
		begin(l);
	else
		refuse(l, true, "that is no account of the process");
}

void
eventletter_on_begin(struct ipc *peer, struct msg *m)
{
	const struct msg_letter_begin *in = &m->letter_begin;
	struct event_letter *l = find(peer);

	if (in->kind != JOB_LETTER_REDIRECT && in->kind != JOB_LETTER_NOTICE) {
		say(peer, in->id, true, "no such letter can be");
		return;
	}
	if (l != NULL && l->id != 0) {
		say(peer, in->id, false, "the one before is under way");
		return;
	}
	if (l != NULL)
		letter_free(l);
	l = xcalloc(1, sizeof *l);
	l->peer = peer;
	l->id = in->id;
	l->account = xslicedup(in->account);
	l->to = xslicedup(in->to);
	l->kind = (enum job_letter)in->kind;
	l->stays = in->stays;
	l->left = qmgr_conf->shared.message_size_limit + HEAD_MORE;
	LIST_INSERT_HEAD(&letters, l, link);
	check_account(l);
}

/* ---- its bytes ---- */

/* NULL: they are taken. */
static const char *
put(struct event_letter *l, struct slice bytes, struct err *err)
{
	l->left -= (int64_t)bytes.n;
	if (l->left < 0)
		return "it is too large";
	if (letterhead_count(&l->hops, bytes) > HOPS_MAX)
		return "too many hops: the message is in a loop";
	return letterfile_write(l->file, bytes, err) == -1 ? err->text : NULL;
}

void
eventletter_on_bytes(struct ipc *peer, struct msg *m)
{
	const struct msg_letter_bytes *in = &m->letter_bytes;
	struct event_letter *l = find(peer);
	struct err err = { 0 };
	const char *why;

	if (l == NULL || l->id != 0 || l->file == NULL) {
		say(peer, in->id, true, "no such letter can be");
		return;
	}
	l->id = in->id;
	why = put(l, in->bytes, &err);
	if (why != NULL)
		refuse(l, err.class == ERR_NONE, why);
	else if (in->last)
		letterfile_end(&l->file);
	else
		answer(l, false, NULL);
}

void
eventletter_forget(const struct ipc *peer)
{
	struct event_letter *l = find(peer);

	if (l == NULL)
		return;
	/* What is being made durable goes on. */
	l->peer = NULL;
	if (l->id == 0 || l->file != NULL || ipc_calling(&l->call))
		letter_free(l);
}

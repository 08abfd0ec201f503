/* SPDX-License-Identifier: ISC */
/*
 * Nobody says himself who he is.  A process that has one account asks for that;
 * of one that has more, what it says is compared with what lookup says: the
 * account has that home, in a place of the process's own.  Of an owner lookup
 * says where his mail is.  Whether a visitor is told of a mailbox is for the
 * owner's process to decide.
 */
#include "master/sharing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/queue.h>

#include <bsd/stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/quota.h"
#include "base/slice.h"
#include "ipc/lookup.h"
#include "ipc/place.h"
#include "ipc/role.h"
#include "ipc/sharing.h"
#include "log/log.h"
#include "master/admit.h"
#include "master/child.h"
#include "master/child_roster.h"
#include "master/place.h"
#include "master/reach.h"
#include "master/shares.h"
#include "master/slots.h"
#include "shares/shares.h"

enum {
	LOOKUP_MS = 10000,
	OWNERS_BYTES = 8 << 20,
	PAGE_BYTES = 56 << 10, /* of them, in a message */
	ASKINGS_MAX = 1000,    /* of all processes; beyond it: try again */
};

struct asking {
	TAILQ_ENTRY(asking) link;
	struct ipc *peer;
	uint64_t id;
	enum sharing_what what;
	char *account;
	char *home;
	char *other;
	char *groups; /* of account, a line for each */
	int64_t since_us;
	struct ipc_call call;
};

static TAILQ_HEAD(, asking) askings = TAILQ_HEAD_INITIALIZER(askings);
static unsigned naskings;

static void
asking_free(struct asking *a)
{
	ipc_cancel(&a->call);
	TAILQ_REMOVE(&askings, a, link);
	naskings--;
	free(a->account);
	free(a->home);
	free(a->other);
	free(a->groups);
	free(a);
}

static void
answer(struct asking *a, enum found found, struct slice text)
{
	IPC_SEND(a->peer, master_shared, .id = a->id, .found = (uint32_t)found,
	    .text = text);
	asking_free(a);
}

static void
answer_found(struct asking *a, enum found found, const struct err *err)
{
	if (found == TEMPFAIL)
		log_err("sharing.failed", kv_s("account", a->account),
		    kv_s("why", err->text));
	answer(a, found, (struct slice){ NULL, 0 });
}

static struct slice
domain_of(struct slice address)
{
	return slice_from(address, slice_rfind(address, '@') + 1);
}

static bool
same_domain(struct slice a, struct slice b)
{
	return slice_ieq(domain_of(a), domain_of(b));
}

/* May somebody of one domain have to do with somebody of the other? */
static bool
may_meet(struct slice a, struct slice b)
{
	return shares_abroad() || same_domain(a, b);
}

/* ---- who is who ---- */

static void
look_up(struct asking *a, const char *address, unsigned flags,
    void (*on_reply)(struct ipc_call *call, struct msg *m))
{
	const struct slot_key key = { .role = ROLE_LOOKUP };
	const char *why;
	const struct child *c = child_find(&key, "", false, &why);

	if (c == NULL || c->state != CHILD_READY || c->peer == NULL) {
		answer(a, TEMPFAIL, (struct slice){ NULL, 0 });
		return;
	}
	IPC_CALL(c->peer, &a->call, lookup_found, on_reply, LOOKUP_MS,
	    lookup_address, .address = slice_str(address),
	    .flags = LOOKUP_NO_ALIAS | flags);
}

/* The account ADDRESS itself, nothing that leads to it. */
static enum found
is_account(const struct msg *m, const char *address)
{
	const struct msg_lookup_found *f;

	if (m == NULL || m->lookup_found.kind == LOOKUP_TEMPFAIL)
		return TEMPFAIL;
	f = &m->lookup_found;
	return f->kind == LOOKUP_MAILBOX && f->tag.n == 0 &&
		       slice_iis(f->address, address)
		   ? FOUND
		   : ABSENT;
}

/* ---- what is asked ---- */

/* Where it is written; NULL: nowhere. */
static const char *
state(struct err *err)
{
	if (shares_state() == NULL)
		err_set(err, ERR_TEMP, "no state directory");
	return shares_state();
}

static enum found
shares(struct asking *a, struct slice owner, struct err *err)
{
	const struct slice account = slice_str(a->account);
	struct shares_name name = { SHARES_USER, account };
	struct slice groups = slice_str(a->groups);
	enum found f;

	if (state(err) == NULL)
		return TEMPFAIL;
	f = shares_has(state(err), owner, &name, err);
	if (f == ABSENT && same_domain(owner, account)) {
		name =
		    (struct shares_name){ SHARES_ANYONE, domain_of(account) };
		f = shares_has(state(err), owner, &name, err);
	}
	while (f == ABSENT && groups.n > 0) {
		name = (struct shares_name){ SHARES_GROUP,
			slice_cut(groups, '\n', &groups) };
		f = shares_has(state(err), owner, &name, err);
	}
	return f;
}

static void
on_owner(struct ipc_call *call, struct msg *m)
{
	struct asking *a = OUTER(call, struct asking, call);
	const struct child *from = ipc_data(a->peer);
	const enum found f = is_account(m, a->other);
	struct admission in = {
		.role = ROLE_IMAPD, .guest = a->account, .groups = a->groups
	};
	const char *why = "";

	if (f != FOUND || from == NULL || !admit_has_room()) {
		answer(a, f == FOUND ? TEMPFAIL : f, (struct slice){ NULL, 0 });
		return;
	}
	in.login = ADMIT_VISITOR | (unsigned)from->pid;
	in.uid = m->lookup_found.uid;
	in.quota = (struct quota){ m->lookup_found.quota,
		m->lookup_found.quota_messages };
	arc4random_buf(in.ticket, sizeof in.ticket);
	if (reach_admit(
		&in, m->lookup_found.address, m->lookup_found.home, &why))
		answer(a, FOUND, slice_of(in.ticket, sizeof in.ticket));
	else
		answer(a, TEMPFAIL, (struct slice){ NULL, 0 });
}

/* Unknown, and not willing to share, look the same. */
static void
visit(struct asking *a)
{
	const struct slice owner = slice_str(a->other);
	struct err err = { 0 };
	enum found f = ABSENT;

	if (may_meet(slice_str(a->account), owner))
		f = shares(a, owner, &err);
	if (f == FOUND)
		look_up(a, a->other, 0, on_owner);
	else
		answer_found(a, f, &err);
}

/* What LINE names, as far as ACCOUNT may share with that. */
static bool
read_name(struct slice account, struct slice line, struct shares_name *name)
{
	return shares_read(line, name) &&
	       (name->kind == SHARES_ANYONE
		       ? slice_ieq(name->name, domain_of(account))
		       : may_meet(account, name->name));
}

static void
answer_noted(struct asking *a, int rc, const struct err *err)
{
	if (rc == 0)
		answer(a, FOUND, (struct slice){ NULL, 0 });
	else if (err->class == ERR_PERM)
		answer(a, ABSENT, (struct slice){ NULL, 0 });
	else
		answer_found(a, TEMPFAIL, err);
}

static void
grant(struct asking *a)
{
	const struct slice account = slice_str(a->account);
	struct slice line = slice_str(a->other);
	struct shares_name name;
	struct err err = { 0 };
	int rc = 0;

	line = slice_cut(line, '\n', &line);
	if (read_name(account, line, &name))
		rc = state(&err) != NULL
			 ? shares_add(state(&err), account, &name, &err)
			 : -1;
	answer_noted(a, rc, &err);
}

/* More lines than there can be names are no answer to anything. */
static void
only(struct asking *a)
{
	const struct slice account = slice_str(a->account);
	struct slice lines = slice_str(a->other);
	struct shares_name *v = xcalloc(SHARES_MAX, sizeof *v);
	struct err err = { 0 };
	size_t n = 0, nlines = 0;
	int rc = -1;

	for (; lines.n > 0 && nlines < SHARES_MAX; nlines++)
		n += read_name(account, slice_cut(lines, '\n', &lines), &v[n]);
	if (lines.n > 0)
		err_set_code(&err, ERR_PERM, ERR_LIMIT, "too many names");
	else if (state(&err) != NULL)
		rc = shares_keep(state(&err), account, v, n, a->since_us, &err);
	xfree(&v);
	answer_noted(a, rc, &err);
}

static int
by_name(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* Those of NAMES (lines in any order) behind AFTER, each once, in order, as
 * many as OUT takes. */
static void
put_page(struct buf *out, struct slice names, struct slice after)
{
	struct slice *v;
	size_t n = 0;

	for (size_t i = 0; i < names.n; i++)
		n += names.p[i] == '\n';
	v = xcalloc(n + 1, sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i] = slice_cut(names, '\n', &names);
	qsort(v, n, sizeof *v, by_name);
	for (size_t i = 0; i < n; i++) {
		if (slice_cmp(v[i], after) <= 0)
			continue;
		if (v[i].n + 1 > out->max - out->n)
			break;
		buf_add(out, v[i]);
		buf_addc(out, '\n');
		after = v[i];
	}
	xfree(&v);
}

/* Those that share with A's account, by whatever it is. */
static int
all_owners(const struct asking *a, struct buf *names, struct err *err)
{
	const struct slice account = slice_str(a->account);
	struct shares_name name = { SHARES_USER, account };
	struct slice groups = slice_str(a->groups);
	int rc;

	if (state(err) == NULL)
		return -1;
	rc = shares_owners(state(err), &name, names, err);
	name = (struct shares_name){ SHARES_ANYONE, domain_of(account) };
	if (rc == 0)
		rc = shares_owners(state(err), &name, names, err);
	while (rc == 0 && groups.n > 0) {
		name = (struct shares_name){ SHARES_GROUP,
			slice_cut(groups, '\n', &groups) };
		rc = shares_owners(state(err), &name, names, err);
	}
	return rc;
}

static void
owners(struct asking *a)
{
	struct err err = { 0 };
	struct buf names, page;
	int rc;

	buf_init(&names, OWNERS_BYTES);
	buf_init(&page, PAGE_BYTES);
	rc = all_owners(a, &names, &err);
	put_page(&page, buf_slice(&names), slice_str(a->other));
	if (rc == 0)
		answer(a, FOUND, buf_slice(&page));
	else
		answer_found(a, TEMPFAIL, &err);
	buf_fini(&names);
	buf_fini(&page);
}

/* Whose process asks is known. */
static void
begin(struct asking *a)
{
	switch (a->what) {
	case SHARING_VISIT:
		visit(a);
		break;
	case SHARING_GRANT:
		grant(a);
		break;
	case SHARING_ONLY:
		only(a);
		break;
	case SHARING_OWNERS:
		owners(a);
		break;
	}
}

static void
on_account(struct ipc_call *call, struct msg *m)
{
	struct asking *a = OUTER(call, struct asking, call);
	const struct child *from = ipc_data(a->peer);
	enum found f = is_account(m, a->account);

	if (f == FOUND && (from == NULL || m->lookup_found.uid != from->uid ||
			      !slice_is(m->lookup_found.home, a->home)))
		f = ABSENT;
	if (f == FOUND) {
		free(a->groups);
		a->groups = xslicedup(m->lookup_found.groups);
	}
	/* Of a process with one account it is known whose it is. */
	if (f == FOUND ||
	    (f == ABSENT && from != NULL && from->account[0] != '\0'))
		begin(a);
	else
		answer(a, f, (struct slice){ NULL, 0 });
}

/* Does it matter in which groups the account is? */
static bool
asks_groups(enum sharing_what what)
{
	return what == SHARING_VISIT || what == SHARING_OWNERS;
}

void
sharing_on_ask(struct ipc *peer, struct msg *m)
{
	const struct msg_master_sharing *in = &m->master_sharing;
	const struct child *from = ipc_data(peer);
	struct slice rest;
	struct asking *a;

	if (!shares_on() || from == NULL || in->what > SHARING_OWNERS ||
	    !place_ok(in->home) ||
	    !place_rest(slice_str(from->place), in->home, &rest)) {
		IPC_SEND(peer, master_shared, .id = in->id, .found = ABSENT);
		return;
	}
	if (naskings >= ASKINGS_MAX) {
		IPC_SEND(peer, master_shared, .id = in->id, .found = TEMPFAIL);
		return;
	}
	a = xcalloc(1, sizeof *a);
	naskings++;
	a->peer = peer;
	a->id = in->id;
	a->what = (enum sharing_what)in->what;
	a->account = from->account[0] != '\0' ? xstrdup(from->account)
					      : xslicedup(in->account);
	a->home = xslicedup(in->home);
	a->other = xslicedup(in->other);
	a->since_us = (int64_t)MIN(in->since_us, (uint64_t)INT64_MAX);
	TAILQ_INSERT_TAIL(&askings, a, link);
	if (from->account[0] == '\0' || asks_groups(a->what))
		look_up(a, a->account, asks_groups(a->what) ? LOOKUP_MEMBER : 0,
		    on_account);
	else
		begin(a);
}

void
sharing_forget(const struct ipc *peer)
{
	struct asking *a, *next;

	for (a = TAILQ_FIRST(&askings); a != NULL; a = next) {
		next = TAILQ_NEXT(a, link);
		if (a->peer == peer)
			asking_free(a);
	}
}

/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/moved.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/past.h"
#include "store/copy.h"
#include "store/keptlist.h"
#include "store/keptmoves.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/states.h"

enum { HOPS_MAX = 16 }; /* moves of one message that are followed */

struct finding {
	struct moved *m;
	struct asowner *o;
	const struct kept_list *l;
	struct map names; /* of the folders that are there, by id */
};

static void
note_name(void *arg, const struct mailbox_state *s)
{
	struct finding *f = arg;
	char *old = map_put(&f->names, slice_str(s->id), xslicedup(s->name));

	xfree(&old);
}

static uint32_t
number_of(struct moved *m, const char *name)
{
	for (size_t i = 0; i < m->nnames; i++)
		if (strcmp(m->names[i], name) == 0)
			return (uint32_t)i;
	m->names = xreallocarray(m->names, m->nnames + 1, sizeof *m->names);
	m->names[m->nnames] = xstrdup(name);
	return (uint32_t)m->nnames++;
}

static void
add(struct moved *m, const struct moved_message *one)
{
	if (m->n == m->cap) {
		m->cap = m->cap > 0 ? m->cap * 2 : 64;
		m->v = xreallocarray(m->v, m->cap, sizeof *m->v);
	}
	m->v[m->n++] = *one;
}

/* Is the message in the folder that MOVE names? */
static enum found
is_there(struct finding *f, const struct kept_move *move,
    struct moved_message *one, struct err *err)
{
	const char *name = map_find(&f->names, slice_str(move->to));
	struct message_info info;
	struct mailbox *m;
	enum found found;

	if (name == NULL)
		return ABSENT;
	found = mailbox_open(f->o->account, slice_str(name), &m, err);
	if (found != FOUND)
		return found;
	found = message_find(m, move->touid, &info, err);
	mailbox_close(&m);
	if (found != FOUND || info.email_id != move->email_id)
		return found == TEMPFAIL ? TEMPFAIL : ABSENT;
	one->box = number_of(f->m, name);
	one->touid = move->touid;
	return FOUND;
}

static const struct kept_message *
find_kept(const struct kept_list *l, const struct kept_move *move)
{
	for (size_t i = 0; i < l->nmessages; i++)
		if (l->messages[i].uid == move->touid &&
		    strcmp(l->messages[i].mailbox->id, move->to) == 0)
			return &l->messages[i];
	return NULL;
}

/* From where MOVE led it was moved on. */
static enum found
next_move(struct finding *f, struct kept_move *move, struct err *err)
{
	struct kept_move *v;
	enum found found = ABSENT;
	size_t n;

	if (keptmoves_read(f->o->account, move->to, &v, &n, err) == -1)
		return TEMPFAIL;
	for (size_t i = 0; i < n && found == ABSENT; i++)
		if (v[i].uid == move->touid &&
		    v[i].email_id == move->email_id) {
			*move = v[i];
			found = FOUND;
		}
	xfree(&v);
	return found;
}

static int
follow(struct finding *f, struct kept_move move, struct err *err)
{
	struct moved_message one = { .uid = move.uid };
	enum found found = ABSENT;

	for (int hops = 0; hops < HOPS_MAX; hops++) {
		found = is_there(f, &move, &one, err);
		if (found == ABSENT)
			one.kept = find_kept(f->l, &move);
		if (found == FOUND || one.kept != NULL) {
			add(f->m, &one);
			return 0;
		}
		if (found == ABSENT)
			found = next_move(f, &move, err);
		if (found != FOUND)
			break;
	}
	return found == TEMPFAIL ? -1 : 0;
}

static int
find_all(struct finding *f, struct past *p, int64_t at_s, struct err *err)
{
	struct kept_move *v;
	size_t n;
	int rc = keptmoves_read(f->o->account, p->id, &v, &n, err);

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (v[i].saved_s > at_s || v[i].moved_s <= at_s)
			past_known(p, v[i].uid);
		else if (past_has(p, v[i].email_id))
			past_found(p, v[i].uid);
		else
			rc = follow(f, v[i], err);
	}
	xfree(&v);
	return rc;
}

int
moved_find(struct moved *m, struct asowner *o, const struct kept_list *l,
    struct past *p, int64_t at_s)
{
	struct finding f = { .m = m, .o = o, .l = l };
	struct map_iter it = { 0 };
	struct err err = { 0 };
	int rc;

	*m = (struct moved){ .n = 0 };
	map_init(&f.names);
	rc = mailbox_states(o->account, note_name, &f, &err);
	if (rc == 0)
		rc = find_all(&f, p, at_s, &err);
	while (map_next(&f.names, &it)) {
		char *name = map_del(&f.names, it.key);

		xfree(&name);
	}
	map_fini(&f.names);
	return rc == 0 ? CTL_OK : asowner_fail(o, &err);
}

void
moved_fini(struct moved *m)
{
	for (size_t i = 0; i < m->nnames; i++)
		xfree(&m->names[i]);
	xfree(&m->names);
	xfree(&m->v);
	m->n = m->nnames = 0;
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	*(struct copy_result *)arg = *r;
}

static int
by_uid(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static int
copy_from(const struct moved *m, struct asowner *o, size_t box,
    struct mailbox *to, size_t *copied, struct err *err)
{
	uint32_t *uids = xcalloc(m->n + 1, sizeof *uids);
	struct copy_result r = { .rc = 0 };
	struct mailbox *from;
	size_t n = 0;
	int rc = -1;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].kept == NULL && m->v[i].box == box)
			uids[n++] = m->v[i].touid;
	qsort(uids, n, sizeof *uids, by_uid);
	if (mailbox_open(o->account, slice_str(m->names[box]), &from, err) ==
	    FOUND) {
		message_copy(from, uids, n, to, false, on_copied, &r);
		rc = r.rc;
		*copied += r.n;
		if (rc == -1)
			*err = r.err;
		mailbox_close(&from);
	}
	xfree(&uids);
	return rc;
}

int
moved_copy(
    const struct moved *m, struct asowner *o, struct slice name, size_t *copied)
{
	struct err err = { 0 };
	struct mailbox *to;
	int rc = 0;

	*copied = 0;
	if (m->nnames == 0)
		return CTL_OK;
	if (mailbox_open(o->account, name, &to, &err) != FOUND)
		return asowner_fail(o, &err);
	for (size_t i = 0; i < m->nnames && rc == 0; i++)
		rc = copy_from(m, o, i, to, copied, &err);
	mailbox_close(&to);
	return rc == 0 ? CTL_OK : asowner_fail(o, &err);
}

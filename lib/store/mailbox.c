/* SPDX-License-Identifier: ISC */
#include "store/mailbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/must.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keywords.h"
#include "maildir/name.h"
#include "maildir/special.h"
#include "maildir/takeover.h"
#include "store/boxes.h"
#include "store/cache.h"
#include "store/handle.h"
#include "store/handle_box.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox_for.h"
#include "store/mailbox_make.h"
#include "store/scan.h"
#include "store/sync.h"
#include "sys/kv.h"

static enum found
look_up(struct account *a, struct slice name, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	enum found f;
	uint32_t box;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return TEMPFAIL;
	f = ix_find_box(t, name, &box, err);
	if (f == FOUND)
		f = ix_get_box(t, box, b, err);
	kv_abort(&t);
	return f;
}

/* INBOX has one number as long as the index is the same one, so that of the
 * last delivery counts: no reading transaction for the next. */
static struct mailbox *
known_inbox(struct account *a)
{
	struct mailbox *m;

	if (handle_enter(a, NULL) == -1)
		return NULL;
	LIST_FOREACH(m, &a->boxes, link)
	{
		if (m->builds == a->builds && m->seen == NULL &&
		    strcmp(m->name, "INBOX") == 0)
			return m;
	}
	return NULL;
}

/* Of the normal NAME, made or found by its directory where the index does not
 * know it. */
static enum found
find(struct account *a, struct slice name, const char *guest,
    struct mailbox **m, struct err *err)
{
	struct ix_box b;
	enum found f;

	*m = slice_is(name, "INBOX") && guest == NULL ? known_inbox(a) : NULL;
	if (*m != NULL)
		return FOUND;
	f = look_up(a, name, &b, err);
	/* What cannot be looked for now is not gone. */
	if (f == ABSENT)
		f = boxes_sync(a, err) == 0 ? look_up(a, name, &b, err)
					    : TEMPFAIL;
	if (f == ABSENT) {
		f = mailbox_make_shown(a, name, err);
		if (f == FOUND)
			f = look_up(a, name, &b, err);
	}
	if (f != FOUND)
		return f;
	*m = handle_mailbox(a, &b, guest);
	(*m)->box = b.box;
	(*m)->builds = a->builds;
	return FOUND;
}

enum found
mailbox_open_for(struct account *a, struct slice name, const char *guest,
    struct mailbox **mailbox, struct err *err)
{
	struct err why = { 0 };
	struct buf normal;
	enum found f = ABSENT;
	struct mailbox *m;

	*mailbox = NULL;
	buf_init(&normal, NAME_LIMIT);
	if (name_normal(&normal, name))
		f = find(a, buf_slice(&normal), guest, &m, err);
	buf_fini(&normal);
	if (f == ABSENT)
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	if (f != FOUND)
		return f;
	m->refs++;
	a->refs++;
	if (handle_enter_mailbox(m, &why) == 0) {
		*mailbox = m;
		return FOUND;
	}
	mailbox_close(&m);
	if (err != NULL)
		*err = why;
	return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
}

enum found
mailbox_open(struct account *a, struct slice name, struct mailbox **mailbox,
    struct err *err)
{
	return mailbox_open_for(a, name, NULL, mailbox, err);
}

static enum found
find_folded(
    struct account *a, struct slice name, struct ix_box *b, struct err *err)
{
	struct kv_txn *t = kv_read(a->ix.env, err);
	uint32_t from = 0;
	enum found f;

	if (t == NULL)
		return TEMPFAIL;
	while ((f = ix_next_box(t, from, b, err)) == FOUND &&
	       !slice_iis(name, b->name))
		from = b->box + 1;
	kv_abort(&t);
	return f;
}

enum found
mailbox_open_folded(struct account *a, struct slice name,
    struct mailbox **mailbox, struct err *err)
{
	enum found f = mailbox_open(a, name, mailbox, err);
	struct ix_box b;

	if (f != ABSENT)
		return f;
	if (handle_enter(a, err) == -1)
		return TEMPFAIL;
	f = find_folded(a, name, &b, err);
	for (size_t i = 0; f == ABSENT && i < SPECIAL_BOXES; i++)
		if (slice_iis(name, special_boxes[i].name))
			return mailbox_open(
			    a, slice_str(special_boxes[i].name), mailbox, err);
	return f == FOUND ? mailbox_open(a, slice_str(b.name), mailbox, err)
			  : f;
}

void
mailbox_close(struct mailbox **mp)
{
	struct mailbox *m = *mp;
	struct account *a;

	*mp = NULL;
	if (m == NULL)
		return;
	a = m->a;
	if (m->refs == 1 && a->ix.env != NULL)
		(void)cache_flush(m, NULL);
	handle_close_mailbox(m);
}

struct account *
mailbox_account(const struct mailbox *m)
{
	return m->a;
}

struct slice
mailbox_name(const struct mailbox *m)
{
	return slice_str(m->name);
}

bool
mailbox_same(const struct mailbox *a, const struct mailbox *b)
{
	return a->a == b->a && strcmp(a->id, b->id) == 0;
}

const struct keyword_table *
mailbox_keywords(struct mailbox *m)
{
	struct ix_box b;

	if (m->keywords->modseq == 0)
		(void)sync_read_box(m, &b, NULL);
	return m->keywords;
}

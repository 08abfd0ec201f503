/* SPDX-License-Identifier: ISC */
#include "index/walk.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/slice.h"
#include "index/column.h"
#include "index/ix.h"
#include "sys/kv.h"

enum { NEAR = 4 }; /* so many steps cost less than a search */

int
walk_open(struct walk *w, struct kv_txn *t, uint32_t box, uint32_t from,
    bool msgs, struct err *err)
{
	*w = (struct walk){ .t = t, .box = box, .from = from };
	w->hots = kv_cursor_open(t, err);
	if (msgs && w->hots != NULL)
		w->msgs = kv_cursor_open(t, err);
	if (w->hots != NULL && (!msgs || w->msgs != NULL))
		return 0;
	walk_close(w);
	return -1;
}

void
walk_close(struct walk *w)
{
	kv_cursor_close(&w->hots);
	kv_cursor_close(&w->msgs);
	kv_cursor_close(&w->caches);
	if (w->column != NULL)
		column_walk_close(w->column);
	xfree(&w->column);
}

/* The next entry of TYPE in this mailbox. */
static enum found
step(struct walk *w, struct kv_cursor *c, char type, uint32_t *uid,
    struct slice *v, struct err *err)
{
	char key[IX_KEY];
	struct slice k;
	enum found f;

	if (w->started)
		f = kv_next(c, &k, v, err);
	else
		f = kv_seek(c, ix_key(key, type, w->box, w->from), &k, v, err);
	if (f == FOUND && !ix_key_uid(k, type, w->box, uid))
		f = ABSENT;
	return f;
}

enum found
walk_next(struct walk *w, struct err *err)
{
	uint32_t uid = 0;
	struct slice v;
	enum found f = step(w, w->hots, 'F', &w->uid, &v, err);

	if (f == FOUND && (w->uid < w->from || !ix_read_hot(v, &w->hot)))
		f = TEMPFAIL;
	if (w->msgs != NULL && f == FOUND) {
		f = step(w, w->msgs, 'M', &uid, &v, err);
		if (f == ABSENT || uid != w->uid || !ix_read_msg(v, &w->msg))
			f = TEMPFAIL;
	}
	w->started = true;
	/* Who goes on behind the last one comes to an end. */
	if (f == FOUND && w->uid < UINT32_MAX)
		w->from = w->uid + 1;
	if (f == TEMPFAIL) {
		kv_distrust(w->t);
		err_set(err, ERR_TEMP, "index: a record is damaged");
	}
	return f;
}

/* Go on to the message that walk_next gave, or to the first behind it: most
 * messages have an entry, which is then the next one. */
static enum found
follow(struct walk *w, struct err *err)
{
	const bool near = w->cache_uid > 0 && w->uid - w->cache_uid <= NEAR;
	char key[IX_KEY];
	uint32_t uid = 0;
	struct slice k;
	enum found f;

	f = near ? kv_next(w->caches, &k, &w->cache, err)
		 : kv_seek(w->caches, ix_key(key, 'C', w->box, w->uid), &k,
		       &w->cache, err);
	while (f == FOUND && ix_key_uid(k, 'C', w->box, &uid)) {
		w->cache_uid = uid;
		if (uid >= w->uid)
			return FOUND;
		f = kv_next(w->caches, &k, &w->cache, err);
	}
	if (f != TEMPFAIL)
		w->cache_uid = UINT64_MAX;
	return f == FOUND ? ABSENT : f;
}

enum found
walk_cache(struct walk *w, struct slice *v, struct err *err)
{
	if (w->caches == NULL)
		w->caches = kv_cursor_open(w->t, err);
	if (w->caches == NULL ||
	    (w->cache_uid < w->uid && follow(w, err) == TEMPFAIL))
		return TEMPFAIL;
	*v = w->cache;
	return w->cache_uid == w->uid ? FOUND : ABSENT;
}

enum found
walk_column(struct walk *w, unsigned column, struct slice *v, struct err *err)
{
	if (w->column == NULL) {
		w->column = xcalloc(1, sizeof *w->column);
		w->column->box = w->box;
		w->column->column = column;
	}
	return column_walk(w->column, w->t, w->uid, v, err);
}

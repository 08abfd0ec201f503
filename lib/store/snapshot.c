/* SPDX-License-Identifier: ISC */
#include "store/snapshot.h"

#include "index/ix.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/seen.h"
#include "sys/kv.h"

enum found
message_snapshot(struct mailbox *m, struct kv_txn **t, struct err *err)
{
	struct ix_box b;
	enum found f;

	if (handle_enter_mailbox(m, err) == -1 ||
	    (*t = kv_read(m->a->ix.env, err)) == NULL)
		return TEMPFAIL;
	f = ix_get_box(*t, m->box, &b, err);
	if (f == FOUND && kwtable_load(m->keywords, *t, &b, err) == -1)
		f = TEMPFAIL;
	if (f == FOUND && m->seen != NULL && seen_refresh(m, &b, err) == -1)
		f = TEMPFAIL;
	if (f != FOUND)
		kv_abort(t);
	return f;
}

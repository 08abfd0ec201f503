/* SPDX-License-Identifier: ISC */
#include "store/mailbox_id.h"

#include "index/ix.h"
#include "store/boxes.h"
#include "store/handle.h"
#include "store/inner.h"
#include "sys/kv.h"

static enum found
find_id(struct account *a, struct slice id, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	uint32_t from = 0;
	enum found f;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return TEMPFAIL;
	while (
	    (f = ix_next_box(t, from, b, err)) == FOUND && !slice_is(id, b->id))
		from = b->box + 1;
	kv_abort(&t);
	return f;
}

enum found
mailbox_open_id(struct account *a, struct slice id, struct mailbox **mailbox,
    struct err *err)
{
	struct ix_box b;
	enum found f = find_id(a, id, &b, err);

	if (f == ABSENT)
		f = boxes_sync(a, err) == 0 ? find_id(a, id, &b, err)
					    : TEMPFAIL;
	return f == FOUND ? mailbox_open(a, slice_str(b.name), mailbox, err)
			  : f;
}

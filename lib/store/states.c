/* SPDX-License-Identifier: ISC */
#include "store/states.h"

#include <bsd/string.h>

#include "index/ix.h"
#include "store/handle.h"
#include "store/inner.h"
#include "sys/kv.h"

int
mailbox_states(struct account *a,
    void (*visit)(void *arg, const struct mailbox_state *state), void *arg,
    struct err *err)
{
	uint32_t from = 0;
	struct kv_txn *t;
	struct ix_box b;
	enum found f;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	while ((f = ix_next_box(t, from, &b, err)) == FOUND) {
		struct mailbox_state state = { .name = slice_str(b.name),
			.uidvalidity = b.uidvalidity,
			.uidnext = b.uidnext,
			.messages = b.messages,
			.unseen = b.unseen,
			.highestmodseq = b.modseq };

		strlcpy(state.id, b.id, sizeof state.id);
		visit(arg, &state);
		from = b.box + 1;
	}
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

int
account_index(struct account *a, struct account_index *ix, struct err *err)
{
	uint32_t from = 0;
	struct ix_meta meta;
	struct kv_txn *t;
	struct ix_box b;
	enum found f;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	*ix = (struct account_index){ .modseq = meta.modseq,
		.log_floor = meta.log_floor,
		.gone = meta.gone };
	while (f == FOUND && (f = ix_next_box(t, from, &b, err)) == FOUND) {
		ix->building |= (b.bits & BOX_MORE) != 0;
		from = b.box + 1;
	}
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

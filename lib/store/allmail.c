/* SPDX-License-Identifier: ISC */
#include "store/allmail.h"

#include "base/mem.h"
#include "index/ix.h"
#include "maildir/keywords.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/visit.h"
#include "store/visit_inner.h"
#include "sys/kv.h"

static struct kv_txn *
begin(struct account *a, struct err *err)
{
	return handle_enter(a, err) == -1 ? NULL : kv_read(a->ix.env, err);
}

int
account_state(struct account *a, struct account_state *state, struct err *err)
{
	struct kv_txn *t = begin(a, err);
	struct ix_meta meta;
	enum found f;

	if (t == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	kv_abort(&t);
	if (f == ABSENT)
		return err_set(err, ERR_TEMP, "the index has no head");
	if (f == FOUND)
		*state = (struct account_state){ .builds = a->builds,
			.modseq = meta.modseq,
			.log_floor = meta.log_floor };
	return f == FOUND ? 0 : -1;
}

int
account_boxes(struct account *a,
    bool (*visit)(void *arg, const struct account_box *b), void *arg,
    struct err *err)
{
	struct kv_txn *t = begin(a, err);
	struct ix_box b = { .box = 0 };
	bool more = true;
	enum found f = FOUND;

	if (t == NULL)
		return -1;
	for (uint32_t from = 0; more; from = b.box + 1) {
		f = ix_next_box(t, from, &b, err);
		more = f == FOUND &&
		       visit(arg, &(struct account_box){ .box = b.box,
				      .name = slice_str(b.name),
				      .id = b.id,
				      .special = b.special });
	}
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

struct visitor {
	bool (*visit)(
	    void *arg, struct visit *v, const struct keyword_table *keywords);
	void *arg;
	struct keyword_table keywords;
};

static bool
on_message(void *arg, struct visit *v)
{
	struct visitor *all = arg;

	return all->visit(all->arg, v, &all->keywords);
}

enum found
account_visit(struct account *a, uint32_t box, uint32_t first,
    bool (*visit)(
	void *arg, struct visit *v, const struct keyword_table *keywords),
    void *arg, struct err *err)
{
	struct visitor all = { .visit = visit, .arg = arg };
	struct kv_txn *t = begin(a, err);
	struct ix_box b;
	enum found f;

	if (t == NULL)
		return TEMPFAIL;
	f = ix_get_box(t, box, &b, err);
	if (f == FOUND && ix_get_table(t, box, &all.keywords, err) == -1)
		f = TEMPFAIL;
	if (f == FOUND &&
	    visit_box(t, NULL, box, first, VISIT_SIZES | VISIT_KEYWORDS,
		on_message, &all, err) == -1)
		f = TEMPFAIL;
	keywords_fini(&all.keywords);
	kv_abort(&t);
	return f;
}

static bool
tell(uint64_t modseq, const struct ix_log *l,
    bool (*visit)(void *arg, const struct account_change *c), void *arg)
{
	struct account_change c = { .modseq = modseq,
		.box = l->box,
		.uid = l->uid,
		.kind = ACCOUNT_BOX };

	if (l->kind == LOG_MSG)
		c.kind = ACCOUNT_MESSAGE;
	if (l->kind == LOG_GONE)
		c.kind = ACCOUNT_GONE;
	return visit(arg, &c);
}

int
account_changes(struct account *a, uint64_t after,
    bool (*visit)(void *arg, const struct account_change *c), void *arg,
    struct err *err)
{
	struct kv_txn *t = begin(a, err);
	struct kv_cursor *c;
	char key[IX_KEY];
	struct slice k, val;
	struct ix_log l;
	uint64_t at;
	enum found f = TEMPFAIL;

	if (t == NULL)
		return -1;
	c = kv_cursor_open(t, err);
	if (c != NULL)
		f = kv_seek(c, ix_log_key(key, after + 1), &k, &val, err);
	while (f == FOUND && ix_key_log(k, &at) && ix_read_log(val, &l) &&
	       tell(at, &l, visit, arg))
		f = kv_next(c, &k, &val, err);
	if (c != NULL)
		kv_cursor_close(&c);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

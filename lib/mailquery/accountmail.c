/* SPDX-License-Identifier: ISC */
#include "mailquery/accountmail.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mailquery/emailread.h"
#include "mailquery/emailtable.h"
#include "store/allmail.h"

enum {
	CHANGES = 512, /* read from the log at once */
};

enum stage { EMAILS_START, EMAILS_WALK, EMAILS_FOLLOW };

struct accountmail {
	struct account *account;
	struct emailtable table;
	struct emailread reader;
	enum stage stage;
	struct account_state state; /* as of the table */
	size_t box;                 /* WALK: which of the table's, */
	uint32_t uid;               /* and from where on */
	struct account_change changes[CHANGES];
	size_t nchanges, at;
};

struct accountmail *
accountmail_new(struct account *a)
{
	struct accountmail *e = xcalloc(1, sizeof *e);

	e->account = a;
	emailtable_init(&e->table);
	emailread_init(&e->reader, a);
	return e;
}

void
accountmail_free(struct accountmail **ep)
{
	if (*ep == NULL)
		return;
	emailread_fini(&(*ep)->reader);
	emailtable_fini(&(*ep)->table);
	xfree(ep);
}

static bool
on_box(void *arg, const struct account_box *b)
{
	struct accountmail *e = arg;

	emailtable_put_box(&e->table, b->box, b->name, b->id);
	return true;
}

/* From nothing. */
static int
start(struct accountmail *e, struct err *err)
{
	emailtable_reset(&e->table);
	emailread_reset(&e->reader);
	e->nchanges = e->at = e->box = 0;
	e->uid = 1;
	if (account_state(e->account, &e->state, err) == -1 ||
	    account_boxes(e->account, on_box, e, err) == -1)
		return -1;
	emailtable_begin(&e->table, e->state.modseq);
	e->stage = EMAILS_WALK;
	return 0;
}

/* Some messages of the mailbox that is read. */
static int
walk(struct accountmail *e, struct err *err)
{
	const uint32_t box = emailtable_nth_box(&e->table, e->box);
	bool more;

	if (box == 0) {
		emailtable_sort(&e->table);
		e->stage = EMAILS_FOLLOW;
		return 0;
	}
	if (emailread_some(&e->reader, &e->table, box, &e->uid, &more, err) ==
	    -1)
		return -1;
	if (!more) {
		e->box++;
		e->uid = 1;
	}
	return 0;
}

static bool
on_change(void *arg, const struct account_change *c)
{
	struct accountmail *e = arg;

	e->changes[e->nchanges++] = *c;
	return e->nchanges < CHANGES;
}

static int
apply(struct accountmail *e, const struct account_change *c, struct err *err)
{
	switch (c->kind) {
	case ACCOUNT_MESSAGE:
		return emailread_one(
		    &e->reader, &e->table, c->box, c->uid, c->modseq, err);
	case ACCOUNT_GONE:
		emailtable_remove(&e->table, c->box, c->uid, c->modseq);
		break;
	case ACCOUNT_BOX:
		emailtable_mark_boxes(&e->table);
		if (account_boxes(e->account, on_box, e, err) == -1)
			return -1;
		emailtable_sweep_boxes(&e->table, c->modseq);
		break;
	}
	return 0;
}

/* What happened since. */
static int
follow(struct accountmail *e, bool *more, struct err *err)
{
	struct account_state now;

	if (account_state(e->account, &now, err) == -1)
		return -1;
	if (now.builds != e->state.builds || now.modseq < e->state.modseq ||
	    now.log_floor > e->state.modseq) {
		e->stage = EMAILS_START;
		return 0;
	}
	*more = now.modseq > e->state.modseq;
	if (!*more)
		return 0;
	e->nchanges = e->at = 0;
	if (account_changes(e->account, e->state.modseq, on_change, e, err) ==
	    -1)
		return -1;
	/* Numbers that nothing has any more. */
	if (e->nchanges < CHANGES && e->state.modseq < now.modseq &&
	    e->nchanges == 0)
		e->state.modseq = now.modseq;
	return 0;
}

int
accountmail_step(struct accountmail *e, bool *more, struct err *err)
{
	*more = true;
	if (emailread_is_busy(&e->reader))
		return emailread_step(&e->reader, &e->table, err);
	if (e->at < e->nchanges) {
		const struct account_change *c = &e->changes[e->at];

		if (apply(e, c, err) == -1)
			return -1;
		e->state.modseq = c->modseq;
		e->at++;
		return 0;
	}
	switch (e->stage) {
	case EMAILS_START:
		return start(e, err);
	case EMAILS_WALK:
		return walk(e, err);
	case EMAILS_FOLLOW:
		if (follow(e, more, err) == -1)
			return -1;
		emailtable_sort(&e->table);
		return 0;
	}
	return 0;
}

uint64_t
accountmail_modseq(const struct accountmail *e)
{
	return e->state.modseq;
}

uint32_t
accountmail_last(const struct accountmail *e)
{
	return e->table.nemails > 0 ? e->table.nemails - 1 : 0;
}

uint32_t
accountmail_count(const struct accountmail *e)
{
	return e->table.count;
}

const struct accountmail_email *
accountmail_at(const struct accountmail *e, uint32_t n)
{
	return &e->table.emails[n];
}

const struct accountmail_place *
accountmail_place(const struct accountmail *e, uint32_t place)
{
	return &e->table.places[place];
}

uint32_t
accountmail_find(const struct accountmail *e, uint64_t id)
{
	return id != 0 ? idslots_find(&e->table.by_id, id) : 0;
}

uint32_t
accountmail_thread(const struct accountmail *e, uint64_t thread)
{
	return idslots_find(&e->table.by_thread, thread);
}

const uint32_t *
accountmail_received(const struct accountmail *e)
{
	return e->table.received;
}

uint32_t
accountmail_box(const struct accountmail *e, struct slice id)
{
	return emailtable_find_box(&e->table, id);
}

const char *
accountmail_box_id(const struct accountmail *e, uint32_t box)
{
	const struct emailtable_box *b = emailtable_box(&e->table, box);

	return b != NULL ? b->id : NULL;
}

struct slice
accountmail_box_name(const struct accountmail *e, uint32_t box)
{
	const struct emailtable_box *b = emailtable_box(&e->table, box);

	return b != NULL ? slice_str(b->name) : SLICE("");
}

const char *
accountmail_keywords(const struct accountmail *e, uint32_t set)
{
	return e->table.sets[set]->text;
}

uint32_t
accountmail_keyword_sets(const struct accountmail *e)
{
	return e->table.nsets;
}

bool
accountmail_gone_since(const struct accountmail *e, uint64_t modseq,
    void (*visit)(void *arg, uint64_t id, uint64_t thread), void *arg)
{
	const struct emailtable *t = &e->table;

	if (modseq < t->gone_from)
		return false;
	for (size_t i = 0; i < t->ngone; i++) {
		const struct emailtable_gone *g = &t->gone[i];

		if (g->modseq > modseq && accountmail_find(e, g->id) == 0)
			visit(arg, g->id, g->thread);
	}
	return true;
}

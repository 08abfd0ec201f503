/* SPDX-License-Identifier: ISC */
/* Taking a picture for the first time. */
#include <stdlib.h>

#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keyword_set.h"
#include "maildir/keywords.h"
#include "maildir/tree.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/seed.h"
#include "store/sync.h"
#include "store/view.h"
#include "store/view_inner.h"
#include "sys/clock.h"

enum {
	LIST_LIMIT = 1 << 30,
	CLEAN_MS = 3600 * 1000,
};

int
view_claim_recent(struct view *v, struct err *err)
{
	struct ix_box b;
	struct tx tx;

	if (sync_begin(v->m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (b.first_recent >= b.uidnext) {
		tx_abort(&tx);
		return 0;
	}
	view_ranges_add(&v->recent, b.first_recent, b.uidnext);
	tx_pend(&tx, &b, b.first_recent);
	tx_pend(&tx, &b, b.uidnext - 1);
	b.first_recent = b.uidnext;
	if (ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

/* Keywords that no message has any more make room for others. */
static int
free_keywords(struct view *v, struct err *err)
{
	struct mailbox *m = v->m;
	struct ix_box b;
	struct tx tx;

	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	/* Somebody may have given one to a message since. */
	if (tx.meta.modseq != v->used_modseq) {
		tx_abort(&tx);
		return 0;
	}
	if (kwtable_free(&tx, &b, &m->dirs, m->keywords, v->used, err) == 0 &&
	    ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

/* What lies in tmp/ ages by days. */
static void
clean_tmp(struct mailbox *m)
{
	const int64_t now_ms = clock_ms();

	if (m->cleaned_ms != 0 && now_ms - m->cleaned_ms < CLEAN_MS)
		return;
	m->cleaned_ms = now_ms;
	tree_clean_tmp(m->dirs.tmpfd);
}

/* The picture is that of v->modseq. */
static void
know_used(struct view *v)
{
	struct keyword_set *used = v->used;

	if (v->news.keyword_lost > v->used_modseq)
		return;
	v->used_modseq = v->modseq;
	/* Names that follow change nothing in the log. */
	if ((v->named & ~keyword_set_letters(used)) == 0)
		seed_save(v);
	keyword_set_put_letters(used, keyword_set_letters(used) | v->named);
}

static void
open_whole(struct view *v)
{
	struct keyword_set unused;

	v->opening = false;
	keywords_all(v->m->keywords, &unused);
	keyword_set_del(&unused, v->used);
	/* What cannot be freed now can be the next time. */
	if (!v->readonly && keyword_set_next(&unused, 0) < KEYWORDS_MAX)
		(void)free_keywords(v, NULL);
	xfree(&v->used);
}

/* Look at the directories, and take what is \\Recent. */
static int
begin_opening(struct view *v, bool *more, struct err *err)
{
	if (mailbox_sync_some(v->m, false, more, err) == -1)
		return -1;
	if (*more)
		return 0;
	clean_tmp(v->m);
	v->synced = v->readonly || view_claim_recent(v, err) == 0;
	return v->synced ? 0 : -1;
}

int
view_fill(struct view *v, bool *more, struct err *err)
{
	int64_t left = VIEW_STEP_COST;
	enum found f;

	*more = false;
	if (!v->opening)
		return 0;
	if (!v->synced && (begin_opening(v, more, err) == -1 || *more))
		return *more ? 0 : -1;
	f = view_news_read(v, &left, err);
	/* A build began anew meanwhile. */
	if (f == FOUND && v->news.building)
		v->synced = false;
	*more = f == FOUND && (!v->synced || !v->news.ended);
	if (f != FOUND)
		return -1;
	if (*more)
		return 0;
	view_news_take(v);
	v->keywords = v->news.keywords;
	view_news_drop_gone(v, view_uids_n(&v->gone));
	view_news_add_fresh(v);
	buf_fini(&v->changed);
	know_used(v);
	view_news_forget(v);
	open_whole(v);
	return 0;
}

struct view *
view_new(struct mailbox *m, unsigned flags)
{
	struct view *v = xcalloc(1, sizeof *v);

	v->m = m;
	v->readonly = (flags & VIEW_READONLY) != 0;
	v->opening = true;
	v->used = xcalloc(1, sizeof *v->used);
	buf_init(&v->gone, LIST_LIMIT);
	buf_init(&v->changed, LIST_LIMIT);
	view_news_init(&v->news);
	return v;
}

void
view_close(struct view **vp)
{
	struct view *v = *vp;

	if (v == NULL)
		return;
	picture_fini(&v->picture);
	view_news_fini(&v->news);
	xfree(&v->used);
	xfree(&v->marks.v);
	xfree(&v->recent.v);
	xfree(&v->silent.v);
	buf_fini(&v->gone);
	buf_fini(&v->changed);
	xfree(vp);
}

struct view *
view_open(struct mailbox *m, unsigned flags, struct err *err)
{
	struct view *v = view_new(m, flags);
	bool more = true;

	while (more)
		if (view_fill(v, &more, err) == -1) {
			view_close(&v);
			break;
		}
	return v;
}

/* SPDX-License-Identifier: ISC */
/* What a view is made of, for the files that make it. */
#ifndef STORE_VIEW_INNER_H
#define STORE_VIEW_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "maildir/keyword_set.h"
#include "store/picture.h"

struct mailbox;

struct view_range {
	uint64_t from; /* [from, to) */
	uint64_t to;
};

struct view_ranges {
	struct view_range *v;
	size_t n;
};

void view_ranges_add(struct view_ranges *r, uint64_t from, uint64_t to);
/* Without what is FROM or above. */
void view_ranges_cut(struct view_ranges *r, uint64_t from);
bool view_ranges_has(const struct view_ranges *r, uint64_t value);

/* What was found of what happened, until all of it is.  First all messages of
 * the index are looked at, where the log does not reach back so far; then the
 * log from there on. */
struct view_news {
	bool walking;    /* over the index */
	uint32_t uid;    /* those below were looked at */
	uint32_t at;     /* and the picture's places below */
	uint64_t modseq; /* how far the log was read */
	bool ended;
	struct buf gone;  /* uint32_t: UIDs of the picture */
	struct buf fresh; /* the same: behind the picture's last */
	struct buf lost;  /* the same: fresh perhaps, and gone again */

	/* Of the mailbox, as of the last reading. */
	uint64_t highest;
	uint64_t keywords;
	uint32_t first_recent;
	uint32_t uidnext;
	uint64_t keyword_lost;
	bool building; /* not all of it is in the index */
};

/* Flags by places; see view_mark. */
struct view_marks {
	uint8_t *v; /* NULL: nobody has asked for them */
	uint32_t n; /* places below have one */
	uint32_t cap;
	uint64_t modseq; /* how far the log was read */
};

/* What a step may cost; a unit is well below a microsecond. */
enum { VIEW_STEP_COST = 4000 };

enum view_stage { VIEW_QUIET, VIEW_READING, VIEW_EXPUNGING, VIEW_TELLING };

struct view {
	struct mailbox *m;
	struct picture picture;
	bool opening;     /* the picture is not whole yet */
	bool synced;      /* opening: the directories were looked at */
	uint64_t modseq;  /* how far the log was read */
	uint64_t highest; /* of the mailbox, as of then */
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t keywords; /* struct ix_box's */
	bool readonly;
	uint32_t looked; /* readonly: UIDs below were looked at */

	enum view_stage stage;
	struct view_news news;
	struct buf gone;    /* uint32_t, ascending: still in the picture */
	struct buf changed; /* uint32_t: FLAGS to be told */
	size_t told;        /* of them */

	struct view_marks marks;
	struct view_ranges recent; /* of UIDs */
	struct view_ranges silent; /* of mod-sequences, since the last sync */

	/* While it opens: keywords that messages have.  Those that one lost
	 * after that number may be among them. */
	struct keyword_set *used;
	uint64_t used_modseq;
	uint32_t named; /* letters in names that are behind */
};

static inline size_t
view_uids_n(const struct buf *b)
{
	return b->n / sizeof(uint32_t);
}

static inline const uint32_t *
view_uids(const struct buf *b)
{
	return (const uint32_t *)(const void *)b->p;
}

/* In ascending order, each once. */
void view_uids_sort(struct buf *b);

void view_news_init(struct view_news *n);
void view_news_fini(struct view_news *n);
/* Find out more of what happened; *LEFT is what this may cost and is lessened
 * by it.  ABSENT: the mailbox is gone, or another one stands in its place.  A
 * picture that is not whole grows meanwhile. */
enum found view_news_read(struct view *v, int64_t *left, struct err *err);
/* All is found out: how far V goes now, and what is to be done to its picture:
 * take out the first N of v->gone, let in what is fresh. */
void view_news_take(struct view *v);
void view_news_drop_gone(struct view *v, size_t n);
void view_news_add_fresh(struct view *v);
/* Begin anew from there. */
void view_news_forget(struct view *v);

/* The N UIDS (ascending) are about to be taken out of the picture. */
void view_marks_drop(struct view *v, const uint32_t *uids, size_t n);

/* Take the messages that nobody has had as \Recent, and let those in new/ go
 * to cur/. */
int view_claim_recent(struct view *v, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
#include "store/scan_change.h"

#include <string.h>

#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/listing.h"
#include "maildir/maildir.h"

static uint32_t
merge(uint32_t ours, uint32_t before, uint32_t after)
{
	return (ours | (after & ~before)) & ~(before & ~after);
}

bool
scan_change_none(const struct listing_entry *e, const struct ix_hot *hot,
    const struct ix_msg *msg)
{
	return strcmp(e->name, msg->file) == 0 && e->part == ix_part(hot);
}

/* Another program gave the file another name. */
static int
apply_rename(const struct scan_change *c, struct ix_hot *hot,
    struct ix_msg *msg, struct err *err)
{
	const uint32_t known = keywords_letters(c->table);
	const struct listing_entry *e = c->e;
	const struct filename now = listing_parse(e);
	struct keyword_set set;
	struct filename was;
	uint32_t bits, letters;

	if (ix_get_keywords(c->tx->t, c->b->box, c->uid, hot, &set, err) !=
	    FOUND)
		return -1;
	filename_parse(slice_str(msg->file), &was);
	bits = (hot->bits & ~(uint32_t)(MSG_FLAGS | HOT_NEW | HOT_PENDING)) |
	       merge(hot->bits & MSG_FLAGS, was.flags, now.flags);
	bits |= hot->bits & HOT_LINE ? HOT_PENDING : 0;
	letters = merge(hot->letters, was.letters & known, now.letters & known);
	keyword_set_put_letters(&set, letters);
	if (e->part == MAILDIR_NEW)
		bits |= HOT_NEW;
	if ((bits & MSG_FLAGS) != now.flags || letters != now.letters ||
	    !slice_eq(was.stem, now.stem) || e->listed)
		bits |= HOT_PENDING;
	if (!slice_copy(slice_str(e->name), msg->file, sizeof msg->file))
		return err_set(err, ERR_TEMP, "file name too long");
	if (ix_put_msg(c->tx->t, c->b->box, c->uid, msg, err) == -1)
		return -1;
	return tx_change(c->tx, c->b, c->uid, hot, bits, &set, err);
}

enum found
scan_change_apply(const struct scan_change *c, struct err *err)
{
	struct maildir_stat st;
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f;
	int rc;

	f = ix_get_hot(c->tx->t, c->b->box, c->uid, &hot, err);
	if (f == FOUND)
		f = ix_get_msg(c->tx->t, c->b->box, c->uid, &msg, err);
	if (f != FOUND)
		return f;
	/* Renamed by us since the directory was read, or E is a copy. */
	if (maildir_find(c->d, ix_part(&hot), msg.file, &st) == FOUND)
		return ABSENT;
	/* And by others: the directory's time tells them. */
	if (c->e != NULL &&
	    maildir_find(c->d, c->e->part, c->e->name, &st) == ABSENT)
		return ABSENT;
	rc = c->e == NULL ? tx_gone(c->tx, c->b, c->uid, err)
			  : apply_rename(c, &hot, &msg, err);
	return rc == 0 ? FOUND : TEMPFAIL;
}

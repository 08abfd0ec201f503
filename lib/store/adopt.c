/* SPDX-License-Identifier: ISC */
/*
 * A file that the index does not know becomes a message.  Sizes in its name
 * are believed only where we are likely to have written them, and only until
 * the message is read (HOT_SURE).
 */
#include <bsd/string.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "log/log.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/kwfile.h"
#include "maildir/listing.h"
#include "maildir/maildir.h"
#include "maildir/takeover.h"
#include "maildir/uidfile.h"
#include "store/adopt.h"
#include "store/inner.h"
#include "store/traits.h"
#include "sys/fd.h"

/* Longest base to which all our fields can be added. */
enum { BASE_LIMIT = 130 };

/* A file with all that its name says. */
struct candidate {
	struct filename f;
	const char *name;
	uint32_t want;
	enum maildir_part part;
	bool listed;
};

static struct candidate
candidate_of(const struct listing_entry *e)
{
	return (struct candidate){ .f = listing_parse(e),
		.name = e->name,
		.want = e->want,
		.part = e->part,
		.listed = e->listed };
}

/* Are there less bytes than S= says?  The size of a file may reach the disk
 * before its bytes do. */
static bool
is_torn(const struct maildir *d, const struct candidate *e, int64_t size)
{
	bool torn = size < e->f.size;
	int fd;

	if (torn || maildir_read(d, e->part, e->name, &fd, NULL) != FOUND)
		return torn;
	torn = maildir_is_hollow(fd, size);
	fd_close(&fd);
	return torn;
}

/* What S= says was never on disk: the power went before the sync, so nobody
 * was told that the message is there. */
static bool
set_aside(const struct maildir *d, const struct candidate *e)
{
	log_warn("store.message-truncated", kv_s("file", e->name));
	return maildir_set_aside(d, e->part, e->name) == FOUND;
}

/* Only a writer of S= and W= who knew the size of the file as it is knew how
 * many lines are in it. */
static bool
sizes_likely(const struct scan_how *how, const struct candidate *e,
    const struct maildir_stat *st)
{
	return how->build && e->f.size == st->size && e->f.vsize >= st->size &&
	       e->f.vsize <= 2 * st->size;
}

/* Size and wire size of the file; 1 when it is no message. */
static int
measure(const struct maildir *d, const struct scan_how *how,
    const struct candidate *e, struct ix_msg *msg, struct ix_hot *hot,
    int64_t *bytes, struct err *err)
{
	struct maildir_stat st;
	int fd;

	if (maildir_find(d, e->part, e->name, &st) != FOUND)
		return 1;
	msg->size = st.size;
	msg->date_s = msg->saved_s = st.time_s;
	if (e->f.own_date)
		msg->date_s = e->f.date_s;
	/* The stamp of a new account may be gone with the power as well; and
	 * nobody's message has no byte. */
	if (how->build && st.size == 0 && e->f.size > 0)
		return set_aside(d, e) ? 1 : 0;
	/* S= of other programs may be the size before it was compressed. */
	if (how->doubt && e->want != 0 && e->want == e->f.uid && !e->listed &&
	    is_torn(d, e, st.size))
		return set_aside(d, e) ? 1 : 0;
	if (sizes_likely(how, e, &st)) {
		msg->vsize = e->f.vsize;
		return 0;
	}
	if (maildir_read(d, e->part, e->name, &fd, NULL) != FOUND)
		return 1;
	hot->bits |= HOT_SURE;
	*bytes += msg->size;
	msg->vsize = maildir_wire_size(fd, err);
	fd_close(&fd);
	return msg->vsize == -1 ? -1 : 0;
}

/* Does the name say all that a full one says? */
static bool
is_full(const struct candidate *e, const struct ix_hot *hot,
    const struct ix_msg *msg, uint32_t uid)
{
	return !e->listed && e->f.base.n > 0 && e->f.base.n <= BASE_LIMIT &&
	       e->f.size == msg->size && e->f.vsize == msg->vsize &&
	       e->f.uid == uid && e->f.letters == hot->letters &&
	       e->f.info == ((hot->bits & HOT_NEW) == 0) &&
	       e->part == ix_part(hot);
}

/* The full name that E's file gets; false when it has it. */
static bool
full_name(struct tx *tx, const struct candidate *e, const struct ix_hot *hot,
    struct ix_msg *msg, uint32_t uid)
{
	struct filename f = e->f;
	struct buf base, name;
	bool differs;

	msg->email_id = f.email_id;
	if (is_full(e, hot, msg, uid) &&
	    strlcpy(msg->file, e->name, sizeof msg->file) < sizeof msg->file)
		return false;
	buf_init(&base, IX_FILE_NAME);
	buf_init(&name, IX_FILE_NAME - 1);
	(void)buf_room(&name, name.max); /* once */
	if (f.base.n > BASE_LIMIT || f.base.n == 0) {
		filename_unique(
		    &base, store_hostname(ACCOUNT_OF(tx->ix)->store));
		f.base = slice_sub(buf_slice(&base), 0, BASE_LIMIT);
		f.own_id = true;
	}
	f.size = msg->size;
	f.vsize = msg->vsize;
	f.uid = uid;
	f.letters = hot->letters;
	f.info = (hot->bits & HOT_NEW) == 0;
	filename_format(&name, &f);
	differs =
	    !slice_is(buf_slice(&name), e->name) || e->part != ix_part(hot);
	strlcpy(msg->file, buf_cstr(&name), sizeof msg->file);
	msg->email_id = f.email_id;
	buf_fini(&base);
	buf_fini(&name);
	return differs;
}

/* Letters of the name, and what stands beside the file. */
static int
find_keywords(const struct scan_how *how, struct kwfile *more,
    const struct candidate *e, struct ix_hot *hot, struct keyword_set *set,
    struct err *err)
{
	struct slice names = { NULL, 0 }, name;

	*set = (struct keyword_set){ 0 };
	keyword_set_put_letters(
	    set, e->f.letters & keywords_letters(how->table));
	if (how->from != NULL)
		takeover_keywords(how->from, e->f.stem, set);
	if (keyword_set_more(set))
		hot->bits |= HOT_LINE | HOT_PENDING;
	if (e->f.uid != 0 && kwfile_find(more, &e->f, &names, err) == -1)
		return -1;
	if (keywords_check(names, NULL) == -1)
		names.n = 0;
	while (keywords_next(&names, &name)) {
		const int n = keywords_add(how->table, name, KEYWORD_LETTERS);

		if (n >= 0)
			keyword_set_add(set, (unsigned)n);
	}
	hot->letters = keyword_set_letters(set);
	if (hot->letters != e->f.letters)
		hot->bits |= HOT_PENDING;
	return 0;
}

static bool
same_base(const struct filename *f, const char *file)
{
	struct filename now;

	filename_parse(slice_str(file), &now);
	return slice_eq(f->base, now.base);
}

/* Since E's directory was read, the index may have got the file itself (FOUND),
 * or another message with the UID it should have, which is none then. */
static enum found
find_since(struct tx *tx, const struct ix_box *b, const struct candidate *e,
    uint32_t *uid, struct err *err)
{
	const uint32_t own = e->want != 0 ? e->want : e->f.uid;
	struct ix_msg msg;
	enum found f;

	if (own == 0 || b->messages == 0)
		return ABSENT;
	f = ix_get_msg(tx->t, b->box, own, &msg, err);
	if (f != FOUND)
		return f;
	if (own == *uid)
		*uid = 0;
	return strcmp(msg.file, e->name) == 0 ? FOUND : ABSENT;
}

/* What is wrong with E's name can wait: where it is known meanwhile which UID
 * it has, it is as good as one whose flags are behind. */
static bool
can_wait(const struct scan_how *how, const struct candidate *e,
    const struct ix_hot *hot)
{
	return how->later != NULL && e->part == MAILDIR_CUR &&
	       ix_part(hot) == MAILDIR_CUR && (e->f.uid == 0 || e->listed) &&
	       e->f.base.n > 0 && e->f.base.n <= BASE_LIMIT &&
	       strlen(e->name) < IX_FILE_NAME && uidfile_takes(e->f.stem);
}

static void
rename_later(const struct scan_how *how, const struct candidate *e,
    struct ix_box *b, uint32_t uid, struct ix_hot *hot, struct ix_msg *msg)
{
	strlcpy(msg->file, e->name, sizeof msg->file);
	hot->bits |= HOT_PENDING;
	b->bits |= BOX_UIDS;
	if (uid != e->f.uid)
		uidfile_add(how->later, uid, e->f.stem);
}

int
adopt(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct kwfile *more,
    const struct listing_entry *entry, int64_t *bytes, bool *renamed,
    struct err *err)
{
	const struct candidate of_entry = candidate_of(entry);
	const struct candidate *const e = &of_entry;
	struct ix_msg msg = { 0 };
	struct ix_hot hot = { .bits = e->f.flags };
	struct keyword_set set;
	uint32_t uid = e->want;
	const enum found since = find_since(tx, b, e, &uid, err);
	int rc =
	    since == ABSENT ? measure(d, how, e, &msg, &hot, bytes, err) : 0;

	if (since != ABSENT)
		return since == FOUND ? 0 : -1;
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (find_keywords(how, more, e, &hot, &set, err) == -1)
		return -1;
	/* Delivered by us, and not yet seen by anybody. */
	if (e->part == MAILDIR_NEW && how->build && e->want != 0 && !e->f.info)
		hot.bits |= HOT_NEW;
	if (uid == 0 && tx_uid(tx, b, d->fd, &uid, err) == -1)
		return -1;
	if (uid >= b->uidnext)
		b->uidnext = uid + 1;
	/* \Recent when an index is built is what lies in new/. */
	if (how->build && e->part == MAILDIR_CUR && uid >= b->first_recent)
		b->first_recent = uid + 1;
	*renamed = full_name(tx, e, &hot, &msg, uid);
	if (*renamed && can_wait(how, e, &hot)) {
		*renamed = false;
		rename_later(how, e, b, uid, &hot, &msg);
	} else if (*renamed) {
		const enum found f = maildir_move(
		    d, e->part, e->name, d, ix_part(&hot), msg.file, err);

		if (f != FOUND)
			return f == ABSENT ? 0 : -1;
	}
	/* Its line is that of its old name. */
	if (keyword_set_more(&set) &&
	    (uid != e->f.uid || !same_base(&e->f, msg.file)))
		hot.bits |= HOT_LINE | HOT_PENDING;
	return tx_add(tx, b, uid, &hot, &msg, &set, err);
}

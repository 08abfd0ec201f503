/* SPDX-License-Identifier: ISC */
/*
 * What is expunged is renamed into the account's pabal.kept in place of being
 * unlinked.
 */
#include "store/keep.h"

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keptdir.h"
#include "maildir/keyword_set.h"
#include "maildir/mailboxes.h"
#include "maildir/maildir.h"
#include "store/inner.h"
#include "store/keeproom.h"
#include "sys/clock.h"

static int
open_dir(struct keeping *k, struct mailbox *m, const struct ix_box *b,
    struct err *err)
{
	struct err why = { 0 };
	int rc;

	if (keptdir_open(&k->to, m->a->ix.fd, k->now_s, b->id, &why) == 0 &&
	    keptdir_put_about(
		&k->to, slice_str(b->name), b->uidvalidity, &why) == 0)
		return 0;
	rc = keeproom_failed(m->a, &why, err);
	maildir_close(&k->to);
	k->room_bytes = 0;
	return rc;
}

int
keep_begin(struct keeping *k, struct tx *tx, struct mailbox *m,
    const struct ix_box *b, struct err *err)
{
	*k = (struct keeping){
		.to = MAILDIR_CLOSED, .log.fd = -1, .now_s = clock_wall_s()
	};
	if (keeproom_find(tx, m->a, k->now_s, &k->sum, &k->room_bytes, err) ==
	    -1)
		return -1;
	return k->room_bytes > 0 ? open_dir(k, m, b, err) : 0;
}

/* The names of the message's keywords, before the file gets its name. */
static int
add_keywords(struct keeping *k, struct tx *tx, const struct mailbox *m,
    uint32_t uid, const struct ix_hot *hot, const char *file, struct err *err)
{
	struct keyword_set set;
	struct buf line;
	int rc;

	if (hot->letters == 0 && (hot->bits & HOT_MORE) == 0)
		return 0;
	if (ix_get_keywords(tx->t, m->box, uid, hot, &set, err) != FOUND)
		return -1;
	buf_init(&line, KEYWORD_TEXT_MAX + 4 * IX_FILE_NAME);
	kwlog_line_whole(&line, file, m->keywords, &set);
	rc = kwlog_add(&k->log, k->to.curfd, buf_slice(&line), err);
	buf_fini(&line);
	return rc;
}

static bool
was_removed(const struct maildir *d)
{
	struct stat sb;

	return fstat(d->curfd, &sb) == 0 && sb.st_nlink == 0;
}

/* Room for a name may be lacking in the directory: then it is removed. */
static enum found
move(struct keeping *k, struct tx *tx, struct mailbox *m, uint32_t uid,
    const struct ix_hot *hot, const struct ix_msg *msg, struct err *err)
{
	char file[IX_FILE_NAME], to[KEPT_NAME_SIZE];
	struct err why = { 0 };
	enum found f = TEMPFAIL;

	ix_file_name(file, msg, hot, uid);
	keptdir_name(to, file, k->now_s, msg->saved_s);
	if (add_keywords(k, tx, m, uid, hot, to, &why) == 0)
		f = maildir_move(&m->dirs, ix_part(hot), msg->file, &k->to,
		    MAILDIR_CUR, to, &why);
	if (f == ABSENT && was_removed(&k->to)) {
		f = TEMPFAIL;
		err_set(&why, ERR_TEMP, KEPT_DIR " was removed");
	}
	if (f == TEMPFAIL && why.code == ERR_NO_SPACE) {
		keeproom_lacks(m->a, why.text);
		return maildir_remove(&m->dirs, ix_part(hot), msg->file, err);
	}
	if (f == TEMPFAIL && err != NULL)
		*err = why;
	return f;
}

enum found
keep_message(struct keeping *k, struct tx *tx, struct mailbox *m, uint32_t uid,
    const struct ix_hot *hot, const struct ix_msg *msg, struct err *err)
{
	const uint64_t bytes = (uint64_t)msg->size;
	enum found f;

	if (k->to.curfd == -1)
		return maildir_remove(&m->dirs, ix_part(hot), msg->file, err);
	if (bytes > k->room_bytes) {
		keeproom_lacks(m->a, "as much is kept as may be");
		return maildir_remove(&m->dirs, ix_part(hot), msg->file, err);
	}
	f = move(k, tx, m, uid, hot, msg, err);
	if (f != FOUND)
		return f;
	if (k->sum.messages == 0)
		k->sum.modseq = tx->modseq;
	k->room_bytes -= bytes;
	k->sum.bytes += bytes;
	k->sum.messages++;
	k->changed = true;
	return FOUND;
}

int
keep_end(struct keeping *k, struct tx *tx, struct err *err)
{
	maildir_close(&k->to);
	kwlog_close(&k->log);
	if (!k->changed)
		return 0;
	k->changed = false;
	return keepsum_put(tx->t, keepsum_day(k->now_s), &k->sum, err);
}

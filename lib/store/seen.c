/* SPDX-License-Identifier: ISC */
#include "store/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/walk.h"
#include "maildir/filename.h"
#include "maildir/mailboxes.h"
#include "maildir/seenfile.h"
#include "maildir/uidset.h"
#include "store/inner.h"
#include "store/seenchange.h"
#include "store/seenfor.h"
#include "sys/kv.h"

struct seen_set {
	char *guest;
	char name[SEENFILE_NAME_MAX + 1]; /* of the file; "": it has none */
	struct seenfile file;
	struct uidset set;    /* also of messages that are gone */
	uint32_t uidvalidity; /* 0: not read yet */
	uint64_t turn;        /* of the loop, in which the file was looked at */

	/* How many of the set were there, as of the change COUNTED of the
	 * account; 0: not known. */
	uint32_t n;
	uint64_t counted;
	uint64_t builds; /* of the account, then */
};

struct seen_change {
	struct mailbox *m;
	struct uidset added, taken;
	uint32_t nadded, ntaken;
	uint64_t modseq; /* behind it */
};

void
seen_new(struct mailbox *m, const char *guest)
{
	struct seen_set *s = xcalloc(1, sizeof *s);

	s->guest = xstrdup(guest);
	if (!seenfile_name(slice_str(guest), s->name))
		s->name[0] = '\0';
	m->seen = s;
}

void
seen_free(struct mailbox *m)
{
	struct seen_set *s = m->seen;

	if (s == NULL)
		return;
	uidset_fini(&s->set);
	xfree(&s->guest);
	xfree(&m->seen);
}

bool
seen_is_of(const struct mailbox *m, const char *guest)
{
	if (m->seen == NULL || guest == NULL)
		return m->seen == NULL && guest == NULL;
	return strcmp(m->seen->guest, guest) == 0;
}

/* ---- reading ---- */

int
seen_refresh(struct mailbox *m, const struct ix_box *b, struct err *err)
{
	struct seen_set *s = m->seen;
	const bool looked = s->turn != 0 && s->turn == ev_turn();

	if (s->uidvalidity == b->uidvalidity &&
	    (looked || !seenfile_changed(m->dirs.fd, s->name, &s->file)))
		return 0;
	uidset_fini(&s->set);
	s->counted = 0;
	s->uidvalidity = 0;
	if (s->name[0] != '\0' &&
	    seenfile_load(m->dirs.fd, s->name, b->uidvalidity, &s->file,
		&s->set, err) == -1)
		return -1;
	s->uidvalidity = b->uidvalidity;
	s->turn = ev_turn();
	return 0;
}

unsigned
seen_flags(const struct mailbox *m, uint32_t uid, uint32_t bits)
{
	const unsigned flags = bits & MSG_FLAGS;

	if (m->seen == NULL)
		return flags;
	return uidset_has(&m->seen->set, uid) ? flags | MSG_SEEN
					      : flags & ~(unsigned)MSG_SEEN;
}

static int
count_all(struct seen_set *s, struct kv_txn *t, uint32_t box, struct err *err)
{
	struct walk w;
	enum found f;

	s->n = 0;
	if (s->set.n == 0)
		return 0;
	if (walk_open(&w, t, box, s->set.v[0].lo, false, err) == -1)
		return -1;
	while ((f = walk_next(&w, err)) == FOUND)
		s->n += uidset_has(&s->set, w.uid);
	walk_close(&w);
	return f == TEMPFAIL ? -1 : 0;
}

/* What is gone since then. */
static int
count_gone(struct seen_set *s, struct kv_txn *t, uint32_t box, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	struct slice k, v;
	char key[IX_KEY];
	struct ix_log l;
	uint64_t modseq;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, s->counted + 1), &k, &v, err);
	while (f == FOUND && ix_key_log(k, &modseq) && ix_read_log(v, &l)) {
		if (l.box == box && l.kind == LOG_GONE && s->n > 0 &&
		    uidset_has(&s->set, l.uid))
			s->n--;
		f = kv_next(c, &k, &v, err);
	}
	kv_cursor_close(&c);
	return f == TEMPFAIL ? -1 : 0;
}

/* How many of the set there are in T.  While messages are still being taken in
 * each of them may be one. */
static int
count(struct mailbox *m, struct kv_txn *t, const struct ix_box *b,
    struct err *err)
{
	const unsigned unsure = BOX_MORE | BOX_BUILD | BOX_DOUBT | BOX_UNSURE;
	struct seen_set *s = m->seen;
	struct ix_meta meta;
	int rc;

	if (ix_get_meta(t, &meta, err) != FOUND)
		return -1;
	if (s->counted == 0 || s->builds != m->a->builds ||
	    s->counted < meta.log_floor || (b->bits & unsure) != 0)
		rc = count_all(s, t, b->box, err);
	else if (b->modseq > s->counted)
		rc = count_gone(s, t, b->box, err);
	else
		rc = 0;
	s->counted = rc == 0 && (b->bits & unsure) == 0 ? meta.modseq : 0;
	s->builds = m->a->builds;
	return rc;
}

int
seen_unseen(struct mailbox *m, struct kv_txn *t, const struct ix_box *b,
    uint32_t *n, struct err *err)
{
	if (count(m, t, b, err) == -1)
		return -1;
	*n = b->messages - m->seen->n;
	return 0;
}

/* ---- changing ---- */

int
seen_begin(struct mailbox *m, const struct tx *tx, const struct ix_box *b,
    struct seen_change **change, struct err *err)
{
	struct seen_change *c;

	*change = NULL;
	if (m->seen == NULL)
		return 0;
	if (m->seen->name[0] == '\0')
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "too long a name for \\Seen");
	m->seen->turn = 0;
	if (seen_refresh(m, b, err) == -1 || count(m, tx->t, b, err) == -1)
		return -1;
	c = xcalloc(1, sizeof *c);
	c->m = m;
	*change = c;
	return 0;
}

void
seen_note(struct seen_change *c, uint32_t uid, bool seen)
{
	if (seen && uidset_add(&c->added, uid, uid))
		c->nadded++;
	else if (!seen && uidset_add(&c->taken, uid, uid))
		c->ntaken++;
}

static void
put_line(struct buf *out, char sign, const struct uidset *s)
{
	if (s->n == 0)
		return;
	buf_addc(out, sign);
	uidset_put(s, out);
	buf_addc(out, '\n');
}

int
seen_write(
    struct seen_change *c, struct tx *tx, struct ix_box *b, struct err *err)
{
	struct seen_set *s = c->m->seen;
	int64_t before_ns;
	struct buf lines;
	int rc;

	c->modseq = tx->meta.modseq;
	if (c->added.n == 0 && c->taken.n == 0)
		return 0;
	buf_init(&lines, SIZE_MAX / 2);
	put_line(&lines, '+', &c->added);
	put_line(&lines, '-', &c->taken);
	before_ns = maildir_names_time(tx->ix->fd);
	seenfile_tidy(
	    c->m->dirs.fd, s->name, b->uidvalidity, &s->file, &s->set);
	rc = seenfile_add(c->m->dirs.fd, s->name, b->uidvalidity, &s->file,
	    buf_slice(&lines), err);
	tx_names_end(tx, before_ns);
	buf_fini(&lines);
	return rc;
}

static void
take_over(struct seen_set *s, const struct seen_change *c)
{
	for (size_t i = 0; i < c->added.n; i++)
		(void)uidset_add(&s->set, c->added.v[i].lo, c->added.v[i].hi);
	for (size_t i = 0; i < c->taken.n; i++)
		(void)uidset_del(&s->set, c->taken.v[i].lo, c->taken.v[i].hi);
	s->n += c->nadded;
	s->n -= c->ntaken;
	if (s->counted != 0)
		s->counted = c->modseq;
}

/* What is in the file and not in the index is read again. */
void
seen_end(struct seen_change **change, bool committed)
{
	struct seen_change *c = *change;

	if (c == NULL)
		return;
	if (committed)
		take_over(c->m->seen, c);
	else
		c->m->seen->uidvalidity = 0;
	uidset_fini(&c->added);
	uidset_fini(&c->taken);
	xfree(change);
}

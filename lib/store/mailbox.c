/* SPDX-License-Identifier: ISC */
#include "store/mailbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/must.h"
#include "store/boxes.h"
#include "store/boxfile.h"
#include "store/cache.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/name.h"
#include "store/scan.h"
#include "store/tx.h"
#include "store/walk.h"
#include "sys/kv.h"

enum { SCAN_ROOM = 64 << 20, KEYWORD_LIMIT = 100 };

static int
gone(struct err *err)
{
	return err_set(err, ERR_PERM, "[NONEXISTENT] no such mailbox");
}

static enum found
look_up(struct account *a, struct slice name, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	enum found f;
	uint32_t box;

	if (account_enter(a, err) == -1 || (t = kv_read(a->env, err)) == NULL)
		return TEMPFAIL;
	f = ix_find_box(t, name, &box, err);
	if (f == FOUND)
		f = ix_get_box(t, box, b, err);
	kv_abort(&t);
	return f;
}

static struct mailbox *
handle_of(struct account *a, const struct ix_box *b)
{
	struct mailbox *m;

	LIST_FOREACH(m, &a->boxes, link)
	if (strcmp(m->id, b->id) == 0)
		return m;
	m = xcalloc(1, sizeof *m);
	m->a = a;
	m->name = xstrdup(b->name);
	m->dirs = (struct box_dirs){ -1, -1, -1, -1 };
	STAILQ_INIT(&m->cache.list);
	memcpy(m->id, b->id, sizeof m->id);
	LIST_INSERT_HEAD(&a->boxes, m, link);
	return m;
}

enum found
mailbox_open(struct account *a, struct slice name, struct mailbox **mailbox,
    struct err *err)
{
	struct err why = { 0 };
	struct ix_box b;
	struct buf normal;
	enum found f = ABSENT;
	struct mailbox *m;

	*mailbox = NULL;
	buf_init(&normal, NAME_LIMIT);
	if (name_normal(&normal, name))
		f = look_up(a, buf_slice(&normal), &b, err);
	if (f == ABSENT && boxes_sync(a, err) == 0)
		f = look_up(a, buf_slice(&normal), &b, err);
	buf_fini(&normal);
	if (f != FOUND) {
		if (f == ABSENT)
			gone(err);
		return f;
	}
	m = handle_of(a, &b);
	m->refs++;
	m->box = b.box;
	m->builds = a->builds;
	a->refs++;
	if (mailbox_enter(m, &why) == 0) {
		*mailbox = m;
		return FOUND;
	}
	mailbox_close(&m);
	if (err != NULL)
		*err = why;
	return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
}

static enum found
find_folded(
    struct account *a, struct slice name, struct ix_box *b, struct err *err)
{
	struct kv_txn *t = kv_read(a->env, err);
	uint32_t from = 0;
	enum found f;

	if (t == NULL)
		return TEMPFAIL;
	while ((f = ix_next_box(t, from, b, err)) == FOUND &&
	       !slice_iis(name, b->name))
		from = b->box + 1;
	kv_abort(&t);
	return f;
}

enum found
mailbox_open_folded(struct account *a, struct slice name,
    struct mailbox **mailbox, struct err *err)
{
	enum found f = mailbox_open(a, name, mailbox, err);
	struct ix_box b;

	if (f == ABSENT && account_enter(a, err) == 0)
		f = find_folded(a, name, &b, err);
	else
		return f;
	return f == FOUND ? mailbox_open(a, slice_str(b.name), mailbox, err)
			  : f;
}

static void
mailbox_free(struct mailbox *m)
{
	box_dirs_close(&m->dirs);
	cache_drop(m);
	keywords_fini(&m->keywords);
	LIST_REMOVE(m, link);
	xfree(&m->name);
	free(m);
}

void
mailbox_close(struct mailbox **mp)
{
	struct mailbox *m = *mp;
	struct account *a;

	*mp = NULL;
	if (m == NULL)
		return;
	must(m->refs > 0);
	a = m->a;
	if (m->refs == 1 && a->env != NULL)
		(void)cache_flush(m, NULL);
	m->refs--;
	/* INBOX stays at hand for the next delivery, until it is parked. */
	if (m->refs == 0 && (a->env == NULL || strcmp(m->name, "INBOX") != 0))
		mailbox_free(m);
	account_close(&a);
}

void
mailbox_park(struct mailbox *m)
{
	if (m->refs == 0)
		mailbox_free(m);
	else
		box_dirs_close(&m->dirs);
}

/* Find the box again after the index was built anew. */
static enum found
find_again(struct mailbox *m, struct ix_box *b, struct err *err)
{
	struct kv_txn *t = kv_read(m->a->env, err);
	uint32_t from = 0;
	enum found f;

	if (t == NULL)
		return TEMPFAIL;
	if (m->builds == m->a->builds) {
		f = ix_get_box(t, m->box, b, err);
		kv_abort(&t);
		return f;
	}
	while ((f = ix_next_box(t, from, b, err)) == FOUND) {
		if (strcmp(b->id, m->id) == 0)
			break;
		from = b->box + 1;
	}
	kv_abort(&t);
	if (f == FOUND) {
		m->box = b->box;
		m->builds = m->a->builds;
		m->keywords_seen = 0;
	}
	return f;
}

static bool
dirs_usable(const struct mailbox *m)
{
	struct stat sb;

	return m->dirs.tmpfd != -1 && fstat(m->dirs.curfd, &sb) == 0 &&
	       sb.st_nlink > 0;
}

int
mailbox_enter(struct mailbox *m, struct err *err)
{
	struct ix_box b;
	enum found f;

	if (account_enter(m->a, err) == -1)
		return -1;
	if (m->builds == m->a->builds && dirs_usable(m))
		return 0;
	f = find_again(m, &b, err);
	if (f == FOUND) {
		box_dirs_close(&m->dirs);
		f = box_dirs_open(&m->dirs, m->a->fd, b.dir, true, err);
		xfree(&m->name);
		m->name = xstrdup(b.name);
	}
	if (f == ABSENT)
		return gone(err);
	return f == FOUND ? 0 : -1;
}

struct account *
mailbox_account(const struct mailbox *m)
{
	return m->a;
}

struct slice
mailbox_name(const struct mailbox *m)
{
	return slice_str(m->name);
}

bool
mailbox_same(const struct mailbox *a, const struct mailbox *b)
{
	return a == b;
}

static int
read_box(struct mailbox *m, struct ix_box *b, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	if (mailbox_enter(m, err) == -1)
		return -1;
	t = kv_read(m->a->env, err);
	if (t == NULL)
		return -1;
	f = ix_get_box(t, m->box, b, err);
	kv_abort(&t);
	if (f == ABSENT)
		return gone(err);
	return f == FOUND ? 0 : -1;
}

/* Messages that no session has had as \\Recent. */
static int
count_recent(
    struct mailbox *m, const struct ix_box *b, uint32_t *n, struct err *err)
{
	struct kv_txn *t;
	struct walk w;
	enum found f;

	*n = 0;
	if (b->first_recent >= b->uidnext)
		return 0;
	t = kv_read(m->a->env, err);
	if (t == NULL)
		return -1;
	if (walk_open(&w, t, m->box, b->first_recent, false, err) == -1) {
		kv_abort(&t);
		return -1;
	}
	while ((f = walk_next(&w, err)) == FOUND)
		(*n)++;
	walk_close(&w);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

int
mailbox_status(struct mailbox *m, struct mailbox_status *st, struct err *err)
{
	struct ix_box b;

	if (read_box(m, &b, err) == -1)
		return -1;
	*st = (struct mailbox_status){ .messages = b.messages,
		.unseen = b.unseen,
		.deleted = b.deleted,
		.uidnext = b.uidnext,
		.uidvalidity = b.uidvalidity,
		.highestmodseq = b.modseq,
		.bytes = b.bytes,
		.special = b.special };
	memcpy(st->id, b.id, sizeof st->id);
	return count_recent(m, &b, &st->recent, err);
}

int
mailbox_begin(struct mailbox *m, size_t room, struct tx *tx, struct ix_box *b,
    struct err *err)
{
	enum found f;

	if (mailbox_enter(m, err) == -1 || tx_begin(m->a, room, tx, err) == -1)
		return -1;
	/* Waiting for our turn, we may have met another index. */
	if (m->builds != m->a->builds && mailbox_enter(m, err) == -1) {
		tx_abort(tx);
		return -1;
	}
	f = ix_get_box(tx->t, m->box, b, err);
	if (f == FOUND && mailbox_load_keywords(m, b, err) == 0)
		return 0;
	tx_abort(tx);
	return f == ABSENT ? gone(err) : -1;
}

int
mailbox_scan(struct tx *tx, struct mailbox *m, struct ix_box *b, size_t *room,
    struct err *err)
{
	const struct scan_how how = { .keywords = scan_keywords(&m->keywords) };

	return scan_box(tx, b, &m->dirs, &how, room, err);
}

static int
scan_now(struct mailbox *m, struct err *err)
{
	size_t room = SCAN_ROOM;
	struct ix_box b;
	struct tx tx;
	int rc;

	do {
		if (mailbox_begin(m, room, &tx, &b, err) == -1)
			return -1;
		rc = mailbox_scan(&tx, m, &b, &room, err);
		if (rc == 0 && ix_put_box(tx.t, &b, err) == 0)
			return tx_commit(&tx, err);
		tx_abort(&tx);
	} while (rc == 1);
	return -1;
}

int
mailbox_sync(struct mailbox *m, bool thorough, struct err *err)
{
	struct ix_box b;

	if (read_box(m, &b, err) == -1)
		return -1;
	if (!scan_due(&b, &m->dirs, thorough))
		return 0;
	return scan_now(m, err);
}

int
mailbox_load_keywords(
    struct mailbox *m, const struct ix_box *box, struct err *err)
{
	if (m->keywords_seen == box->keywords)
		return 0;
	keywords_fini(&m->keywords);
	if (keywords_read(m->dirs.fd, &m->keywords, err) == -1)
		return -1;
	m->keywords_seen = box->keywords;
	return 0;
}

/* An atom that can also stand in a line of the file (RFC 3501 9). */
static bool
keyword_ok(struct slice name)
{
	if (name.n == 0 || name.n > KEYWORD_LIMIT)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isprint(name.p[i]) ||
		    strchr(" (){%*\"\\]", name.p[i]) != NULL)
			return false;
	return true;
}

static int
add_keyword(struct mailbox *m, struct slice name, struct err *err)
{
	struct ix_box b;
	struct tx tx;
	int n, free_letter = 0;

	if (!keyword_ok(name))
		return err_set(err, ERR_PERM, "[LIMIT] not a keyword");
	if (mailbox_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	n = keywords_find(&m->keywords, name);
	if (n != -1) {
		tx_abort(&tx);
		return n;
	}
	while (free_letter < MAILBOX_KEYWORDS &&
	       m->keywords.names[free_letter] != NULL)
		free_letter++;
	if (free_letter == MAILBOX_KEYWORDS) {
		tx_abort(&tx);
		return err_set(err, ERR_PERM, "[LIMIT] too many keywords");
	}
	m->keywords.names[free_letter] = xslicedup(name);
	b.keywords++;
	if (keywords_write(m->dirs.fd, &m->keywords, err) == -1 ||
	    tx_log(&tx, &b, 0, LOG_BOX, err) == -1 ||
	    ix_put_box(tx.t, &b, err) == -1) {
		m->keywords_seen = 0;
		tx_abort(&tx);
		return -1;
	}
	m->keywords_seen = b.keywords;
	if (tx_commit(&tx, err) == -1) {
		m->keywords_seen = 0;
		return -1;
	}
	return free_letter;
}

int
mailbox_keyword(struct mailbox *m, struct slice name, bool add, struct err *err)
{
	struct ix_box b;
	int n;

	if (read_box(m, &b, err) == -1 ||
	    mailbox_load_keywords(m, &b, err) == -1)
		return -1;
	n = keywords_find(&m->keywords, name);
	return n == -1 && add ? add_keyword(m, name, err) : n;
}

bool
mailbox_keyword_name(struct mailbox *m, unsigned n, struct buf *name)
{
	struct ix_box b;

	if (n >= MAILBOX_KEYWORDS || read_box(m, &b, NULL) == -1 ||
	    mailbox_load_keywords(m, &b, NULL) == -1 ||
	    m->keywords.names[n] == NULL)
		return false;
	buf_adds(name, m->keywords.names[n]);
	return true;
}

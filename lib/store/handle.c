/* SPDX-License-Identifier: ISC */
/*
 * The accounts and mailboxes that this process knows.  Each account is there
 * once, because LMDB forbids opening an index twice, and the least recently
 * used are parked (map and fds closed) when more than max_open are open.  A
 * parked account that nobody holds is forgotten.
 *
 * How an index is opened, which may mean to build it, and what comes after, is
 * said by the store's functions (whole.h), so that nothing here calls what is
 * above it.
 */
#include "store/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keywords.h"
#include "maildir/mailboxes.h"
#include "store/account.h"
#include "store/cachequeue.h"
#include "store/handle_box.h"
#include "store/inner.h"
#include "store/notify.h"
#include "store/scan.h"
#include "store/seed.h"
#include "store/seenfor.h"
#include "store/whole.h"
#include "sys/beneath.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void
mailbox_free(struct mailbox *m)
{
	must(m->holds == 0);
	maildir_close(&m->dirs);
	scan_free(&m->scan);
	cachequeue_drop(&m->cache);
	seed_free(m);
	seen_free(m);
	keywords_fini(m->keywords);
	xfree(&m->keywords);
	LIST_REMOVE(m, link);
	xfree(&m->name);
	free(m);
}

static void
park_mailbox(struct mailbox *m)
{
	scan_free(&m->scan);
	seed_free(m);
	if (m->refs == 0)
		mailbox_free(m);
	else
		handle_close_dirs(m);
}

static void
account_free(struct account *a)
{
	map_del(&a->store->accounts, slice_str(a->path));
	xfree(&a->path);
	xfree(&a->name);
	xfree(&a->owner);
	free(a);
}

/* Its index and directory closed, until somebody enters it again. */
static void
close_account(struct account *a)
{
	struct mailbox *m, *next;

	must(a->ix.busy == 0);
	for (m = LIST_FIRST(&a->boxes); m != NULL; m = next) {
		next = LIST_NEXT(m, link);
		park_mailbox(m);
	}
	if (a->ix.env != NULL) {
		TAILQ_REMOVE(&a->store->open, a, link);
		a->store->nopen--;
		kv_close(&a->ix.env);
	}
	fd_close(&a->ix.fd);
}

void
handle_park(struct account *a)
{
	close_account(a);
	if (a->refs == 0)
		account_free(a);
}

static void
park_others(struct account *a)
{
	struct account *b = TAILQ_FIRST(&a->store->open), *next;

	while (b != NULL && a->store->nopen > a->store->max_open) {
		next = TAILQ_NEXT(b, link);
		if (b != a && b->ix.busy == 0)
			handle_park(b);
		b = next;
	}
}

static int
enter_parked(struct account *a, bool force, struct err *err)
{
	a->ix.fd = beneath_open(a->store->rootfd, a->path, DIR_FLAGS, 0, err);
	if (a->ix.fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set_code(
		    err, ERR_PERM, ERR_NO_ACCOUNT, "no such account");
	if (a->ix.fd == -1) {
		if (err != NULL)
			err->class = ERR_TEMP;
		return -1;
	}
	if (!maildir_is_account(a->ix.fd)) {
		fd_close(&a->ix.fd);
		return err_set_code(
		    err, ERR_PERM, ERR_NO_ACCOUNT, "no such account");
	}
	if (a->store->open_index(a, force, err) == -1) {
		fd_close(&a->ix.fd);
		/* Whatever it was, the account is there. */
		if (err != NULL)
			err->class = ERR_TEMP;
		return -1;
	}
	a->builds++;
	a->store->nopen++;
	TAILQ_INSERT_TAIL(&a->store->open, a, link);
	park_others(a);
	if (a->store->is_behind(a))
		notify_flusher(a);
	return 0;
}

/* Is this the first time in a turn of the loop?  Once in each we look whether
 * other processes took something away; without a loop each time. */
static bool
first_look(uint64_t *turn)
{
	const uint64_t now = ev_turn();
	const bool first = now == 0 || *turn != now;

	*turn = now;
	return first;
}

static bool
is_unusable(struct account *a)
{
	if (kv_damaged(a->ix.env) || kv_broken(a->ix.env))
		return true;
	return first_look(&a->turn) && kv_stale(a->ix.env);
}

int
handle_enter(struct account *a, struct err *err)
{
	bool force = false;

	if (a->ix.env != NULL && a->ix.busy == 0 && is_unusable(a)) {
		force = kv_damaged(a->ix.env);
		a->replaced++;
		close_account(a);
	}
	if (a->ix.env == NULL)
		return enter_parked(a, force, err);
	TAILQ_REMOVE(&a->store->open, a, link);
	TAILQ_INSERT_TAIL(&a->store->open, a, link);
	return 0;
}

static char *
name_for_log(const struct store *s, const char *path)
{
	if (s->place[0] == '\0')
		return xstrdup(path);
	return slice_is(slice_str(path), ".")
		   ? xstrdup(s->place)
		   : xasprintf("%s/%s", s->place, path);
}

struct account *
handle_account(struct store *store, const char *path)
{
	struct account *a = map_find(&store->accounts, slice_str(path));

	if (a == NULL) {
		a = xcalloc(1, sizeof *a);
		a->store = store;
		a->path = xstrdup(path);
		a->name = name_for_log(store, path);
		a->ix.fd = -1;
		a->ix.boot_id = store->boot_id;
		a->ix.on_commit = notify_commit;
		map_put(&store->accounts, slice_str(path), a);
	}
	a->refs++;
	if (a->given_up)
		notify_flusher(a);
	a->given_up = false;
	return a;
}

void
account_close(struct account **ap)
{
	struct account *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	must(a->refs > 0);
	a->refs--;
	if (a->refs == 0 && a->ix.env == NULL)
		handle_park(a);
}

static int
enter_and_start(struct account *a, size_t room, struct tx *tx, struct err *err)
{
	return handle_enter(a, err) == 0 ? tx_start(&a->ix, room, tx, err) : -1;
}

int
handle_begin(struct account *a, size_t room, struct tx *tx, struct err *err)
{
	/* We look below, when nobody else can take it away. */
	a->turn = ev_turn();
	if (enter_and_start(a, room, tx, err) == -1)
		return -1;
	/* Built anew by another process while we waited for our turn. */
	if (kv_stale(a->ix.env)) {
		tx_abort(tx);
		a->turn = 0; /* what was seen in this turn is no longer so */
		if (enter_and_start(a, room, tx, err) == -1)
			return -1;
	}
	if (tx_soil(tx, err) == 0)
		return 0;
	tx_abort(tx);
	return -1;
}

struct mailbox *
handle_mailbox(struct account *a, const struct ix_box *b, const char *guest)
{
	struct mailbox *m;

	LIST_FOREACH(m, &a->boxes, link)
	if (strcmp(m->id, b->id) == 0 && seen_is_of(m, guest))
		return m;
	m = xcalloc(1, sizeof *m);
	m->a = a;
	m->keywords = xcalloc(1, sizeof *m->keywords);
	m->name = xstrdup(b->name);
	m->dirs = MAILDIR_CLOSED;
	STAILQ_INIT(&m->cache.list);
	memcpy(m->id, b->id, sizeof m->id);
	if (guest != NULL)
		seen_new(m, guest);
	LIST_INSERT_HEAD(&a->boxes, m, link);
	return m;
}

/* Find the box again after the index was built anew. */
static enum found
find_again(struct mailbox *m, struct ix_box *b, struct err *err)
{
	struct kv_txn *t = kv_read(m->a->ix.env, err);
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
	}
	return f;
}

void
handle_look(struct mailbox *m)
{
	m->times = maildir_times(&m->dirs);
	m->times_turn = ev_turn();
}

static bool
are_there(struct mailbox *m)
{
	if (m->dirs.tmpfd == -1)
		return false;
	if (!first_look(&m->turn))
		return true;
	m->times_turn = ev_turn();
	return maildir_is_there(&m->dirs, &m->times);
}

int
handle_enter_mailbox(struct mailbox *m, struct err *err)
{
	struct ix_box b;
	enum found f;

	if (handle_enter(m->a, err) == -1)
		return -1;
	if (m->builds == m->a->builds && are_there(m))
		return 0;
	f = find_again(m, &b, err);
	if (f == FOUND) {
		handle_close_dirs(m);
		scan_free(&m->scan);
		f = maildir_open(&m->dirs, m->a->ix.fd, b.dir, true, err);
		handle_look(m);
		xfree(&m->name);
		m->name = xstrdup(b.name);
	}
	if (f == ABSENT)
		return err_set_code(
		    err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	return f == FOUND ? 0 : -1;
}

void
handle_close_mailbox(struct mailbox *m)
{
	struct account *a = m->a;

	must(m->refs > 0);
	m->refs--;
	/* INBOX stays at hand for the next delivery, and a scan for whoever
	 * goes on with it, until they are parked. */
	if (m->refs == 0 &&
	    (a->ix.env == NULL || m->seen != NULL ||
		(strcmp(m->name, "INBOX") != 0 && m->scan == NULL)))
		mailbox_free(m);
	account_close(&a);
}

void
handle_drop_scans(struct account *a)
{
	struct mailbox *m, *next;

	for (m = LIST_FIRST(&a->boxes); m != NULL; m = next) {
		next = LIST_NEXT(m, link);
		scan_free(&m->scan);
		if (m->refs == 0 && strcmp(m->name, "INBOX") != 0)
			mailbox_free(m);
	}
}

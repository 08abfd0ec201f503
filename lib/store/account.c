/* SPDX-License-Identifier: ISC */
/*
 * The accounts that this process knows: each is there once, because LMDB
 * forbids opening an index twice, and the least recently used are parked (map
 * and fds closed) when more than max_open are open.  A parked account that
 * nobody holds is forgotten.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/name.h"
#include "sys/beneath.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { OPEN_DEFAULT = 256 };

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int
store_boot_id(char id[STORE_BOOT_ID_SIZE], struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	n = read(fd, id, STORE_BOOT_ID_SIZE - 1);
	close(fd);
	if (n <= 1)
		return err_set(err, ERR_TEMP, "read %s: nothing there", path);
	id[id[n - 1] == '\n' ? n - 1 : n] = '\0';
	return 0;
}

struct store *
store_new(int rootfd, const struct store_opts *opts)
{
	struct store *s = xcalloc(1, sizeof *s);

	s->rootfd = rootfd;
	s->durable = opts->durable;
	s->hostname = xstrdup(opts->hostname);
	s->boot_id = xstrdup(opts->boot_id);
	s->max_open = opts->max_open > 0 ? opts->max_open : OPEN_DEFAULT;
	s->crlf = opts->crlf;
	map_init(&s->accounts);
	TAILQ_INIT(&s->open);
	flush_init(s);
	return s;
}

static void
account_free(struct account *a)
{
	map_del(&a->store->accounts, slice_str(a->path));
	xfree(&a->path);
	free(a);
}

/* All indexes that are open become clean; see stamp.c. */
static void
settle_all(struct store *s)
{
	struct account *a;
	struct err err;

	for (a = TAILQ_FIRST(&s->open); a != NULL; a = TAILQ_NEXT(a, link))
		(void)index_settle(a, &err);
	if (fd_sync_fs(s->rootfd, &err) == -1)
		return;
	for (a = TAILQ_FIRST(&s->open); a != NULL; a = TAILQ_NEXT(a, link))
		(void)index_settled(a, &err);
	(void)fd_sync_fs(s->rootfd, &err);
}

void
store_free(struct store **sp)
{
	struct store *s = *sp;
	struct account *a;

	if (s == NULL)
		return;
	flush_fini(s);
	if (!TAILQ_EMPTY(&s->open))
		settle_all(s);
	while ((a = TAILQ_FIRST(&s->open)) != NULL) {
		must(a->refs == 0);
		account_park(a);
	}
	must(s->accounts.count == 0);
	map_fini(&s->accounts);
	xfree(&s->hostname);
	xfree(&s->boot_id);
	xfree(sp);
}

bool
account_path_ok(struct slice path)
{
	if (path.n == 0 || path.p[path.n - 1] == '/')
		return false;
	while (path.n > 0) {
		const struct slice level = slice_cut(path, '/', &path);

		if (level.n == 0 || level.n > NAME_DIR_LIMIT ||
		    level.p[0] == '.')
			return false;
	}
	return true;
}

void
account_park(struct account *a)
{
	struct mailbox *m, *next;

	must(a->busy == 0);
	for (m = LIST_FIRST(&a->boxes); m != NULL; m = next) {
		next = LIST_NEXT(m, link);
		mailbox_park(m);
	}
	if (a->env != NULL) {
		TAILQ_REMOVE(&a->store->open, a, link);
		a->store->nopen--;
		kv_close(&a->env);
	}
	fd_close(&a->fd);
	if (a->refs == 0)
		account_free(a);
}

static void
park_others(struct account *a)
{
	struct account *b = TAILQ_FIRST(&a->store->open), *next;

	while (b != NULL && a->store->nopen > a->store->max_open) {
		next = TAILQ_NEXT(b, link);
		if (b != a && b->busy == 0)
			account_park(b);
		b = next;
	}
}

static int
enter_parked(struct account *a, bool force, struct err *err)
{
	a->fd = beneath_open(a->store->rootfd, a->path, DIR_FLAGS, 0, err);
	if (a->fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, ERR_PERM, "[NONEXISTENT] no such account");
	if (a->fd == -1)
		return -1;
	if (faccessat(a->fd, "cur", F_OK, AT_SYMLINK_NOFOLLOW) == -1) {
		fd_close(&a->fd);
		return err_set(err, ERR_PERM, "[NONEXISTENT] no such account");
	}
	if (index_open(a, force, err) == -1) {
		fd_close(&a->fd);
		return -1;
	}
	a->builds++;
	a->store->nopen++;
	TAILQ_INSERT_TAIL(&a->store->open, a, link);
	park_others(a);
	return 0;
}

int
account_enter(struct account *a, struct err *err)
{
	bool force = false;

	if (a->env != NULL && a->busy == 0 &&
	    (kv_damaged(a->env) || kv_orphan(a->env))) {
		force = kv_damaged(a->env);
		a->refs++;
		account_park(a);
		a->refs--;
	}
	if (a->env == NULL)
		return enter_parked(a, force, err);
	TAILQ_REMOVE(&a->store->open, a, link);
	TAILQ_INSERT_TAIL(&a->store->open, a, link);
	return 0;
}

enum found
store_account_open(struct store *store, const char *path,
    struct account **account, struct err *err)
{
	struct account *a = map_find(&store->accounts, slice_str(path));
	struct err why = { 0 };

	*account = NULL;
	if (!account_path_ok(slice_str(path))) {
		err_set(err, ERR_PERM, "[NONEXISTENT] no such account");
		return ABSENT;
	}
	if (a == NULL) {
		a = xcalloc(1, sizeof *a);
		a->store = store;
		a->path = xstrdup(path);
		a->fd = -1;
		map_put(&store->accounts, slice_str(path), a);
	}
	a->refs++;
	if (account_enter(a, &why) == 0) {
		*account = a;
		return FOUND;
	}
	account_close(&a);
	if (err != NULL)
		*err = why;
	return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
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
	if (a->refs == 0 && a->env == NULL)
		account_park(a);
}

const char *
account_path(const struct account *a)
{
	return a->path;
}

int
account_usage(struct account *a, struct account_usage *usage, struct err *err)
{
	struct ix_meta meta;
	struct kv_txn *t;
	enum found f;

	if (account_enter(a, err) == -1 || (t = kv_read(a->env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	kv_abort(&t);
	if (f != FOUND)
		return err_set(err, ERR_TEMP, "index: not readable");
	*usage = (struct account_usage){ meta.bytes, meta.messages };
	return 0;
}

void
account_set_quota(struct account *a, uint64_t max_bytes, uint64_t max_messages)
{
	a->max_bytes = max_bytes;
	a->max_messages = max_messages;
}

int
account_check_quota(
    struct account *a, uint64_t bytes, uint64_t n, struct err *err)
{
	struct account_usage u;

	if (a->max_bytes == 0 && a->max_messages == 0)
		return 0;
	if (account_usage(a, &u, err) == -1)
		return -1;
	if ((a->max_bytes > 0 && u.bytes + bytes > a->max_bytes) ||
	    (a->max_messages > 0 && u.messages + n > a->max_messages))
		return err_set(err, ERR_PERM, "[OVERQUOTA] mailbox full");
	return 0;
}

int
account_modseq(struct account *a, uint64_t *modseq, struct err *err)
{
	struct ix_meta meta;
	struct kv_txn *t;
	enum found f;

	if (account_enter(a, err) == -1 || (t = kv_read(a->env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	kv_abort(&t);
	if (f != FOUND)
		return err_set(err, ERR_TEMP, "index: not readable");
	*modseq = meta.modseq;
	return 0;
}

void
account_watch(struct account *a, struct account_watch *w)
{
	LIST_INSERT_HEAD(&a->watches, w, link);
}

void
account_unwatch(struct account_watch *w)
{
	LIST_REMOVE(w, link);
}

void
account_notify(struct account *a)
{
	struct account_watch *w, *next;

	for (w = LIST_FIRST(&a->watches); w != NULL; w = next) {
		next = LIST_NEXT(w, link);
		w->on_change(w);
	}
}

void
store_changed(struct store *store, const char *path)
{
	struct account *a = map_find(&store->accounts, slice_str(path));

	if (a != NULL)
		account_notify(a);
}

enum found
account_lock_maildrop(struct account *a, int *lockfd, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	*lockfd = -1;
	if (account_enter(a, err) == -1)
		return TEMPFAIL;
	fd = openat(a->fd, "pabal-pop3.lock", flags, 0600);
	if (fd == -1) {
		err_sys(err, ERR_TEMP, "open pabal-pop3.lock");
		return TEMPFAIL;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*lockfd = fd;
		return FOUND;
	}
	if (errno == EWOULDBLOCK) {
		fd_close(&fd);
		err_set(err, ERR_TEMP, "[INUSE] the maildrop is in use");
		return ABSENT;
	}
	err_sys(err, ERR_TEMP, "lock pabal-pop3.lock");
	fd_close(&fd);
	return TEMPFAIL;
}

/* SPDX-License-Identifier: ISC */
/* A store from its start to its end, and its accounts as wholes. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "store/account.h"
#include "store/account_new.h"
#include "store/build.h"
#include "store/building.h"
#include "store/flush.h"
#include "store/handle.h"
#include "store/hold.h"
#include "store/inner.h"
#include "store/quota_policy.h"
#include "store/retention.h"
#include "store/whole.h"
#include "sys/fd.h"
#include "sys/kernel.h"

enum { OPEN_DEFAULT = 256 };

int
store_boot_id(char id[STORE_BOOT_ID_SIZE], struct err *err)
{
	return kernel_boot_id(id, err);
}

struct store *
store_new(int rootfd, const struct store_opts *opts)
{
	struct store *s = xcalloc(1, sizeof *s);

	s->rootfd = rootfd;
	s->durable = opts->durable;
	s->hostname = xstrdup(opts->hostname);
	s->boot_id = xstrdup(opts->boot_id);
	s->place = xstrdup(opts->place != NULL ? opts->place : "");
	s->max_open = opts->max_open > 0 ? opts->max_open : OPEN_DEFAULT;
	s->crlf = opts->crlf;
	s->visitor = opts->visitor;
	s->retention_s = -1;
	map_init(&s->accounts);
	TAILQ_INIT(&s->open);
	work_share_init(&s->share);
	s->open_index = build_open;
	s->is_behind = flush_is_due;
	idle_init(s);
	return s;
}

static int
sync_fs_once(int fd, dev_t *synced, size_t *n, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat a file system");
	for (size_t i = 0; i < *n; i++)
		if (synced[i] == st.st_dev)
			return 0;
	synced[(*n)++] = st.st_dev;
	return fd_sync_fs(fd, err);
}

/* The root's file system, and those of accounts that are on others mounted
 * beneath it. */
static int
sync_file_systems(const struct store *s, struct err *err)
{
	dev_t *synced = xcalloc(s->nopen + (size_t)1, sizeof *synced);
	const struct account *a;
	size_t n = 0;
	int rc = sync_fs_once(s->rootfd, synced, &n, err);

	for (a = TAILQ_FIRST(&s->open); a != NULL && rc == 0;
	     a = TAILQ_NEXT(a, link))
		rc = sync_fs_once(a->ix.fd, synced, &n, err);
	xfree(&synced);
	return rc;
}

/* All indexes that are open become clean; see index.h. */
static void
settle_all(struct store *s)
{
	struct account *a;
	struct err err;

	for (a = TAILQ_FIRST(&s->open); a != NULL; a = TAILQ_NEXT(a, link))
		(void)index_settle(&a->ix, &err);
	if (sync_file_systems(s, &err) == -1)
		return;
	for (a = TAILQ_FIRST(&s->open); a != NULL; a = TAILQ_NEXT(a, link))
		(void)index_settled(&a->ix, &err);
	(void)sync_file_systems(s, &err);
}

static bool
has_to_settle(const struct store *s)
{
	const struct account *a;

	TAILQ_FOREACH(a, &s->open, link)
	if (!s->visitor || a->ix.soiled)
		return true;
	return false;
}

void
store_free(struct store **sp)
{
	struct store *s = *sp;
	struct account *a;

	if (s == NULL)
		return;
	idle_fini(s);
	if (has_to_settle(s))
		settle_all(s);
	while ((a = TAILQ_FIRST(&s->open)) != NULL) {
		must(a->refs == 0);
		handle_park(a);
	}
	must(s->accounts.count == 0);
	map_fini(&s->accounts);
	xfree(&s->hostname);
	xfree(&s->boot_id);
	xfree(&s->place);
	quota_policy_free(&s->quota);
	xfree(sp);
}

/* TRUST: see handle_trust. */
static enum found
open_account(struct store *store, const char *path, bool trust,
    struct account **account, struct err *err)
{
	struct account *a;
	struct err why = { 0 };

	*account = NULL;
	if (!account_path_ok(slice_str(path))) {
		err_set_code(err, ERR_PERM, ERR_NO_ACCOUNT, "no such account");
		return ABSENT;
	}
	a = handle_account(store, path);
	if (trust)
		handle_trust(a);
	if (handle_enter(a, &why) == 0) {
		*account = a;
		return FOUND;
	}
	account_close(&a);
	if (err != NULL)
		*err = why;
	return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
}

enum found
store_account_open(struct store *store, const char *path,
    struct account **account, struct err *err)
{
	return open_account(store, path, false, account, err);
}

enum found
store_account_ensure(struct store *store, const char *path,
    struct account **account, struct err *err)
{
	const enum found f = open_account(store, path, true, account, err);

	if (f != ABSENT)
		return f;
	if (store_account_create(store, path, err) == -1 ||
	    store_account_open(store, path, account, err) != FOUND)
		return TEMPFAIL;
	return FOUND;
}

const char *
account_path(const struct account *a)
{
	return a->path;
}

enum found
account_lock_maildrop(struct account *a, int *lockfd, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	*lockfd = -1;
	if (handle_enter(a, err) == -1)
		return TEMPFAIL;
	fd = openat(a->ix.fd, "pabal-pop3.lock", flags, 0600);
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
		err_set_code(
		    err, ERR_TEMP, ERR_IN_USE, "maildrop already locked");
		return ABSENT;
	}
	err_sys(err, ERR_TEMP, "lock pabal-pop3.lock");
	fd_close(&fd);
	return TEMPFAIL;
}

bool
account_is_building(struct account *a)
{
	struct err err = { 0 };

	return handle_enter(a, &err) == -1 && store_is_building(&err);
}

bool
store_is_building(const struct err *err)
{
	return err->code == ERR_BUSY;
}

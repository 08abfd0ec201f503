/* SPDX-License-Identifier: ISC */
/*
 * What damage breaks, LMDB asserts: on_assert leads back to the call of ours
 * that met it (GUARD), and nothing is done with that table any more but to
 * close it.  Without it a page that a disk has lost would end the process, and
 * the next one, for as long as the table is there.
 *
 * The map is virtual memory: it starts larger than the file and is doubled
 * before a writing transaction that could fill it, never within one, because
 * callers do more in a transaction than can be repeated.  Each process keeps
 * one reader slot for each table; slots of dead processes are cleared when a
 * table is opened and when they run out.  It says that the process reads while
 * any transaction is open, one that writes too: what it died of is guessed from
 * that (kvends.h).
 *
 * What was read of the map counts as this process's memory until it is
 * unmapped: a walk over all of a large table would leave all of it.  So it is
 * mapped anew, which the page cache makes cheap, behind every RELEASE bytes or
 * so.
 */
#include "sys/kv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <lmdb.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "sys/fd.h"
#include "sys/kvends.h"

enum {
	MAP_MIN = 16 << 20,
	MAP_ROOM = 1 << 20,
	RELEASE = 2 << 20,
	ENTRY_BYTES = 32, /* of one, beside its value, about */
};

struct kv_env {
	MDB_env *env;
	jmp_buf back; /* where the call under way goes on, see GUARD */
	bool guarded;
	const char *witness;
	int dirfd;
	MDB_txn *reader; /* reset between uses; keeps its slot */
	bool reading;    /* a transaction of kv_read is open */
	bool writing;    /* and one of kv_write */
	MDB_dbi dbi;
	size_t map_size;
	size_t seen; /* bytes of the map, about, since it was mapped */
	unsigned open_txns;
	bool damaged;
	bool broken; /* a write failed in a way that LMDB does not mend */
};

/* A writing transaction changes records of a kind one behind the other, so it
 * goes on from where it was: by the first byte of a key, and apart for what is
 * put and what is removed.  LMDB frees them with it. */
enum { KV_KINDS = 8 };
enum kv_place { KV_PUT, KV_DEL, KV_PLACES };

struct kv_txn {
	struct kv_env *kv;
	MDB_txn *txn;
	bool writes;
	MDB_cursor *at[KV_PLACES][KV_KINDS];
};

struct kv_cursor {
	struct kv_env *kv;
	MDB_cursor *cur;
};

static void
on_damage(struct kv_env *kv)
{
	if (!kv->damaged && kv->witness != NULL)
		(void)unlinkat(kv->dirfd, kv->witness, 0);
	kv->damaged = true;
}

static void
on_assert(MDB_env *env, const char *what)
{
	struct kv_env *kv = mdb_env_get_userctx(env);

	(void)what;
	on_damage(kv);
	if (kv->guarded)
		longjmp(kv->back, 1);
	/* LMDB ends the process. */
}

/* RC becomes what CALL returns; MDB_CORRUPTED when it met an assertion, or
 * when the table is known to be damaged. */
#define GUARD(kv, rc, call)                                                    \
	do {                                                                   \
		if ((kv)->damaged) {                                           \
			(rc) = MDB_CORRUPTED;                                  \
		} else if (setjmp((kv)->back) == 0) {                          \
			(kv)->guarded = true;                                  \
			(rc) = (call);                                         \
		} else {                                                       \
			(rc) = MDB_CORRUPTED;                                  \
		}                                                              \
		(kv)->guarded = false;                                         \
	} while (0)

/* Does RC, where it is an error, only come of damage?  What is harmless is told
 * from the rest of LMDB's codes; EFBIG and EINVAL are a write to a page that is
 * none. */
static bool
means_damage(int rc)
{
	switch (rc) {
	case MDB_MAP_FULL:
	case MDB_MAP_RESIZED:
	case MDB_READERS_FULL:
	case MDB_TXN_FULL:
	case MDB_BAD_TXN: /* follows from another error */
	case MDB_PANIC:
		return false;
	case EFBIG:
	case EINVAL:
		return true;
	default:
		return rc < 0;
	}
}

/* Fill ERR for LMDB's RC, and note damage. */
static int
fail(struct kv_env *kv, int rc, const char *what, struct err *err)
{
	if (means_damage(rc))
		on_damage(kv);
	if (rc == MDB_PANIC)
		kv->broken = true;
	return err_set(err, ERR_TEMP, "index: %s: %s", what, mdb_strerror(rc));
}

static MDB_val
val_of(struct slice s)
{
	union {
		const void *from;
		void *to;
	} p = { .from = s.p != NULL ? s.p : "" };

	return (MDB_val){ s.n, p.to };
}

static struct slice
slice_val(MDB_val v)
{
	return slice_of(v.mv_data, v.mv_size);
}

/* LMDB maps what its meta page claims; a file that was cut would be a SIGBUS
 * later. */
static int
check_length(struct kv_env *kv, struct err *err)
{
	MDB_envinfo info;
	MDB_stat st;
	struct stat sb;
	uint64_t need;
	int fd;

	mdb_env_info(kv->env, &info);
	mdb_env_stat(kv->env, &st);
	mdb_env_get_fd(kv->env, &fd);
	if (fstat(fd, &sb) == -1)
		return err_sys(err, ERR_TEMP, "index: fstat");
	need = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	if (sb.st_size > 0 && (uint64_t)sb.st_size < need)
		return fail(kv, MDB_CORRUPTED, "file too short", err);
	kv->map_size = info.me_mapsize;
	return 0;
}

static int
open_table(struct kv_env *kv, struct err *err)
{
	int rc = mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &kv->reader);

	if (rc != 0)
		return fail(kv, rc, "begin", err);
	GUARD(kv, rc, mdb_dbi_open(kv->reader, NULL, 0, &kv->dbi));
	mdb_txn_reset(kv->reader);
	return rc == 0 ? 0 : fail(kv, rc, "open", err);
}

/* A link or a device in place of our files would lead LMDB elsewhere. */
static int
check_files(struct kv_env *kv, int dirfd, struct err *err)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	struct stat sb;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (fstatat(dirfd, names[i], &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISREG(sb.st_mode)) {
			on_damage(kv);
			return err_set(err, ERR_TEMP,
			    "index: %s is no regular file", names[i]);
		}
	return 0;
}

/* LMDB writes to the lock file through a map.  Where the disk has no room for
 * one of its pages that would be a SIGBUS, so it gets its room now, in place
 * (btrfs: a page that is written to would be a new one each time). */
static int
make_lock(struct kv_env *kv, int dirfd, struct err *err)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	int nocow = FS_NOCOW_FL;
	int fd = openat(dirfd, "lock.mdb", flags);
	struct stat sb;
	off_t want;
	int rc = 0;

	if (fd == -1 && errno == ENOENT)
		fd = openat(dirfd, "lock.mdb", flags | O_CREAT, 0600);
	if (fd == -1 || fstat(fd, &sb) == -1) {
		rc = err_sys(err, ERR_TEMP, "index: open lock.mdb");
		goto out;
	}
	if (sb.st_size == 0)
		(void)ioctl(fd, FS_IOC_SETFLAGS, &nocow);
	want = sb.st_size > KVENDS_LOCK_BYTES ? sb.st_size : KVENDS_LOCK_BYTES;
	if ((sb.st_size != want || sb.st_blocks * 512 < want) &&
	    fallocate(fd, 0, 0, want) == -1 && errno != EOPNOTSUPP &&
	    errno != ENOSYS)
		rc = err_sys(err, ERR_TEMP, "index: no room for lock.mdb");
	else if (kvends_look(fd)) {
		on_damage(kv);
		rc = err_set(
		    err, ERR_TEMP, "index: processes that read it ended");
	}
out:
	fd_close(&fd);
	return rc;
}

static int
open_env(struct kv_env *kv, struct err *err)
{
	const unsigned flags = MDB_NOSYNC | MDB_NOTLS;
	int dead = 0;
	int rc = mdb_env_create(&kv->env);

	if (rc != 0)
		return fail(kv, rc, "create", err);
	mdb_env_set_userctx(kv->env, kv);
	mdb_env_set_assert(kv->env, on_assert);
	mdb_env_set_mapsize(kv->env, MAP_MIN);
	mdb_env_set_maxreaders(kv->env, KVENDS_READERS);
	GUARD(kv, rc, mdb_env_open(kv->env, ".", flags, 0600));
	/* It claims more pages than there are addresses.  Where it is memory
	 * that is missing, what is built in its place is smaller. */
	if (rc == ENOMEM)
		on_damage(kv);
	if (rc != 0)
		return fail(kv, rc, "open", err);
	mdb_reader_check(kv->env, &dead);
	return check_length(kv, err) == 0 ? open_table(kv, err) : -1;
}

struct kv_env *
kv_open(int dirfd, const char *witness, struct err *err)
{
	struct kv_env *kv = xcalloc(1, sizeof *kv);
	int back = -1;
	int rc = -1;

	kv->witness = witness;
	kv->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (check_files(kv, dirfd, err) == -1 ||
	    make_lock(kv, dirfd, err) == -1)
		goto out;
	back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* LMDB takes paths only, and the directory may have none here. */
	if (back == -1 || fchdir(dirfd) == -1) {
		err_sys(err, ERR_TEMP, "index: enter its directory");
		goto out;
	}
	rc = open_env(kv, err);
	must(fchdir(back) == 0);
out:
	fd_close(&back);
	if (rc == -1)
		kv_close(&kv);
	return kv;
}

void
kv_close(struct kv_env **env)
{
	struct kv_env *kv = *env;

	if (kv == NULL)
		return;
	must(kv->open_txns == 0);
	if (kv->reader != NULL)
		mdb_txn_abort(kv->reader);
	if (kv->env != NULL)
		mdb_env_close(kv->env);
	fd_close(&kv->dirfd);
	xfree(env);
}

bool
kv_stale(const struct kv_env *env)
{
	struct stat sb;
	int fd;

	mdb_env_get_fd(env->env, &fd);
	return env->broken || (fstat(fd, &sb) == 0 && sb.st_nlink == 0);
}

bool
kv_broken(const struct kv_env *env)
{
	return env->broken;
}

bool
kv_damaged(const struct kv_env *env)
{
	return env->damaged;
}

void
kv_distrust(struct kv_txn *txn)
{
	on_damage(txn->kv);
}

int
kv_sync(struct kv_env *env, struct err *err)
{
	const int rc = mdb_env_sync(env->env, 1);

	return rc == 0 ? 0 : fail(env, rc, "sync", err);
}

int64_t
kv_size(const struct kv_env *env)
{
	struct stat sb;
	int fd;

	mdb_env_get_fd(env->env, &fd);
	return fstat(fd, &sb) == 0 ? (int64_t)sb.st_size : 0;
}

static struct kv_txn *
txn_new(struct kv_env *kv, MDB_txn *txn, bool writes)
{
	struct kv_txn *t = xmalloc(sizeof *t);

	*t = (struct kv_txn){ .kv = kv, .txn = txn, .writes = writes };
	kv->open_txns++;
	if (!writes)
		kv->reading = true;
	else if (!kv->reading)
		/* Of what is written upon, so no page is kept for it. */
		(void)mdb_txn_renew(kv->reader);
	kv->writing = kv->writing || writes;
	return t;
}

/* No transaction is open: what was read of the map may go. */
static void
release(struct kv_env *kv)
{
	if (kv->open_txns > 0 || kv->seen < RELEASE || kv->damaged ||
	    kv->broken)
		return;
	kv->seen = 0;
	if (mdb_env_set_mapsize(kv->env, kv->map_size) != 0)
		kv->broken = true;
}

static void
txn_free(struct kv_txn **txn)
{
	struct kv_env *kv = (*txn)->kv;

	kv->open_txns--;
	if ((*txn)->writes)
		kv->writing = false;
	else
		kv->reading = false;
	if (kv->open_txns == 0)
		mdb_txn_reset(kv->reader);
	release(kv);
	xfree(txn);
}

/* Another process made the file larger than our map. */
static void
follow_growth(struct kv_env *kv)
{
	MDB_envinfo info;

	mdb_env_set_mapsize(kv->env, 0);
	mdb_env_info(kv->env, &info);
	kv->map_size = info.me_mapsize;
}

static int
begin_read(struct kv_env *kv)
{
	if (kv->damaged)
		return MDB_CORRUPTED;
	if (kv->writing)
		mdb_txn_reset(kv->reader);
	return mdb_txn_renew(kv->reader);
}

struct kv_txn *
kv_read(struct kv_env *env, struct err *err)
{
	int rc = begin_read(env);
	int dead;

	if (rc == MDB_MAP_RESIZED && env->open_txns == 0) {
		follow_growth(env);
		rc = begin_read(env);
	} else if (rc == MDB_READERS_FULL) {
		mdb_reader_check(env->env, &dead);
		rc = begin_read(env);
	}
	if (rc == 0)
		return txn_new(env, env->reader, false);
	fail(env, rc, "begin", err);
	return NULL;
}

/* Is there room behind the last page in use? */
static bool
has_room(struct kv_env *kv, size_t room)
{
	MDB_envinfo info;
	MDB_stat st;
	size_t used;

	mdb_env_info(kv->env, &info);
	mdb_env_stat(kv->env, &st);
	used = (info.me_last_pgno + 1) * st.ms_psize;
	return info.me_mapsize > used && info.me_mapsize - used >= room;
}

struct kv_txn *
kv_write(struct kv_env *env, size_t room, struct err *err)
{
	const size_t want = MAP_ROOM + 2 * room;
	MDB_txn *txn;
	int rc = env->damaged ? MDB_CORRUPTED
			      : mdb_txn_begin(env->env, NULL, 0, &txn);

	while (rc == MDB_MAP_RESIZED || (rc == 0 && !has_room(env, want))) {
		must(env->open_txns == 0);
		if (rc == 0) {
			mdb_txn_abort(txn);
			env->map_size = env->map_size * 2 + want;
			rc = mdb_env_set_mapsize(env->env, env->map_size);
			if (rc != 0)
				break;
		} else {
			follow_growth(env);
		}
		rc = mdb_txn_begin(env->env, NULL, 0, &txn);
	}
	if (rc == 0)
		return txn_new(env, txn, true);
	fail(env, rc, "begin", err);
	return NULL;
}

int
kv_commit(struct kv_txn **txn, struct err *err)
{
	struct kv_txn *t = *txn;
	int rc;

	must(t->writes);
	GUARD(t->kv, rc, mdb_txn_commit(t->txn));
	/* A commit that fails frees the transaction, one that did not come to
	 * its end does not. */
	if (t->kv->damaged)
		mdb_txn_abort(t->txn);
	/* LMDB refuses everything when it could not write its meta page. */
	if (rc != 0)
		t->kv->broken = true;
	if (rc != 0)
		fail(t->kv, rc, "commit", err);
	txn_free(txn);
	return rc == 0 ? 0 : -1;
}

void
kv_abort(struct kv_txn **txn)
{
	struct kv_txn *t = *txn;

	if (t == NULL)
		return;
	if (t->writes)
		mdb_txn_abort(t->txn);
	txn_free(txn);
}

static enum found
found_of(struct kv_env *kv, int rc, struct err *err)
{
	if (rc == 0)
		return FOUND;
	if (rc == MDB_NOTFOUND)
		return ABSENT;
	fail(kv, rc, "get", err);
	return TEMPFAIL;
}

static int
cursor_at(
    struct kv_txn *txn, enum kv_place place, const MDB_val *key, MDB_cursor **c)
{
	const unsigned char kind = *(const unsigned char *)key->mv_data;
	MDB_cursor **at = &txn->at[place][kind % KV_KINDS];
	int rc = 0;

	if (*at == NULL)
		rc = mdb_cursor_open(txn->txn, txn->kv->dbi, at);
	*c = *at;
	return rc;
}

static int
get_near(struct kv_txn *txn, MDB_val *k, MDB_val *v)
{
	MDB_cursor *c;
	const int rc = cursor_at(txn, KV_PUT, k, &c);

	return rc == 0 ? mdb_cursor_get(c, k, v, MDB_SET) : rc;
}

static int
put_near(struct kv_txn *txn, MDB_val *k, MDB_val *v)
{
	MDB_cursor *c;
	const int rc = cursor_at(txn, KV_PUT, k, &c);

	return rc == 0 ? mdb_cursor_put(c, k, v, 0) : rc;
}

static int
del_near(struct kv_txn *txn, MDB_val *k)
{
	MDB_val v;
	MDB_cursor *c;
	int rc = cursor_at(txn, KV_DEL, k, &c);

	if (rc == 0)
		rc = mdb_cursor_get(c, k, &v, MDB_SET);
	return rc == 0 ? mdb_cursor_del(c, 0) : rc;
}

enum found
kv_get(
    struct kv_txn *txn, struct slice key, struct slice *value, struct err *err)
{
	MDB_val k = val_of(key);
	MDB_val v = { 0, NULL };
	int rc;

	GUARD(txn->kv, rc,
	    txn->writes ? get_near(txn, &k, &v)
			: mdb_get(txn->txn, txn->kv->dbi, &k, &v));
	txn->kv->seen += v.mv_size + ENTRY_BYTES;
	*value = slice_val(v);
	return found_of(txn->kv, rc, err);
}

int
kv_put(
    struct kv_txn *txn, struct slice key, struct slice value, struct err *err)
{
	MDB_val k = val_of(key);
	MDB_val v = val_of(value);
	int rc;

	GUARD(txn->kv, rc, put_near(txn, &k, &v));
	txn->kv->seen += ENTRY_BYTES;
	return rc == 0 ? 0 : fail(txn->kv, rc, "put", err);
}

int
kv_del(struct kv_txn *txn, struct slice key, struct err *err)
{
	MDB_val k = val_of(key);
	int rc;

	GUARD(txn->kv, rc, del_near(txn, &k));
	if (rc == 0 || rc == MDB_NOTFOUND)
		return 0;
	return fail(txn->kv, rc, "delete", err);
}

struct kv_cursor *
kv_cursor_open(struct kv_txn *txn, struct err *err)
{
	struct kv_cursor *c = xcalloc(1, sizeof *c);
	const int rc = mdb_cursor_open(txn->txn, txn->kv->dbi, &c->cur);

	c->kv = txn->kv;
	if (rc == 0)
		return c;
	fail(txn->kv, rc, "cursor", err);
	xfree(&c);
	return NULL;
}

void
kv_cursor_close(struct kv_cursor **c)
{
	if (*c == NULL)
		return;
	mdb_cursor_close((*c)->cur);
	xfree(c);
}

static enum found
cursor_get(struct kv_cursor *c, MDB_val *k, struct slice *found,
    struct slice *value, MDB_cursor_op op, struct err *err)
{
	MDB_val v = { 0, NULL };
	int rc;

	GUARD(c->kv, rc, mdb_cursor_get(c->cur, k, &v, op));
	c->kv->seen += v.mv_size + ENTRY_BYTES;
	*found = slice_val(*k);
	*value = slice_val(v);
	return found_of(c->kv, rc, err);
}

enum found
kv_seek(struct kv_cursor *c, struct slice key, struct slice *found,
    struct slice *value, struct err *err)
{
	MDB_val k = val_of(key);

	return cursor_get(c, &k, found, value, MDB_SET_RANGE, err);
}

enum found
kv_before(struct kv_cursor *c, struct slice key, struct slice *found,
    struct slice *value, struct err *err)
{
	MDB_val k = val_of(key);
	const enum found at =
	    cursor_get(c, &k, found, value, MDB_SET_RANGE, err);

	if (at == TEMPFAIL)
		return at;
	return cursor_get(
	    c, &k, found, value, at == FOUND ? MDB_PREV : MDB_LAST, err);
}

enum found
kv_next(struct kv_cursor *c, struct slice *key, struct slice *value,
    struct err *err)
{
	MDB_val k = { 0, NULL };

	return cursor_get(c, &k, key, value, MDB_NEXT, err);
}

int
kv_set(
    struct kv_cursor *c, struct slice key, struct slice value, struct err *err)
{
	MDB_val k = val_of(key);
	MDB_val v = val_of(value);
	int rc;

	GUARD(c->kv, rc, mdb_cursor_put(c->cur, &k, &v, MDB_CURRENT));
	return rc == 0 ? 0 : fail(c->kv, rc, "put", err);
}

int
kv_unset(struct kv_cursor *c, struct err *err)
{
	int rc;

	GUARD(c->kv, rc, mdb_cursor_del(c->cur, 0));
	return rc == 0 ? 0 : fail(c->kv, rc, "delete", err);
}

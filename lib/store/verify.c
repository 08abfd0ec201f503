/* SPDX-License-Identifier: ISC */
#include "store/verify.h"

#include <fcntl.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "index/ix.h"
#include "index/walk.h"
#include "maildir/boxfile.h"
#include "maildir/listing.h"
#include "maildir/mailboxes.h"
#include "maildir/maildir.h"
#include "maildir/name.h"
#include "maildir/tree.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/sync.h"
#include "sys/fd.h"
#include "sys/kv.h"

struct verifying {
	verify_visit *visit;
	void *arg;
	struct mailbox *m;
	bool thorough;
	struct listing l;
	struct map files; /* by name */
	struct ix_box b;
	struct ix_box counted;
};

static void
differ(struct verifying *v, const char *what, uint32_t uid, const char *file,
    uint64_t index, uint64_t found)
{
	const struct verify_finding f = { what, uid, file, index, found };

	if (index != found)
		v->visit(v->arg, &f);
}

static int
read_files(struct verifying *v, struct err *err)
{
	struct listing_entry *e;
	struct filename name;
	enum found f;

	while ((f = listing_next(&v->l, &v->m->dirs, &e, &name, err)) == FOUND)
		map_put(&v->files, slice_str(e->name), e);
	return f == TEMPFAIL ? -1 : 0;
}

/* Its lines; a file that is gone by now is found missing at the next look. */
static int
verify_lines(struct verifying *v, const struct listing_entry *e, uint32_t uid,
    const struct ix_msg *msg, struct err *err)
{
	int64_t wire;
	int fd;

	if (maildir_read(&v->m->dirs, e->part, e->name, &fd, NULL) != FOUND)
		return 0;
	wire = maildir_wire_size(fd, err);
	fd_close(&fd);
	if (wire == -1)
		return -1;
	differ(
	    v, "wire-size", uid, e->name, (uint64_t)msg->vsize, (uint64_t)wire);
	return 0;
}

static int
verify_file(struct verifying *v, struct listing_entry *e, uint32_t uid,
    const struct ix_hot *hot, const struct ix_msg *msg, struct err *err)
{
	const struct filename f = listing_parse(e);
	struct maildir_stat st;

	e->used = true;
	if (maildir_find(&v->m->dirs, e->part, e->name, &st) != FOUND)
		return 0;
	differ(v, "size", uid, e->name, (uint64_t)msg->size, (uint64_t)st.size);
	differ(v, "directory", uid, e->name, ix_part(hot), e->part);
	/* A name that is behind follows. */
	if ((hot->bits & HOT_PENDING) == 0)
		differ(v, "uid", uid, e->name, uid, f.uid);
	if ((hot->bits & HOT_PENDING) == 0 && f.info) {
		differ(
		    v, "flags", uid, e->name, hot->bits & MSG_FLAGS, f.flags);
		differ(v, "keywords", uid, e->name, hot->letters, f.letters);
	}
	return v->thorough ? verify_lines(v, e, uid, msg, err) : 0;
}

static int
verify_record(struct verifying *v, struct kv_txn *t, uint32_t uid,
    const struct ix_hot *hot, struct err *err)
{
	struct listing_entry *e;
	struct ix_msg msg;

	if (ix_get_msg(t, v->b.box, uid, &msg, err) != FOUND)
		return err_set(err, ERR_TEMP, "index: no message %u", uid);
	v->counted.messages++;
	v->counted.bytes += (uint64_t)msg.vsize;
	v->counted.unseen += (hot->bits & MSG_SEEN) == 0;
	v->counted.deleted += (hot->bits & MSG_DELETED) != 0;
	if (uid >= v->b.uidnext)
		differ(v, "uidnext", uid, NULL, v->b.uidnext, uid + 1ULL);
	e = map_find(&v->files, slice_str(msg.file));
	if (e != NULL)
		return verify_file(v, e, uid, hot, &msg, err);
	differ(v, "file-missing", uid, msg.file, 1, 0);
	return 0;
}

static int
verify_records(struct verifying *v, struct err *err)
{
	struct kv_txn *t = kv_read(v->m->a->ix.env, err);
	enum found f = ABSENT;
	struct walk w;
	int rc = 0;

	if (t == NULL)
		return -1;
	if (ix_get_box(t, v->m->box, &v->b, err) != FOUND ||
	    walk_open(&w, t, v->m->box, 0, false, err) == -1) {
		kv_abort(&t);
		return -1;
	}
	while (rc == 0 && (f = walk_next(&w, err)) == FOUND)
		rc = verify_record(v, t, w.uid, &w.hot, err);
	walk_close(&w);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : rc;
}

static int
verify_rest(struct verifying *v, struct err *err)
{
	struct map_iter it = { 0 };
	struct boxfile f = { 0 };
	const enum found found = boxfile_read(v->m->dirs.fd, &f, err);

	if (found == TEMPFAIL)
		return -1;
	while (map_next(&v->files, &it)) {
		const struct listing_entry *e = it.value;

		if (!e->used)
			differ(v, "file-unknown", 0, e->name, 0, 1);
	}
	differ(v, "messages", 0, NULL, v->b.messages, v->counted.messages);
	differ(v, "bytes", 0, NULL, v->b.bytes, v->counted.bytes);
	differ(v, "unseen", 0, NULL, v->b.unseen, v->counted.unseen);
	differ(v, "deleted", 0, NULL, v->b.deleted, v->counted.deleted);
	differ(v, "pabal-mailbox", 0, NULL, 1, found == FOUND);
	if (found == ABSENT)
		return 0;
	differ(v, "uidvalidity", 0, NULL, v->b.uidvalidity, f.uidvalidity);
	differ(v, "id", 0, NULL, 1, strcmp(v->b.id, f.id) == 0);
	if (f.ceiling < v->b.uidnext)
		differ(v, "ceiling", 0, NULL, v->b.uidnext, f.ceiling);
	return 0;
}

int
mailbox_verify(struct mailbox *m, bool thorough, bool *building,
    verify_visit *visit, void *arg, struct err *err)
{
	struct verifying v = {
		.visit = visit, .arg = arg, .m = m, .thorough = thorough
	};
	int rc;

	*building = false;
	if (sync_read_box(m, &v.b, err) == -1)
		return -1;
	*building = (v.b.bits & BOX_MORE) != 0;
	if (*building)
		return 0;
	listing_init(&v.l);
	map_init(&v.files);
	rc = read_files(&v, err);
	if (rc == 0)
		rc = verify_records(&v, err);
	if (rc == 0)
		rc = verify_rest(&v, err);
	map_fini(&v.files);
	listing_fini(&v.l);
	return rc;
}

int
account_verify(
    struct account *a, verify_visit *visit, void *arg, struct err *err)
{
	struct verifying v = { .visit = visit, .arg = arg };
	uint64_t messages = 0, bytes = 0;
	uint32_t from = 0;
	struct ix_meta meta;
	struct kv_txn *t;
	struct ix_box b;
	enum found f;

	if (handle_enter(a, err) == -1 || (t = kv_read(a->ix.env, err)) == NULL)
		return -1;
	f = ix_get_meta(t, &meta, err);
	while (f == FOUND && (f = ix_next_box(t, from, &b, err)) == FOUND) {
		messages += b.messages;
		bytes += b.bytes;
		from = b.box + 1;
	}
	kv_abort(&t);
	if (f == TEMPFAIL)
		return -1;
	differ(&v, "account-messages", 0, NULL, meta.messages, messages);
	differ(&v, "account-bytes", 0, NULL, meta.bytes, bytes);
	return 0;
}

/* Has DIR what makes a directory a Maildir? */
static bool
has_messages(int accountfd, const char *dir)
{
	int fd = openat(accountfd, dir, TREE_DIR_FLAGS);
	const bool has = fd != -1 && maildir_is_account(fd);

	fd_close(&fd);
	return has;
}

static int
verify_dir(struct verifying *v, struct account *a, struct kv_txn *t,
    const char *dir, struct err *err)
{
	struct buf name = { .max = NAME_LIMIT };
	enum found f = FOUND;
	uint32_t box;

	if (!name_from_dir(&name, slice_str(dir)))
		differ(v, "misnamed", 0, dir, 0, has_messages(a->ix.fd, dir));
	else if ((f = ix_find_box(t, buf_slice(&name), &box, err)) == ABSENT)
		differ(v, "unusable", 0, dir, 0, 1);
	buf_fini(&name);
	return f == TEMPFAIL ? -1 : 0;
}

int
account_verify_dirs(
    struct account *a, verify_visit *visit, void *arg, struct err *err)
{
	struct verifying v = { .visit = visit, .arg = arg };
	struct buf dirs = { .max = MAILDIR_NAMES_MAX };
	struct kv_txn *t = NULL;
	struct slice rest;
	int rc;

	if (handle_enter(a, err) == -1)
		return -1;
	rc = maildir_names(a->ix.fd, &dirs, err);
	if (rc == 0 && (t = kv_read(a->ix.env, err)) == NULL)
		rc = -1;
	rest = buf_slice(&dirs);
	while (rc == 0 && rest.n > 0)
		rc = verify_dir(&v, a, t, slice_cut(rest, '\0', &rest).p, err);
	kv_abort(&t);
	buf_fini(&dirs);
	return rc;
}

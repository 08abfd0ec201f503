/* SPDX-License-Identifier: ISC */
#include "index/ix.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/must.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "sys/kv.h"

/* Numbers in keys are big-endian, so that they sort. */
static void
put_be(char *to, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		to[i] = (char)(v & 0xff);
		v >>= 8;
	}
}

static uint64_t
get_be(const char *from, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)from[i];
	return v;
}

struct slice
ix_key(char *buf, char type, uint32_t box, uint32_t uid)
{
	buf[0] = type;
	put_be(buf + 1, box, 4);
	put_be(buf + 5, uid, 4);
	return slice_of(buf, type == 'B' || type == 'W' ? 5 : 9);
}

struct slice
ix_log_key(char *buf, uint64_t modseq)
{
	buf[0] = 'L';
	put_be(buf + 1, modseq, 8);
	return slice_of(buf, 9);
}

bool
ix_key_uid(struct slice key, char type, uint32_t box, uint32_t *uid)
{
	uint32_t n[2];

	if (key.n != 9 || key.p[0] != type)
		return false;
	memcpy(n, key.p + 1, sizeof n);
	*uid = be32toh(n[1]);
	return be32toh(n[0]) == box;
}

bool
ix_key_box(struct slice key, char type, uint32_t *box)
{
	if (key.n != 9 || key.p[0] != type)
		return false;
	*box = (uint32_t)get_be(key.p + 1, 4);
	return true;
}

bool
ix_key_log(struct slice key, uint64_t *modseq)
{
	if (key.n != 9 || key.p[0] != 'L')
		return false;
	*modseq = get_be(key.p + 1, 8);
	return true;
}

static enum found
damaged(struct kv_txn *t, struct err *err)
{
	kv_distrust(t);
	err_set(err, ERR_TEMP, "index: a record is damaged");
	return TEMPFAIL;
}

enum found
ix_get_meta(struct kv_txn *t, struct ix_meta *meta, struct err *err)
{
	struct slice v;
	const enum found f = kv_get(t, SLICE("!"), &v, err);

	if (f == FOUND && v.n != sizeof *meta)
		return damaged(t, err);
	if (f == FOUND)
		memcpy(meta, v.p, sizeof *meta);
	return f;
}

int
ix_put_meta(struct kv_txn *t, const struct ix_meta *meta, struct err *err)
{
	return kv_put(t, SLICE("!"), slice_of(meta, sizeof *meta), err);
}

/* What stands for BOX: the number leads on from one mailbox to the next. */
static bool
read_box(uint32_t box, struct slice v, struct ix_box *b)
{
	const size_t fixed = offsetof(struct ix_box, name);
	struct slice name, dir;

	if (v.n < fixed)
		return false;
	memcpy(b, v.p, fixed);
	dir = slice_from(v, fixed);
	name = slice_cut(dir, '\0', &dir);
	dir = slice_cut(dir, '\0', &v);
	return slice_copy(name, b->name, sizeof b->name) &&
	       slice_copy(dir, b->dir, sizeof b->dir) && b->box == box &&
	       memchr(b->id, '\0', sizeof b->id) != NULL;
}

enum found
ix_get_box(struct kv_txn *t, uint32_t box, struct ix_box *b, struct err *err)
{
	char key[IX_KEY];
	struct slice v;
	const enum found f = kv_get(t, ix_key(key, 'B', box, 0), &v, err);

	if (f == FOUND && !read_box(box, v, b))
		return damaged(t, err);
	return f;
}

static struct slice
name_key(char *buf, const char *name)
{
	const size_t n = strlen(name);

	must(n <= NAME_LIMIT);
	buf[0] = 'N';
	memcpy(buf + 1, name, n);
	return slice_of(buf, n + 1);
}

int
ix_put_box(struct kv_txn *t, const struct ix_box *b, struct err *err)
{
	const size_t fixed = offsetof(struct ix_box, name);
	char value[sizeof *b];
	char key[IX_KEY], nkey[NAME_LIMIT + 2];
	const size_t name = strlen(b->name) + 1;
	const size_t dir = strlen(b->dir) + 1;
	uint32_t box = 0;
	const enum found f = ix_find_box(t, slice_str(b->name), &box, err);

	memcpy(value, b, fixed);
	memcpy(value + fixed, b->name, name);
	memcpy(value + fixed + name, b->dir, dir);
	if (f == TEMPFAIL)
		return -1;
	if ((f == ABSENT || box != b->box) &&
	    kv_put(t, name_key(nkey, b->name), slice_of(&b->box, sizeof b->box),
		err) == -1)
		return -1;
	return kv_put(t, ix_key(key, 'B', b->box, 0),
	    slice_of(value, fixed + name + dir), err);
}

int
ix_del_box(struct kv_txn *t, const struct ix_box *b, struct err *err)
{
	char key[IX_KEY], nkey[NAME_LIMIT + 2];

	if (kv_del(t, name_key(nkey, b->name), err) == -1)
		return -1;
	return kv_del(t, ix_key(key, 'B', b->box, 0), err);
}

enum found
ix_find_box(struct kv_txn *t, struct slice name, uint32_t *box, struct err *err)
{
	char text[NAME_LIMIT + 1], nkey[NAME_LIMIT + 2];
	struct slice v;
	enum found f;

	if (!slice_copy(name, text, sizeof text))
		return ABSENT;
	f = kv_get(t, name_key(nkey, text), &v, err);
	if (f == FOUND && v.n != sizeof *box)
		return damaged(t, err);
	if (f == FOUND)
		memcpy(box, v.p, sizeof *box);
	return f;
}

enum found
ix_next_box(struct kv_txn *t, uint32_t from, struct ix_box *b, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, v;
	uint32_t box = 0;
	enum found f;

	if (c == NULL)
		return TEMPFAIL;
	f = kv_seek(c, ix_key(key, 'B', from, 0), &k, &v, err);
	if (f == FOUND && (k.n != 5 || k.p[0] != 'B'))
		f = ABSENT;
	if (f == FOUND)
		box = (uint32_t)get_be(k.p + 1, 4);
	if (f == FOUND && (box < from || !read_box(box, v, b)))
		f = damaged(t, err);
	kv_cursor_close(&c);
	return f;
}

bool
ix_read_hot(struct slice v, struct ix_hot *h)
{
	if (v.n != sizeof *h)
		return false;
	memcpy(h, v.p, sizeof *h);
	return true;
}

bool
ix_read_log(struct slice v, struct ix_log *l)
{
	if (v.n != sizeof *l)
		return false;
	memcpy(l, v.p, sizeof *l);
	return true;
}

bool
ix_read_msg(struct slice v, struct ix_msg *m)
{
	const size_t fixed = offsetof(struct ix_msg, file);

	if (v.n <= fixed)
		return false;
	memcpy(m, v.p, fixed);
	return slice_copy(slice_from(v, fixed), m->file, sizeof m->file);
}

enum found
ix_get_hot(struct kv_txn *t, uint32_t box, uint32_t uid, struct ix_hot *h,
    struct err *err)
{
	char key[IX_KEY];
	struct slice v;
	const enum found f = kv_get(t, ix_key(key, 'F', box, uid), &v, err);

	if (f == FOUND && !ix_read_hot(v, h))
		return damaged(t, err);
	return f;
}

int
ix_put_hot(struct kv_txn *t, uint32_t box, uint32_t uid, const struct ix_hot *h,
    struct err *err)
{
	char key[IX_KEY];

	return kv_put(
	    t, ix_key(key, 'F', box, uid), slice_of(h, sizeof *h), err);
}

enum found
ix_get_keywords(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct ix_hot *hot, struct keyword_set *set, struct err *err)
{
	char key[IX_KEY];
	struct slice v;
	enum found f;

	*set = (struct keyword_set){ 0 };
	keyword_set_put_letters(set, hot->letters);
	if ((hot->bits & HOT_MORE) == 0)
		return FOUND;
	f = kv_get(t, ix_key(key, 'K', box, uid), &v, err);
	if (f == TEMPFAIL)
		return f;
	if (f == ABSENT || v.n % sizeof(uint16_t) != 0)
		return damaged(t, err);
	for (size_t i = 0; i < v.n; i += sizeof(uint16_t)) {
		uint16_t n;

		memcpy(&n, v.p + i, sizeof n);
		if (n >= KEYWORDS_MAX)
			return damaged(t, err);
		keyword_set_add(set, n);
	}
	return FOUND;
}

int
ix_put_more(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct keyword_set *set, struct err *err)
{
	uint16_t v[KEYWORDS_MAX];
	char key[IX_KEY];
	size_t k = 0;

	for (unsigned n = KEYWORD_LETTERS;
	     (n = keyword_set_next(set, n)) < KEYWORDS_MAX; n++)
		v[k++] = (uint16_t)n;
	if (k == 0)
		return kv_del(t, ix_key(key, 'K', box, uid), err);
	return kv_put(
	    t, ix_key(key, 'K', box, uid), slice_of(v, k * sizeof *v), err);
}

int
ix_get_table(struct kv_txn *t, uint32_t box, struct keyword_table *table,
    struct err *err)
{
	char key[IX_KEY];
	struct slice v = { NULL, 0 };

	*table = (struct keyword_table){ 0 };
	if (kv_get(t, ix_key(key, 'W', box, 0), &v, err) == TEMPFAIL)
		return -1;
	keywords_parse(table, v, KEYWORDS_MAX);
	return 0;
}

int
ix_put_table(struct kv_txn *t, uint32_t box, const struct keyword_table *table,
    struct err *err)
{
	char key[IX_KEY];
	struct buf text;
	int rc;

	buf_init(&text, KEYWORDS_MAX * (KEYWORD_SIZE_MAX + 8));
	keywords_format(table, &text, KEYWORDS_MAX);
	rc = kv_put(t, ix_key(key, 'W', box, 0), buf_slice(&text), err);
	buf_fini(&text);
	return rc;
}

int
ix_put_cache(struct kv_txn *t, uint32_t box, uint32_t uid, struct slice bytes,
    struct err *err)
{
	char key[IX_KEY];

	return kv_put(t, ix_key(key, 'C', box, uid), bytes, err);
}

enum found
ix_get_msg(struct kv_txn *t, uint32_t box, uint32_t uid, struct ix_msg *m,
    struct err *err)
{
	char key[IX_KEY];
	struct slice v;
	const enum found f = kv_get(t, ix_key(key, 'M', box, uid), &v, err);

	if (f == FOUND && !ix_read_msg(v, m))
		return damaged(t, err);
	return f;
}

int
ix_put_msg(struct kv_txn *t, uint32_t box, uint32_t uid, const struct ix_msg *m,
    struct err *err)
{
	const size_t n = offsetof(struct ix_msg, file) + strlen(m->file);
	char key[IX_KEY];

	return kv_put(t, ix_key(key, 'M', box, uid), slice_of(m, n), err);
}

enum maildir_part
ix_part(const struct ix_hot *hot)
{
	return (hot->bits & HOT_NEW) != 0 ? MAILDIR_NEW : MAILDIR_CUR;
}

void
ix_file_name(
    char *to, const struct ix_msg *msg, const struct ix_hot *hot, uint32_t uid)
{
	struct filename f;
	struct buf name;

	buf_init(&name, IX_FILE_NAME - 1);
	(void)buf_room(&name, name.max); /* once */
	filename_parse(slice_str(msg->file), &f);
	f.size = msg->size;
	f.vsize = msg->vsize;
	f.uid = uid;
	f.own_id = msg->email_id != filename_email_id(f.base);
	f.email_id = msg->email_id;
	f.info = true;
	f.flags = hot->bits & MSG_FLAGS;
	f.letters = hot->letters;
	filename_format(&name, &f);
	strlcpy(to, buf_cstr(&name), IX_FILE_NAME);
	buf_fini(&name);
}

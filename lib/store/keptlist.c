/* SPDX-License-Identifier: ISC */
#include "store/keptlist.h"

#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "index/ix.h"
#include "maildir/keptdir.h"
#include "maildir/mailboxes.h"
#include "maildir/maildir.h"
#include "store/handle.h"
#include "store/inner.h"
#include "sys/kv.h"

struct kept_reading {
	struct kept_list *l;
	struct account *a;
	struct map by_entry; /* what stands in the day, but without the day */
	struct map names;    /* of those that are there, by id */
	struct map days;
	size_t cap;
};

/* The name that was written down with the first message. */
static struct slice
noted_name(struct kept_reading *r, const struct kept_file *f)
{
	const char *const path[] = { f->day, f->entry };
	struct slice name = { NULL, 0 };
	uint32_t uidvalidity;
	struct maildir d;
	struct buf text;

	buf_init(&text, NAME_LIMIT);
	if (keptdir_find(&d, r->a->ix.fd, path, ARRAY_LEN(path), NULL) ==
		FOUND &&
	    keptdir_get_about(&d, &text, &uidvalidity, NULL) == FOUND)
		name = arena_slice(&r->l->arena, buf_slice(&text));
	maildir_close(&d);
	buf_fini(&text);
	return name;
}

static struct slice
dir_name(struct kept_reading *r, const char *dir)
{
	struct slice name = { NULL, 0 };
	struct buf text;

	buf_init(&text, NAME_LIMIT);
	if (name_from_dir(&text, slice_str(dir)))
		name = arena_slice(&r->l->arena, buf_slice(&text));
	buf_fini(&text);
	return name;
}

/* Of a mailbox that was deleted "ID.TIME", of another "ID". */
static void
parse_entry(struct kept_mailbox *m, const char *entry)
{
	struct slice time;
	const struct slice id = slice_cut(slice_str(entry), '.', &time);
	struct cur c = cur_of(time);

	if (!slice_copy(id, m->id, sizeof m->id))
		m->id[0] = '\0';
	m->deleted_s = (int64_t)cur_u64(&c, INT64_MAX);
}

static struct kept_mailbox *
find_mailbox(struct kept_reading *r, const struct kept_file *f)
{
	struct kept_mailbox *m = map_find(&r->by_entry, slice_str(f->entry));
	struct kept_list *l = r->l;
	const char *now;

	if (m != NULL && m->name.n > 0)
		return m;
	if (m == NULL) {
		m = arena_new(&l->arena, struct kept_mailbox);
		parse_entry(m, f->entry);
		map_put(&r->by_entry, slice_str(f->entry), m);
		l->mailboxes = xreallocarray(
		    l->mailboxes, l->nmailboxes + 1, sizeof *l->mailboxes);
		l->mailboxes[l->nmailboxes++] = m;
	}
	if (f->mailbox != NULL) {
		m->path[0] = arena_str(&l->arena, slice_str(f->day));
		m->path[1] = arena_str(&l->arena, slice_str(f->entry));
		m->path[2] = arena_str(&l->arena, slice_str(f->mailbox));
		m->name = dir_name(r, f->mailbox);
		return m;
	}
	now = map_find(&r->names, slice_str(m->id));
	m->exists = now != NULL;
	m->name = now != NULL ? slice_str(now) : noted_name(r, f);
	return m;
}

/* Days and entries come again and again. */
static const char *
same(struct kept_reading *r, const char *word)
{
	char *w = map_find(&r->days, slice_str(word));

	if (w == NULL) {
		w = arena_str(&r->l->arena, slice_str(word));
		map_put(&r->days, slice_str(word), w);
	}
	return w;
}

static bool
on_file(void *arg, const struct kept_file *f)
{
	struct kept_reading *r = arg;
	struct kept_list *l = r->l;
	struct kept_mailbox *of = find_mailbox(r, f);
	struct kept_message *m;
	struct keptname k = { .saved_s = 0 };

	if (l->nmessages == r->cap) {
		r->cap = r->cap > 0 ? r->cap * 2 : 64;
		l->messages =
		    xreallocarray(l->messages, r->cap, sizeof *l->messages);
	}
	m = &l->messages[l->nmessages++];
	*m = (struct kept_message){ .mailbox = of };
	m->path[m->npath++] = same(r, f->day);
	m->path[m->npath++] = same(r, f->entry);
	if (f->mailbox != NULL) {
		m->path[m->npath++] = same(r, f->mailbox);
		m->path[m->npath++] = same(r, f->part);
	}
	m->file = arena_str(&l->arena, slice_str(f->name));
	(void)keptdir_parse_name(slice_str(m->file), &k);
	m->expunged_s =
	    f->mailbox != NULL ? m->mailbox->deleted_s : k.expunged_s;
	m->saved_s = f->mailbox != NULL ? 0 : k.saved_s;
	m->uid = k.f.uid;
	m->size = k.f.size;
	m->flags = k.f.flags;
	of->messages++;
	of->bytes += m->size > 0 ? (uint64_t)m->size : 0;
	return true;
}

static bool
on_deleted(void *arg, const struct kept_file *f)
{
	(void)find_mailbox(arg, f);
	return true;
}

struct day_list {
	struct arena *arena;
	const char **v;
	size_t n;
};

static bool
on_day(void *arg, const char *day)
{
	struct day_list *d = arg;

	d->v = xreallocarray(d->v, d->n + 1, sizeof *d->v);
	d->v[d->n++] = arena_str(d->arena, slice_str(day));
	return true;
}

/* The mailboxes that are there, by id. */
static int
read_names(struct kept_reading *r, struct err *err)
{
	uint32_t from = 0;
	struct kv_txn *t;
	struct ix_box b;
	enum found f;

	if (handle_enter(r->a, err) == -1 ||
	    (t = kv_read(r->a->ix.env, err)) == NULL)
		return -1;
	while ((f = ix_next_box(t, from, &b, err)) == FOUND) {
		map_put(&r->names, slice_str(b.id),
		    arena_str(&r->l->arena, slice_str(b.name)));
		from = b.box + 1;
	}
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

static int
by_time(const void *pa, const void *pb)
{
	const struct kept_message *a = pa, *b = pb;

	if (a->expunged_s != b->expunged_s)
		return a->expunged_s < b->expunged_s ? -1 : 1;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return strcmp(a->file, b->file);
}

static int
read_days(struct kept_reading *r, struct err *err)
{
	struct day_list days = { .arena = &r->l->arena };
	const int fd = r->a->ix.fd;
	int rc = keptdir_days(fd, on_day, &days, err);

	for (size_t i = 0; i < days.n && rc == 0; i++) {
		rc = keptdir_deleted(fd, days.v[i], on_deleted, r, err);
		if (rc == 0)
			rc = keptdir_files(fd, days.v[i], on_file, r, err);
	}
	xfree(&days.v);
	return rc;
}

int
keptlist_read(struct kept_list *l, struct account *a, struct err *err)
{
	struct kept_reading r = { .l = l, .a = a };
	int rc;

	*l = (struct kept_list){ .nmessages = 0 };
	arena_init(&l->arena);
	map_init(&r.by_entry);
	map_init(&r.names);
	map_init(&r.days);
	rc = read_names(&r, err);
	if (rc == 0)
		rc = read_days(&r, err);
	if (rc == 0 && l->nmessages > 0)
		qsort(l->messages, l->nmessages, sizeof *l->messages, by_time);
	map_fini(&r.by_entry);
	map_fini(&r.names);
	map_fini(&r.days);
	return rc;
}

void
keptlist_fini(struct kept_list *l)
{
	xfree(&l->mailboxes);
	xfree(&l->messages);
	l->nmailboxes = l->nmessages = 0;
	arena_fini(&l->arena);
}

enum found
keptlist_open(
    struct account *a, const struct kept_message *k, int *fd, struct err *err)
{
	struct maildir d;
	enum found f;

	*fd = -1;
	if (handle_enter(a, err) == -1)
		return TEMPFAIL;
	f = keptdir_find(&d, a->ix.fd, k->path, k->npath, err);
	if (f == FOUND)
		f = maildir_read(&d, MAILDIR_CUR, k->file, fd, err);
	maildir_close(&d);
	return f;
}

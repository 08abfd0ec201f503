/* SPDX-License-Identifier: ISC */
#include "store/keptmoves.h"

#include <stdbool.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "maildir/keptdir.h"
#include "maildir/mailboxes.h"
#include "maildir/textfile.h"
#include "store/handle.h"
#include "store/inner.h"

static bool
parse(struct slice line, struct kept_move *m)
{
	struct cur c = cur_of(line);
	struct slice id;

	*m = (struct kept_move){ .uid = (uint32_t)cur_u64(&c, UINT32_MAX) };
	cur_lit(&c, " ");
	m->moved_s = (int64_t)cur_u64(&c, INT64_MAX);
	cur_lit(&c, " ");
	m->saved_s = (int64_t)cur_u64(&c, INT64_MAX);
	cur_lit(&c, " ");
	id = cur_until(&c, ' ');
	m->touid = (uint32_t)cur_u64(&c, UINT32_MAX);
	cur_lit(&c, " ");
	m->email_id = cur_u64(&c, UINT64_MAX);
	return cur_end(&c) && slice_copy(id, m->to, sizeof m->to);
}

struct kept_moves {
	int accountfd;
	const char *id;
	struct kept_move *v;
	size_t n;
	size_t cap;
	struct err *err;
	int rc;
};

static void
add(struct kept_moves *r, const struct kept_move *m)
{
	if (r->n == r->cap) {
		r->cap = r->cap > 0 ? r->cap * 2 : 64;
		r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
	}
	r->v[r->n++] = *m;
}

static bool
on_day(void *arg, const char *day)
{
	struct kept_moves *r = arg;
	const char *const path[] = { day, r->id };
	struct kept_move m;
	struct maildir d;
	struct slice rest;
	struct buf text;
	enum found f;

	f = keptdir_find(&d, r->accountfd, path, ARRAY_LEN(path), r->err);
	buf_init(&text, 2 * KEPTMOVES_MAX);
	if (f == FOUND)
		f = textfile_load(d.curfd, KEPTMOVES_FILE, &text, r->err);
	for (rest = buf_slice(&text); f == FOUND && rest.n > 0;)
		if (parse(slice_cut(rest, '\n', &rest), &m))
			add(r, &m);
	buf_fini(&text);
	maildir_close(&d);
	r->rc = f == TEMPFAIL ? -1 : 0;
	return r->rc == 0;
}

int
keptmoves_read(struct account *a, const char *id, struct kept_move **v,
    size_t *n, struct err *err)
{
	struct kept_moves r = { .id = id, .err = err };

	*v = NULL;
	*n = 0;
	if (handle_enter(a, err) == -1)
		return -1;
	r.accountfd = a->ix.fd;
	if (keptdir_days(a->ix.fd, on_day, &r, err) == -1 || r.rc == -1) {
		xfree(&r.v);
		return -1;
	}
	*v = r.v;
	*n = r.n;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/folders.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/view/out.h"
#include "maildir/name.h"
#include "maildir/specialword.h"
#include "store/mailbox.h"
#include "store/states.h"

static bool
add(void *arg, const struct mailbox_info *info)
{
	struct folders *l = arg;

	if (!info->exists)
		return true;
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = (struct folder){
		.name = arena_slice(&l->arena, info->name),
		.special = info->special,
		.subscribed = info->subscribed,
	};
	return true;
}

static void
note(void *arg, const struct mailbox_state *state)
{
	map_put(arg, state->name, arg);
}

int
folders_read(struct folders *l, struct account *a, struct err *err)
{
	struct map used;
	int rc;

	*l = (struct folders){ .n = 0 };
	arena_init(&l->arena);
	map_init(&used);
	rc = mailbox_list(a, false, add, l, err);
	if (rc == 0)
		rc = mailbox_states(a, note, &used, err);
	for (size_t i = 0; i < l->n; i++)
		l->v[i].used = map_find(&used, l->v[i].name) != NULL;
	map_fini(&used);
	return rc;
}

void
folders_fini(struct folders *l)
{
	xfree(&l->v);
	l->n = 0;
	arena_fini(&l->arena);
}

enum found
folders_status(struct account *a, struct slice name, struct mailbox_status *st,
    struct err *err)
{
	struct err why = { 0 };
	struct mailbox *m;
	enum found f = mailbox_open(a, name, &m, err);

	if (f != FOUND)
		return f;
	if (mailbox_sync(m, false, &why) == -1 ||
	    mailbox_status(m, st, &why) == -1)
		f = why.code == ERR_NOT_FOUND ? ABSENT : TEMPFAIL;
	mailbox_close(&m);
	if (f == TEMPFAIL && err != NULL)
		*err = why;
	return f;
}

enum found
folders_status_if(struct account *a, struct slice name,
    struct mailbox_status *st, struct err *err)
{
	enum found f = ABSENT;
	struct folders l;
	struct buf normal;

	buf_init(&normal, NAME_LIMIT);
	if (!name_normal(&normal, name))
		buf_reset(&normal);
	if (folders_read(&l, a, err) == -1)
		f = TEMPFAIL;
	else
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND,
		    "there is no folder %.*s", SLICE_FMT(name));
	for (size_t i = 0; i < l.n && f == ABSENT; i++)
		if (l.v[i].used && slice_eq(l.v[i].name, buf_slice(&normal))) {
			f = folders_status(a, l.v[i].name, st, err);
			break;
		}
	folders_fini(&l);
	buf_fini(&normal);
	return f;
}

void
folders_put_special(struct out *out, unsigned special)
{
	struct buf text = { .max = 128 };

	specialword_put(&text, special);
	if (text.n > 0)
		out_str(out, slice_from(buf_slice(&text), 1));
	else
		out_none(out);
	buf_fini(&text);
}

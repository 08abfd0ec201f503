/* SPDX-License-Identifier: ISC */
#include "store/sharedall.h"

#include "base/mem.h"
#include "shares/shares.h"
#include "store/acl.h"
#include "store/mailbox.h"
#include "store/sharedwith.h"
#include "store/states.h"

enum { LINES_MAX = 8 << 20 };

/* Default mailboxes that nobody has used yet are none of them. */
static void
add_name(void *arg, const struct mailbox_state *state)
{
	struct sharedall *w = arg;

	w->names = xreallocarray(w->names, w->n + 1, sizeof *w->names);
	w->names[w->n++] = arena_slice(&w->arena, state->name);
}

int
sharedall_begin(
    struct sharedall *w, struct account *a, struct slice owner, struct err *err)
{
	*w = (struct sharedall){ .account = a, .owner = owner };
	arena_init(&w->arena);
	map_init(&w->seen);
	buf_init(&w->lines, LINES_MAX);
	return mailbox_states(a, add_name, w, err);
}

static void
add_line(struct sharedall *w, const struct acl_entry *e)
{
	const size_t before = w->lines.n;
	struct shares_name name;
	struct slice line;

	if (e->rights == 0 || !sharedwith(&e->id, w->owner, &w->arena, &name))
		return;
	shares_put(&w->lines, &name);
	line = slice_from(buf_slice(&w->lines), before);
	if (!w->lines.failed && map_put(&w->seen, line, w) != NULL)
		buf_truncate(&w->lines, before);
}

int
sharedall_next(struct sharedall *w, bool *more, struct err *err)
{
	struct mailbox *m;
	struct aclfile f;
	int rc;

	*more = w->at + 1 < w->n;
	if (w->at >= w->n)
		return 0;
	switch (mailbox_open(w->account, w->names[w->at++], &m, err)) {
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	case FOUND:
		break;
	}
	rc = acl_read(m, &f, err);
	mailbox_close(&m);
	if (rc == -1)
		return err->code == ERR_NOT_FOUND ? 0 : -1;
	for (size_t i = 0; i < f.n; i++)
		add_line(w, &f.v[i]);
	aclfile_fini(&f);
	return 0;
}

void
sharedall_fini(struct sharedall *w)
{
	buf_fini(&w->lines);
	map_fini(&w->seen);
	arena_fini(&w->arena);
	xfree(&w->names);
}

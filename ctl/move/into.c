/* SPDX-License-Identifier: ISC */
#include "ctl/move/into.h"

#include "base/mem.h"
#include "ev/loop.h"
#include "store/mailbox.h"

enum { BATCH_BYTES = 16 << 20 };

void
move_into_init(struct move_into *i, struct store *store, struct mailbox *m)
{
	*i = (struct move_into){ .store = store, .m = m };
}

void
move_into_drop(struct move_into *i)
{
	if (i->open != NULL)
		append_drop(i->open);
	i->open = NULL;
}

void
move_into_fini(struct move_into *i)
{
	move_into_drop(i);
	append_batch_free(&i->batch);
	i->n = 0;
}

static int
begin(struct move_into *i, struct err *err)
{
	if (i->batch == NULL)
		i->batch = append_batch_new(i->store, false);
	i->open = append_begin(i->batch, i->m, err);
	return i->open != NULL ? 0 : -1;
}

int
move_into_text(struct move_into *i, struct slice bytes, struct err *err)
{
	if (i->open == NULL && begin(i, err) == -1)
		return -1;
	i->bytes += bytes.n;
	return append_write(i->open, bytes, err);
}

int
move_into_end(
    struct move_into *i, const struct append_info *info, struct err *err)
{
	struct append_info plain = *info;
	struct err why = { 0 };

	if (i->open == NULL && begin(i, err) == -1)
		return -1;
	if (append_finish(i->open, info, &why) == -1) {
		plain.keywords = (struct slice){ NULL, 0 };
		if (why.code != ERR_LIMIT ||
		    append_finish(i->open, &plain, &why) == -1) {
			*err = why;
			return -1;
		}
	}
	i->v[i->n++] = i->open;
	i->open = NULL;
	if (i->n < ARRAY_LEN(i->v) && i->bytes < BATCH_BYTES)
		return 0;
	return move_into_commit(i, err);
}

static void
on_done(struct append_batch *b, void *arg)
{
	struct move_into *i = arg;

	(void)b;
	i->done = true;
	ev_stop();
}

int
move_into_commit(struct move_into *i, struct err *err)
{
	uint32_t uid, uidvalidity;
	int rc = 0;

	if (i->n == 0)
		return 0;
	move_into_drop(i);
	i->done = false;
	append_commit(i->batch, on_done, i);
	while (!i->done)
		ev_run();
	for (size_t k = 0; k < i->n && rc == 0; k++)
		rc = append_result(i->v[k], &uid, &uidvalidity, err);
	append_batch_free(&i->batch);
	i->n = 0;
	i->bytes = 0;
	return rc;
}

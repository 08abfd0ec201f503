/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/select.h"

#include <bsd/string.h>
#include <string.h>

#include "base/must.h"
#include "ipc/ipc.h"

enum {
	LOOKS_A_CALL = 5000, /* messages */
	LOADS_A_CALL = 200,  /* of them with their file read */
};

/* The cursor before the one id that is asked for, so that a million others are
 * not looked at: its last byte is less, and what follows that more than any. */
static void
begin_at(struct selection *w)
{
	char before[ENVELOPE_ID_BYTES + 1];
	const size_t n = w->only.n;

	must(n > 0 && n + 1 < sizeof before);
	memcpy(before, w->only.p, n);
	before[n - 1]--;
	before[n] = '~';
	qwalk_begin(&w->all, slice_of(before, n + 1));
}

int
select_start(struct selection *w, const struct ipc *peer, struct slice filter,
    struct slice cursor, struct err *err)
{
	*w = (struct selection){ .admin = ipc_role(peer) == ROLE_CTL };
	if (filter_parse(&w->filter, filter, err) == -1)
		return -1;
	if (w->filter.admin && !w->admin)
		return err_set(err, ERR_PERM, "for administrators only");
	w->only = filter_only(&w->filter);
	if (w->only.n > 0 && cursor.n == 0)
		begin_at(w);
	else
		qwalk_begin(&w->all, cursor);
	return 0;
}

bool
select_next(struct selection *w, bool want, struct qrecord *r)
{
	const bool whole = want || w->filter.needs_whole;

	while (qwalk_next(&w->all, r)) {
		if (w->looks++ >= LOOKS_A_CALL ||
		    w->all.loads >= LOADS_A_CALL) {
			w->more = true;
			return false;
		}
		if (w->only.n > 0 && slice_cmp(slice_str(r->id), w->only) > 0)
			return false;
		strlcpy(w->cursor, r->id, sizeof w->cursor);
		if ((whole || w->filter.needs_known) &&
		    !qwalk_know(&w->all, r, whole))
			continue;
		if (filter_match(&w->filter, r))
			return true;
	}
	return false;
}

void
select_end(struct selection *w)
{
	qwalk_end(&w->all);
}

/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/select.h"

#include <bsd/string.h>

#include "ipc/ipc.h"

enum {
	LOOKS_A_CALL = 5000, /* messages */
	LOADS_A_CALL = 200,  /* of them with their file read */
};

int
select_start(struct selection *w, const struct ipc *peer, struct slice filter,
    struct slice cursor, struct err *err)
{
	*w = (struct selection){ .admin = ipc_role(peer) == ROLE_CTL };
	if (filter_parse(&w->filter, filter, err) == -1)
		return -1;
	if (w->filter.admin && !w->admin)
		return err_set(err, ERR_PERM, "for administrators only");
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

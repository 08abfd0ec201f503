/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/bringback.h"

#include "base/err.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/view/progress.h"
#include "maildir/special.h"
#include "store/account.h"
#include "store/keptlist.h"
#include "store/mailbox.h"
#include "store/undelete.h"
#include "store/usage.h"

enum { SOME = 500 }; /* between two looks at the progress */

static enum found
open_or_make(
    struct account *a, struct slice name, struct mailbox **m, struct err *err)
{
	enum found f = mailbox_open(a, name, m, err);

	if (f != ABSENT)
		return f;
	if (mailbox_create(a, name, 0, err) == -1 && err->code != ERR_EXISTS)
		return TEMPFAIL;
	return mailbox_open(a, name, m, err);
}

int
bringback_messages(struct asowner *o, struct slice name,
    const struct kept_message *const *v, size_t n, size_t *restored)
{
	struct undelete_result r;
	struct mailbox *m;
	struct err err = { 0 };
	int rc = 0;

	*restored = 0;
	if (open_or_make(o->account, name, &m, &err) != FOUND)
		return asowner_fail(o, &err);
	progress_begin("messages brought back", (int64_t)n);
	for (size_t i = 0; i < n && rc == 0; i += SOME) {
		progress_at((int64_t)i);
		rc = undelete_messages(
		    m, v + i, n - i < SOME ? n - i : SOME, &r, &err);
		*restored += r.restored;
	}
	progress_end();
	mailbox_close(&m);
	return rc == 0 ? CTL_OK : asowner_fail(o, &err);
}

/* Would all of F fit? */
static int
check_room(struct account *a, const struct kept_mailbox *f, struct err *err)
{
	struct account_usage u;

	if (account_usage(a, &u, err) == -1)
		return -1;
	if ((u.max.bytes > 0 && u.used.bytes + f->bytes > u.max.bytes) ||
	    (u.max.messages > 0 &&
		u.used.messages + f->messages > u.max.messages))
		return err_set_code(err, ERR_PERM, ERR_OVER_QUOTA,
		    "the folder is larger than what the quota leaves");
	return 0;
}

int
bringback_folder(struct asowner *o, const struct kept_mailbox *f)
{
	struct err err = { 0 };

	if (check_room(o->account, f, &err) == -1)
		return asowner_fail(o, &err);
	switch (undelete_mailbox(o->account, f, &err)) {
	case FOUND:
	case ABSENT:
		return CTL_OK;
	case TEMPFAIL:
		break;
	}
	return err.code == ERR_EXISTS ? BRINGBACK_EXISTS
				      : asowner_fail(o, &err);
}

/* SPDX-License-Identifier: ISC */
#include "local/junk.h"

#include "base/buf.h"
#include "maildir/special.h"
#include "store/mailbox.h"

enum { NAME_MAX_BYTES = 4096 };

static bool
find_junk(void *arg, const struct mailbox_info *info)
{
	struct buf *name = arg;

	if ((info->special & MAILBOX_JUNK) == 0 || !info->exists)
		return true;
	buf_add(name, info->name);
	return false;
}

enum found
local_junk_open(struct account *a, struct mailbox **mailbox, struct err *err)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	enum found found = ABSENT;

	if (mailbox_list(a, false, find_junk, &name, err) == -1)
		found = TEMPFAIL;
	else if (name.n > 0)
		found = mailbox_open(a, buf_slice(&name), mailbox, err);
	buf_fini(&name);
	return found;
}

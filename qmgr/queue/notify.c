/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/notify.h"

static const char *const words[] = {
	[NOTIFY_FAILURE] = "FAILURE",
	[NOTIFY_DELAY] = "DELAY",
	[NOTIFY_SUCCESS] = "SUCCESS",
};

bool
notify_wanted(const struct rcpt *r, enum notify kind)
{
	const struct slice want = slice_str(words[kind]);
	struct slice rest = r->env.notify;

	if (rest.n == 0)
		return kind != NOTIFY_SUCCESS;
	while (rest.n > 0)
		if (slice_ieq(slice_cut(rest, ',', &rest), want))
			return true;
	return false;
}

bool
notify_concerns(const struct rcpt *r, enum notify kind)
{
	if (!notify_wanted(r, kind))
		return false;
	if (kind == NOTIFY_FAILURE)
		return r->state == RCPT_FAILED;
	if (kind == NOTIFY_DELAY)
		return r->state == RCPT_DEFERRED;
	return r->tell_success;
}

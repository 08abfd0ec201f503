/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/notify.h"

#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "queue/written.h"

static const char *const words[] = {
	[NOTIFY_FAILURE] = "FAILURE",
	[NOTIFY_DELAY] = "DELAY",
	[NOTIFY_SUCCESS] = "SUCCESS",
};

struct slice
notify_recipient(const struct message *m)
{
	if (m->env.sender.n == 0 && slice_is(m->env.protocol, WRITTEN_REPORT) &&
	    qmgr_conf->double_bounce == QMGR_DOUBLE_BOUNCE_POSTMASTER)
		return SLICE("postmaster");
	return m->env.sender;
}

bool
notify_wanted(const struct rcpt *r, enum notify kind)
{
	const struct slice want = slice_str(words[kind]);
	struct slice rest = r->env.notify;

	if (notify_recipient(r->message).n == 0)
		return false;
	if (r->message->env.sender.n == 0)
		return kind == NOTIFY_FAILURE;
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

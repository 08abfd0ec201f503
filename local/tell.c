/* SPDX-License-Identifier: ISC */
#include "local/tell.h"

#include "ipc/ipc.h"
#include "local/job.h"
#include "log/log.h"
#include "log/metric.h"
#include "store/mailbox.h"
#include "store/usage.h"

static struct metric delivered = { .name = "pabal_local_delivered",
	.help = "Messages delivered into mailboxes." };

void
tell_init(void)
{
	metric_register(&delivered);
}

/* imapd's sessions, and who refuses mail for full mailboxes. */
static void
tell_change(const struct job_rcpt *r, struct account *a)
{
	struct account_usage usage;

	IPC_POST(ipc_master(), master_changed, .account = r->account,
	    .home = r->home);
	if ((r->quota_bytes > 0 || r->quota_messages > 0) &&
	    account_usage(a, &usage, NULL) == 0)
		IPC_SEND(ipc_link(ROLE_LOOKUP, 0, 0), lookup_usage,
		    .account = r->account, .bytes = usage.used.bytes,
		    .messages = usage.used.messages);
}

void
tell_delivered(const struct local_job *job, const struct job_rcpt *r,
    struct account *a, const struct mailbox *m, uint32_t uid)
{
	log_info("local.delivered", kv_slice("qid", job->qid),
	    kv_slice("account", r->account),
	    kv_slice("mailbox", mailbox_name(m)), kv_u("uid", uid),
	    kv_i("size", job->size));
	metric_add(&delivered, 1);
	tell_change(r, a);
}

/* Its owner may have got a message about that. */
void
tell_full(const struct job_rcpt *r, struct account *a)
{
	tell_change(r, a);
}

void
tell_elsewhere(
    const struct local_job *job, const struct job_rcpt *r, struct slice mailbox)
{
	log_warn("local.sieve-no-mailbox", kv_slice("qid", job->qid),
	    kv_slice("account", r->account), kv_slice("mailbox", mailbox));
}

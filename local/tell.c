/* SPDX-License-Identifier: ISC */
#include "local/tell.h"

#include "ipc/ipc.h"
#include "log/metric.h"
#include "store/account.h"

static struct metric delivered = { .name = "pabal_local_delivered",
	.help = "Messages delivered into mailboxes." };

void
tell_init(void)
{
	metric_register(&delivered);
}

void
tell_delivered(struct slice account, struct slice home, int64_t quota_bytes,
    struct account *a)
{
	struct account_usage usage;

	metric_add(&delivered, 1);
	IPC_POST(
	    ipc_master(), master_changed, .account = account, .home = home);
	if (quota_bytes > 0 && account_usage(a, &usage, NULL) == 0)
		IPC_SEND(ipc_link(ROLE_LOOKUP, 0, 0), lookup_usage,
		    .account = account, .bytes = usage.bytes);
}

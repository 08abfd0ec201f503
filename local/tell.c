/* SPDX-License-Identifier: ISC */
#include "local/tell.h"

#include "base/map.h"
#include "ipc/ipc.h"
#include "log/metric.h"
#include "store/store.h"

static uid_t uid_of_all;

static struct metric delivered = { .name = "pabal_local_delivered",
	.help = "Messages delivered into mailboxes." };

void
tell_init(uid_t system_uid)
{
	uid_of_all = system_uid;
	metric_register(&delivered);
}

void
tell_delivered(struct slice account, struct slice home, int64_t quota_bytes,
    struct account *a)
{
	const unsigned process =
	    (unsigned)(map_hash_fixed(account) % ipc_count(ROLE_IMAPD));
	struct account_usage usage;

	metric_add(&delivered, 1);
	IPC_SEND(ipc_link_if_running(ROLE_IMAPD, process, uid_of_all),
	    store_changed, .account = account, .home = home);
	if (quota_bytes > 0 && account_usage(a, &usage, NULL) == 0)
		IPC_SEND(ipc_link(ROLE_LOOKUP, 0, 0), lookup_usage,
		    .account = account, .bytes = usage.bytes);
}

/* SPDX-License-Identifier: ISC */
#include "lookup/mailbox.h"

#include <stdint.h>
#include <string.h>

#include "base/quota.h"
#include "ev/loop.h"
#include "ipc/lookup.h"
#include "ipc/msg.h"
#include "lookup/conf.h"
#include "lookup/usage.h"
#include "table/account.h"
#include "table/allotment.h"

_Static_assert(
    (int)LOOKUP_HOME_MAX >= (int)ACCOUNT_HOME_MAX, "room for a home");

static void
put(const struct account_entry *account, struct slice key,
    struct msg_lookup_found *a, char home[LOOKUP_HOME_MAX])
{
	const struct quota quota = { account->quota_bytes,
		account->quota_messages };

	memcpy(home, account->home, account->home_len);
	a->kind = LOOKUP_MAILBOX;
	a->address = key;
	a->uid = account->uid == ACCOUNT_VIRTUAL ? 0 : account->uid;
	a->home = slice_of(home, account->home_len);
	a->quota = quota.bytes;
	a->quota_messages = quota.messages;
	a->room = lookup_usage_room(a->uid, key, &quota, ev_now_ms());
}

int
lookup_mailbox(struct table *accounts, struct slice key, struct slice value,
    struct msg_lookup_found *a, char home[LOOKUP_HOME_MAX], struct err *err)
{
	struct account_entry account;

	if (account_parse(key, value, &account, err) == -1)
		return -1;
	if ((account.flags & ACCOUNT_NO_MAIL) != 0) {
		a->kind = LOOKUP_REFUSE;
		return 0;
	}
	if (allotment_find(
		accounts, &lookup_conf->shared, key, &account, err) == -1)
		return -1;
	put(&account, key, a, home);
	return 0;
}

bool
lookup_mailbox_made(
    struct slice key, struct msg_lookup_found *a, char home[LOOKUP_HOME_MAX])
{
	struct account_entry account;

	if (account_default(key, &account, NULL) == -1)
		return false;
	put(&account, key, a, home);
	return true;
}

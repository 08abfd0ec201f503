/* SPDX-License-Identifier: ISC */
#include "jmapd/wire/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/quota.h"
#include "ev/loop.h"
#include "ev/work.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"
#include "ipc/place.h"
#include "store/account.h"
#include "store/store.h"
#include "store/usage.h"

static struct {
	struct store *store;
	const char *place;
	struct account *account; /* NULL: not open */
	char *name, *home;
	struct quota quota;
	struct account_watch watch;
	struct ev_task changed; /* tell master, at the turn's end */
	struct work_share share;
	bool stopping;
	void (*on_drop)(void);
} state;

/* Sessions of imapd hear of it, parked ones too, and mail for a full account is
 * refused (reach_on_changed). */
static void
on_changed(struct ev_task *task)
{
	struct account_usage usage = { .max = { 0, 0 } };
	bool counted;

	(void)task;
	if (state.account == NULL)
		return;
	counted = quota_is_limited(&state.quota) &&
		  account_usage(state.account, &usage, NULL) == 0;
	IPC_POST(ipc_master(), master_changed, .account = slice_str(state.name),
	    .home = slice_str(state.home), .counted = counted,
	    .bytes = usage.used.bytes, .messages = usage.used.messages);
}

static void
on_watch(struct account_watch *w)
{
	(void)w;
	ev_task_queue(&state.changed);
}

void
jmapd_account_init(
    struct store *store, const char *place, void (*on_drop)(void))
{
	state.on_drop = on_drop;
	state.store = store;
	state.place = place;
	state.watch.on_change = on_watch;
	ev_task_init(&state.changed, on_changed);
	work_share_init(&state.share);
}

static void
set_owner(const struct ipc_pass *pass)
{
	state.quota = (struct quota){ pass->quota, pass->quota_messages };
	account_set_owner(state.account, pass->account, &state.quota);
}

int
jmapd_account_open(const struct ipc_pass *pass, struct err *err)
{
	struct slice path;

	if (state.account != NULL && slice_is(pass->home, state.home)) {
		set_owner(pass);
		return 0;
	}
	jmapd_account_drop();
	state.home = xslicedup(pass->home);
	state.name = xslicedup(pass->account);
	if (!place_rest(slice_str(state.place), slice_str(state.home), &path)) {
		jmapd_account_drop();
		return err_set_code(err, ERR_PERM, ERR_NO_ACCOUNT,
		    "the account is not in this process");
	}
	/* The rest of a string is one. */
	if (store_account_ensure(state.store, path.p, &state.account, err) !=
	    FOUND) {
		state.account = NULL;
		jmapd_account_drop();
		return -1;
	}
	set_owner(pass);
	account_watch(state.account, &state.watch);
	return 0;
}

struct account *
jmapd_account(void)
{
	return state.account;
}

struct store *
jmapd_account_store(void)
{
	return state.store;
}

const char *
jmapd_account_name(void)
{
	return state.name;
}

struct work_share *
jmapd_account_share(void)
{
	return &state.share;
}

void
jmapd_account_drop(void)
{
	if (state.account != NULL) {
		state.on_drop();
		account_unwatch(&state.watch);
		account_close(&state.account);
	}
	ev_task_cancel(&state.changed);
	xfree(&state.home);
	xfree(&state.name);
}

bool
jmapd_account_busy(void)
{
	/* At the end store_free sees to it. */
	return !state.stopping && store_is_behind(state.store);
}

void
jmapd_account_stop(void)
{
	state.stopping = true;
}

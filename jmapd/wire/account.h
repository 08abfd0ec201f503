/* SPDX-License-Identifier: ISC */
/* The one account of this process, open from the first request for it on. */
#ifndef JMAPD_WIRE_ACCOUNT_H
#define JMAPD_WIRE_ACCOUNT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct ipc_pass;
struct store;
struct work_share;

/* ON_DROP is told before it is closed: what is open of it is to be closed then.
 */
void jmapd_account_init(
    struct store *store, const char *place, void (*on_drop)(void));
/* Open the account of PASS, if it is not; its quota is the one that PASS has.
 * -1: store_is_building says whether to try again in a moment. */
int jmapd_account_open(const struct ipc_pass *pass, struct err *err);
/* Of what is open. */
struct account *jmapd_account(void);
struct store *jmapd_account_store(void);
/* "alice@example.org", which is the id of the account as well. */
const char *jmapd_account_name(void);
struct work_share *jmapd_account_share(void);
/* It is no more: whoever comes next opens it again. */
void jmapd_account_drop(void);
/* Do names of files still have to follow flags? */
bool jmapd_account_busy(void);
void jmapd_account_stop(void);

#endif

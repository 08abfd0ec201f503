/* SPDX-License-Identifier: ISC */
/* Something of the account is shared with somebody no more: the register of who
 * shares with whom (shares/shares.h) is told what is left. */
#ifndef IMAPD_ACL_UNSHARE_H
#define IMAPD_ACL_UNSHARE_H

#include "base/slice.h"

struct acl_id;
struct session;

/* The line (shares/shares.h) of whom an entry for ID is about, in the command's
 * arena; empty: nobody but the owner. */
struct slice unshare_line(struct session *s, const struct acl_id *id);
/* Somebody is about to be given something, until the other is called: what is
 * left is not known meanwhile, nor what was found out with that between. */
void unshare_hold(void);
void unshare_release(void);
/* The command, which is done, is answered with OK and TEXT (it stays) when
 * master knows: names that nothing stands behind any more are dropped.  Where
 * that fails they stay, which shuts nobody out. */
void unshare_start(struct session *s, const char *text);

#endif

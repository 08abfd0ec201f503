/* SPDX-License-Identifier: ISC */
/* The register of who shares with whom (shares/shares.h), from the folders. */
#ifndef CTL_MAILBOX_SHARESANEW_H
#define CTL_MAILBOX_SHARESANEW_H

struct ctl;

/* Of WHO, as asowner_run has it; gives an exit status.  What was noted within
 * the last minute stays. */
int cmd_shares_anew(struct ctl *ctl, const char *who);

#endif

/* SPDX-License-Identifier: ISC */
/* What the messages of lib/ipc/sharing.def mean.
 *
 * master_sharing, by what:
 *   SHARING_VISIT   other is an address: FOUND, text a ticket for ipc_dial, if
 *                   that is an account which shares something with this one;
 *                   else ABSENT, whatever the reason
 *   SHARING_GRANT   this account shares something with other (a line of
 *                   shares/shares.h).  FOUND: that is on disk
 *   SHARING_ONLY    it shares with other (such lines, SHARES_MAX) and nobody
 *                   else, as was found from since_us (clock_wall_us) on
 *   SHARING_OWNERS  FOUND, text the addresses of those who share something
 *                   with this account, or once did, a line for each, in order:
 *                   some of those behind other; empty: there are no more */
#ifndef IPC_SHARING_H
#define IPC_SHARING_H

enum sharing_what {
	SHARING_VISIT,
	SHARING_GRANT,
	SHARING_ONLY,
	SHARING_OWNERS,
};

#endif

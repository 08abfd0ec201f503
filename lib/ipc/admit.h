/* SPDX-License-Identifier: ISC */
/*
 * Who may come in, and how often.  Whoever asks for a connection may have been
 * taken over, or be any user of the host: one process has one channel to
 * another, and those users few.
 */
#ifndef IPC_ADMIT_H
#define IPC_ADMIT_H

#include "ipc/ipc.h"

enum {
	IPC_CHANNELS_OF_UID = 4,    /* channels of one uid in ROLE_USER */
	IPC_CHANNELS_OF_USERS = 32, /* of all of them */
};

/* As ipc_accept, for a channel that master announced: ASKER, the process it
 * leads to, has no other one from then on (0: it is no daemon).  NULL and FD
 * closed when a user has too many. */
struct ipc *ipc_admit(
    int fd, enum role role, unsigned index, uid_t uid, uint32_t asker);
/* May UID have one more in ROLE_USER? */
bool ipc_admits_user(uid_t uid);
/* Frames of master's that could not be used, for there was no descriptor free
 * for what came along. */
unsigned ipc_crippled(void);

#endif

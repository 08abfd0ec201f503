/* SPDX-License-Identifier: ISC */
/* The owner is warned when his account is nearly full. */
#ifndef STORE_WARN_H
#define STORE_WARN_H

struct account;

/* What comes in by append brings the owner the message that it makes due.  The
 * same after message_copy; DONE is called when it is on disk, or there is
 * none. */
void account_warn(struct account *a, void (*done)(void *arg), void *arg);

#endif

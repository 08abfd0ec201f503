/* SPDX-License-Identifier: ISC */
/* Jobs: some recipients of a message handed to an agent, and what it says. */
#ifndef QMGR_RUN_DISPATCH_H
#define QMGR_RUN_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

struct dest;
struct ipc;
struct message;
struct msg;
struct rcpt;

void dispatch_init(void);
/* Hand N recipients of M to D's agent.  RCPTS (heap) is taken.  Each recipient
 * is settled and dest_done called when the agent has answered, never from
 * inside this call. */
void dispatch_start(
    struct dest *d, struct message *m, struct rcpt **rcpts, size_t n);
/* job_result */
void dispatch_on_result(struct ipc *peer, struct msg *m);
/* The recipient of PEER's JOB that still has no result; NULL: there is none. */
struct rcpt *dispatch_rcpt(
    const struct ipc *peer, uint64_t job, uint32_t recipient);
/* Jobs under way. */
size_t dispatch_count(void);

#endif

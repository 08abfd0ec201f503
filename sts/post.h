/* SPDX-License-Identifier: ISC */
/* TLS reports of reporter, posted by HTTPS (RFC 8460 5.4). */
#ifndef STS_POST_H
#define STS_POST_H

struct ipc;
struct msg;

void sts_post_start(void);
/* sts_part, sts_post */
void sts_post_on_part(struct ipc *peer, struct msg *m);
void sts_post_on_post(struct ipc *peer, struct msg *m);
/* What it has begun goes on, and nobody is told. */
void sts_post_on_gone(struct ipc *peer);

#endif

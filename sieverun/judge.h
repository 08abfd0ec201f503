/* SPDX-License-Identifier: ISC */
/* The scripts of a delivery, one after the other, and what comes of them. */
#ifndef SIEVERUN_JUDGE_H
#define SIEVERUN_JUDGE_H

struct msg;
struct msg_sieve_event;
struct task;

/* It is no delivery, but IN. */
void judge_event(struct task *t, const struct msg_sieve_event *in);
/* Run the administrator's scripts and the user's (its code is in T's pieces;
 * none: he has none) on T's message as M says, and tell who asked. */
void judge_run(struct task *t, const struct msg *m);

#endif

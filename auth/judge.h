/* SPDX-License-Identifier: ISC */
/*
 * Whose turn it is, and what comes of it: what failures cost (penalty.h), whose
 * password is hashed next (fair.h), and the passwords that were right a short
 * while ago (cache.h).
 */
#ifndef AUTH_JUDGE_H
#define AUTH_JUDGE_H

#include <stdint.h>

#include "base/err.h"

struct auth_check;

/* auth_conf is there. */
int judge_start(struct err *err);
/* auth_conf is new. */
void judge_configure(void);
void judge_stop(void);

/* What C is needs no hash: it counts as soon as its penalty is over. */
void judge_now(struct auth_check *c);
/* C's password is to be looked at, when it is its turn. */
void judge_password(struct auth_check *c);
/* C has WHILE_MS for its client's next word, then it is forgotten. */
void judge_await(struct auth_check *c, int64_t while_ms);
/* A new attempt: its callbacks are ours. */
void judge_init(struct auth_check *c);
/* Give work to workers that are free. */
void judge_next(void);

#endif

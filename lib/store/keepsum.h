/* SPDX-License-Identifier: ISC */
/*
 * How much of each day an account keeps (maildir/keptdir.h), in its index: Q
 * and the number of the day.  So a bound costs no look at files.  The sums are
 * counted anew when the index is; they may lag behind by what a killed process
 * did last, for they bound and decide nothing else.
 */
#ifndef STORE_KEEPSUM_H
#define STORE_KEEPSUM_H

#include <stdint.h>

#include "base/err.h"

struct kv_txn;

struct keepsum {
	uint64_t bytes;
	uint64_t messages;
	uint64_t modseq; /* changes of the day have numbers above; 0: unknown */
};

/* The number of the day that TIME_S is in. */
uint32_t keepsum_day(int64_t time_s);
/* ABSENT: *S is zero. */
enum found keepsum_get(
    struct kv_txn *t, uint32_t day, struct keepsum *s, struct err *err);
int keepsum_put(
    struct kv_txn *t, uint32_t day, const struct keepsum *s, struct err *err);
int keepsum_del(struct kv_txn *t, uint32_t day, struct err *err);
/* The first day from FROM on that has a sum. */
enum found keepsum_next(struct kv_txn *t, uint32_t from, uint32_t *day,
    struct keepsum *s, struct err *err);
int keepsum_total(struct kv_txn *t, struct keepsum *sum, struct err *err);
/* The day that DAY_S is in has lost BYTES and N messages. */
int keepsum_took(struct kv_txn *t, int64_t day_s, uint64_t bytes, uint64_t n,
    struct err *err);

#endif

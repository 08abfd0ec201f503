/* SPDX-License-Identifier: ISC */
/* The records of the table of reports (reporter/tally.h), for the two that work
 * with them: tally.c counts, tallied.c has what was counted. */
#ifndef REPORTER_TALLY_INNER_H
#define REPORTER_TALLY_INNER_H

#include "reporter/tally.h"

struct kv_env;
struct kv_txn;

enum {
	TALLY_DIGEST_BYTES = 16, /* of a row, in its key, */
	TALLY_GROUP_BYTES = 8,   /* and in them of its group */
	TALLY_KEY_BYTES = 10 + ADDRESS_DOMAIN_MAX + 1 + TALLY_DIGEST_BYTES,
	TALLY_ROOM = 4 << 20, /* of a transaction */
	TALLY_OVERHEAD = 64,  /* of an entry, about */
};

/* Under "C": the interval that is counted. */
struct tally_now {
	int64_t begin_s, end_s;
	uint64_t bytes; /* of all rows and reports */
};

/* Under 'E' and begin: where an interval was cut, of 8 bytes. */

/* Under 'P', begin, kind and domain; the text `about` is behind it. */
struct tally_head {
	int64_t end_s;
	uint64_t missed;
	uint32_t rows, state;
};

/* Under 'R', begin, kind, domain, NUL and digest; the row is behind it. */
struct tally_row {
	uint64_t count;
	uint64_t count_at;
};

struct tally_key {
	char bytes[TALLY_KEY_BYTES];
	size_t n;
};

struct slice tally_key_slice(const struct tally_key *k);
void tally_key_add(struct tally_key *k, const void *p, size_t n);
/* Of all at BEGIN_S. */
void tally_key_begin(struct tally_key *k, char what, int64_t begin_s);
void tally_key_init(struct tally_key *k, char what, int64_t begin_s,
    enum report_kind kind, struct slice domain);
/* Of all rows of a report: a domain has no NUL. */
void tally_key_rows(struct tally_key *k, int64_t begin_s, enum report_kind kind,
    struct slice domain);

/* Open. */
struct kv_env *tally_table(void);
/* -1, with what to say of it: the table is given up. */
int tally_damaged(struct kv_txn *txn, struct err *err);
int tally_get_now(struct kv_txn *txn, struct tally_now *now, struct err *err);
int tally_put_now(
    struct kv_txn *txn, const struct tally_now *now, struct err *err);
/* 1: it is there; 0: it is not; ABOUT as long as TXN. */
int tally_get_head(struct kv_txn *txn, struct slice key, struct tally_head *h,
    struct slice *about, struct err *err);
int tally_put_head(struct kv_txn *txn, struct slice key,
    const struct tally_head *h, struct slice about, struct err *err);
/* Of a row of N bytes. */
uint64_t tally_cost(size_t n);

#endif

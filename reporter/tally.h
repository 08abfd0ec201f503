/* SPDX-License-Identifier: ISC */
/*
 * What is to be reported, in a table on disk: for each domain that gets a
 * report, each kind of report and each interval its rows, each with a count.
 *
 * A commit survives the death of the process and not that of the host
 * (sys/kvstamp.h): then all of it is given up, so that no report is sent twice.
 * The states of a report: OPEN (it is counted, or waits to be sent) > SENDING,
 * before qmgr is given it > POSTING, where some get it by HTTPS, until they
 * have it > DONE, when all have answered, or when a SENDING was found at the
 * start > gone.
 */
#ifndef REPORTER_TALLY_H
#define REPORTER_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "ipc/reporter.h"
#include "proto/address.h"

struct tally_limits {
	int64_t interval_s;
	uint32_t rows; /* of a report */
	uint64_t room; /* bytes of all */
};

/* A message, or a session. */
struct tally_message {
	enum report_kind kind;
	struct slice domain;
	struct slice about; /* what the report says of its policy, and to whom
			       it goes; that of the last message counts */
	struct slice row;   /* what it has in common with others, */
	size_t count_at;    /* with room for their count there */
	size_t group;       /* rows that begin with the same so many bytes
			       follow each other in a report; 0: any order */
};

enum tally_state { TALLY_OPEN, TALLY_SENDING, TALLY_DONE, TALLY_POSTING };

struct tally_report {
	int64_t begin_s, end_s; /* end_s is no part of it */
	enum report_kind kind;
	char domain[ADDRESS_DOMAIN_MAX + 1];
	enum tally_state state;
	uint32_t rows;
	uint64_t missed; /* messages that had no room */
	struct slice about;
};

/* DIR is borrowed.  *LOST: there was something that could not be believed. */
int tally_open(int dir, const char *boot_id, bool *lost, struct err *err);
/* Synced, where all is well. */
void tally_close(void);
bool tally_is_open(void);

/* Count a message at NOW_S, between begin and commit.  *MISSED: it found no
 * room. */
int tally_begin(const struct tally_limits *limits, struct err *err);
int tally_add(const struct tally_message *m, int64_t now_s, bool *missed,
    struct err *err);
int tally_commit(struct err *err);
void tally_abort(void);

/* The report behind *R (zeroed: the first), which what is in A belongs to. */
enum found tallied_next(
    struct tally_report *r, struct arena *a, struct err *err);
/* Some of R's rows, those behind *AFTER (zeroed: the first); ABSENT: no more
 * are there. */
struct tally_after {
	char digest[16];
	bool some;
};
enum found tallied_rows(const struct tally_report *r, struct tally_after *after,
    size_t most,
    void (*each)(void *arg, struct slice row, size_t count_at, uint64_t count),
    void *arg, struct err *err);
/* R has STATE from now on, and ABOUT (NULL: as it was). */
int tallied_mark(const struct tally_report *r, enum tally_state state,
    const struct slice *about, struct err *err);
/* Remove R, of which at most MOST rows at a time; *GONE: all is. */
int tallied_forget(
    const struct tally_report *r, size_t most, bool *gone, struct err *err);
/* The interval ends here, whatever it was to be: what is counted from now on is
 * of the next, and *END_S the end of those that are counted.  It is one record,
 * however many reports there are. */
int tallied_cut(
    int64_t now_s, int64_t interval_s, int64_t *end_s, struct err *err);

#endif

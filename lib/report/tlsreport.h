/* SPDX-License-Identifier: ISC */
/*
 * The JSON of TLS reports (RFC 8460 4.4), written piece by piece: a row is made
 * when its session comes, and a report is what stands behind each other, with
 * the rows of a policy together.
 */
#ifndef REPORT_TLSREPORT_H
#define REPORT_TLSREPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct aggregate_about;

/* What a session was to be like, and was; empty: not known. */
struct tlsreport_row {
	const char *policy;   /* a type of RFC 8460 4.4 */
	struct slice strings; /* lines of the policy */
	struct slice domain;
	const char *result; /* a type of 4.3; NULL: it went well */
	struct slice sending_ip, mx_host, receiving_ip, reason;
};

/* *GROUP: bytes that rows of the same policy begin with.  *COUNT_AT: where in
 * OUT its count is to be put. */
void tlsreport_put_row(struct buf *out, const struct tlsreport_row *row,
    size_t *group, size_t *count_at);

/* Head, then each row, then foot. */
struct tlsreport {
	struct buf policy; /* of the last row; empty: none was there */
	uint64_t good, bad;
};
void tlsreport_head(
    struct tlsreport *t, const struct aggregate_about *about, struct buf *out);
void tlsreport_row(struct tlsreport *t, struct slice row, size_t count_at,
    uint64_t count, struct buf *out);
void tlsreport_foot(struct tlsreport *t, struct buf *out);

#endif

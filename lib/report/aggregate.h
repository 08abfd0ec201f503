/* SPDX-License-Identifier: ISC */
/*
 * DMARC aggregate reports (RFC 9990 3.1, and as RFC 7489 had them): written
 * piece by piece, so that a record is made when its message comes and a report
 * is what stands behind each other; and read, from strangers.
 */
#ifndef REPORT_AGGREGATE_H
#define REPORT_AGGREGATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	AGGREGATE_SIGNATURES = 8,       /* of a record, beyond that left out */
	AGGREGATE_TEXT_MAX = 1024,      /* of a value, beyond that cut off */
	AGGREGATE_RECORDS_MAX = 200000, /* that are read */
};

/* Who reports, when, of which policy.  Empty: left out, or not said. */
struct aggregate_about {
	struct slice organization, email, contact, id;
	int64_t begin_s, end_s; /* both belong to it */
	struct slice error, generator;
	struct slice domain; /* where the record stands */
	struct slice p, sp, np, adkim, aspf, testing, fo;
};

struct aggregate_auth {
	struct slice domain;
	struct slice selector; /* of DKIM */
	struct slice scope;    /* of SPF: mfrom or helo */
	struct slice result;
};

struct aggregate_record {
	struct slice source;
	uint64_t count;
	struct slice disposition;     /* none, pass, quarantine, reject */
	struct slice dkim, spf;       /* pass: and aligned; else fail */
	struct slice reason, comment; /* why it is not what the policy says */
	struct slice header_from, envelope_from, envelope_to;
	struct aggregate_auth signatures[AGGREGATE_SIGNATURES];
	size_t nsignatures;
	struct aggregate_auth sender;
};

/* Write: head, then each record, then foot. */
void aggregate_put_head(struct buf *out, const struct aggregate_about *about);
/* *COUNT_AT: where in OUT its count is to be put, which is left out. */
void aggregate_put_record(
    struct buf *out, const struct aggregate_record *r, size_t *count_at);
void aggregate_put_foot(struct buf *out);

/* Read XML.  ON_RECORD gets each record with what is known of the report up to
 * there; slices are gone when it returns, or this.  ERR_PERM: it is no report.
 */
struct aggregate_reader {
	void (*on_record)(
	    struct aggregate_reader *r, const struct aggregate_record *record);
	void (*on_end)(struct aggregate_reader *r);
	struct aggregate_about about;
};
int aggregate_read(
    struct aggregate_reader *r, struct slice xml, struct err *err);

#endif

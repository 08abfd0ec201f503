/* SPDX-License-Identifier: ISC */
#include "reporter/form.h"

#include "report/aggregate.h"
#include "report/tlsreport.h"

static struct tlsreport tls;

static void
dmarc_row(struct buf *out, struct slice row, size_t count_at, uint64_t count)
{
	buf_add(out, slice_sub(row, 0, count_at));
	buf_addu(out, count);
	buf_add(out, slice_from(row, count_at));
}

static void
tls_head(struct buf *out, const struct aggregate_about *about)
{
	buf_fini(&tls.policy); /* of one that was given up */
	tlsreport_head(&tls, about, out);
}

static void
tls_row(struct buf *out, struct slice row, size_t count_at, uint64_t count)
{
	tlsreport_row(&tls, row, count_at, count, out);
}

static void
tls_foot(struct buf *out)
{
	tlsreport_foot(&tls, out);
}

const struct form *
form_of(enum report_kind kind)
{
	static const struct form forms[REPORT_KIND_COUNT] = {
		[REPORT_OF_DMARC] = { aggregate_put_head, dmarc_row,
		    aggregate_put_foot },
		[REPORT_OF_TLS] = { tls_head, tls_row, tls_foot },
	};

	return &forms[kind];
}

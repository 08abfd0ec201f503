/* SPDX-License-Identifier: ISC */
/* Whatever a file holds that came as a report: reading it ends, and what is
 * kept of it is bounded. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "report/aggregate.h"
#include "report/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { UNPACKED_MAX = 1 << 20 };

static void
on_record(struct aggregate_reader *r, const struct aggregate_record *record)
{
	struct aggregate_record again = *record;
	struct buf out = { .max = 1 << 20 };
	size_t at;

	must(record->source.n > 0 && record->source.n <= AGGREGATE_TEXT_MAX);
	must(record->nsignatures <= AGGREGATE_SIGNATURES);
	must(r->about.domain.n <= AGGREGATE_TEXT_MAX);
	aggregate_put_record(&out, &again, &at);
	must(!out.failed && at < out.n);
	buf_fini(&out);
}

static void
on_end(struct aggregate_reader *r)
{
	must(r->about.domain.n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aggregate_reader r = { .on_record = on_record,
		.on_end = on_end };
	struct buf text = { .max = UNPACKED_MAX };
	struct err err;

	if (packed_open(slice_of(data, size), &text, &err) == 0)
		(void)aggregate_read(&r, buf_slice(&text), &err);
	must(text.n <= UNPACKED_MAX);
	buf_fini(&text);
	return 0;
}

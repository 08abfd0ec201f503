/* SPDX-License-Identifier: ISC */
/* An envelope that is read is written again as a block that reads the same.
 * The checksum is put right first, or the fuzzer would see nothing but it. */
#include <stddef.h>
#include <stdint.h>

#include "base/crc32c.h"
#include "base/must.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"
#include "queue/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_envelope(struct slice text, enum envelope_from from)
{
	struct arena arena;
	struct envelope env, again;
	struct buf once, twice;
	size_t len;

	arena_init(&arena);
	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	if (envelope_parse(text, from, &arena, &env, &len, NULL) == 0) {
		must(len <= text.n);
		envelope_format(&env, &once);
		must(envelope_parse(buf_slice(&once), from, &arena, &again,
			 &len, NULL) == 0);
		must(len == once.n);
		envelope_format(&again, &twice);
		must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	}
	buf_fini(&once);
	buf_fini(&twice);
	arena_fini(&arena);
}

static void
check_job(struct slice text)
{
	struct arena arena;
	struct job_rcpt r, again;

	arena_init(&arena);
	while (job_rcpt_parse(&text, &arena, &r)) {
		struct buf line;
		struct slice rest;

		buf_init(&line, 1 << 20);
		job_rcpt_format(&r, &line);
		rest = buf_slice(&line);
		must(job_rcpt_parse(&rest, &arena, &again));
		must(rest.n == 0 && again.number == r.number);
		must(slice_eq(r.address, again.address));
		must(slice_eq(r.target, again.target));
		buf_fini(&line);
	}
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf block;

	if (size > 1 << 17)
		return 0;
	buf_init(&block, 1 << 18);
	buf_adds(&block, "pabal-queue 1\n");
	buf_add(&block, slice_of(data, size));
	if (size > 0 && data[size - 1] != '\n')
		buf_addc(&block, '\n');
	buf_addf(&block, "end %08x\n", crc32c(0, buf_slice(&block)));
	check_envelope(buf_slice(&block), ENVELOPE_FROM_SMTPD);
	check_envelope(buf_slice(&block), ENVELOPE_FROM_QMGR);
	check_envelope(slice_of(data, size), ENVELOPE_FROM_QMGR);
	check_job(slice_of(data, size));
	buf_fini(&block);
	return 0;
}

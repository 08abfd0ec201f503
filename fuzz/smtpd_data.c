/* SPDX-License-Identifier: ISC */
/* The DATA scanner against a slow reading of the rules, however the input is
 * cut: the same bytes, the same faults, the same end. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "smtpd/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	struct smtpd_scan scan;
	struct buf out;
	size_t taken;
};

static void
on_bytes(struct smtpd_scan *sc, struct slice bytes)
{
	buf_add(&OUTER(sc, struct result, scan)->out, bytes);
}

static void
on_header(struct smtpd_scan *sc)
{
	must(sc->in_body);
}

/* CUT: bytes that come at once; 0: all. */
static void
run(struct result *r, struct slice in, unsigned how, size_t cut)
{
	size_t have = 0;

	*r = (struct result){ .out = { .max = 1 << 20 } };
	smtpd_scan_init(&r->scan, on_bytes, on_header);
	r->scan.normalise = (how & 1) != 0;
	r->scan.strip_bcc = (how & 2) != 0;
	r->scan.line_max = (how & 4) != 0 ? 30 : 0;
	r->scan.counted = (how & 8) != 0;
	while (have < in.n && !r->scan.ended) {
		have += cut == 0 || in.n - have < cut ? in.n - have : cut;
		r->taken += smtpd_scan(
		    &r->scan, slice_sub(in, r->taken, have - r->taken));
		must(r->taken <= have);
		must(r->scan.ended || have - r->taken < SMTPD_SCAN_HELD_MAX);
	}
	if (r->scan.counted) {
		smtpd_scan_end(&r->scan, slice_from(in, r->taken));
		r->taken = in.n;
	}
	must(r->scan.size == (int64_t)r->out.n);
}

/* Where the message ends by the letter of RFC 5321; 0: nowhere. */
static size_t
end_of(struct slice in)
{
	if (slice_starts(in, SLICE(".\r\n")))
		return 3;
	const size_t at = slice_search(in, SLICE("\r\n.\r\n"));

	return at < in.n ? at + 5 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned how = size > 0 ? data[0] : 0;
	const size_t cut = size > 1 ? data[1] % 40 + 1U : 1;
	const struct slice in = slice_from(slice_of(data, size), 2);
	const size_t end = (how & 8) != 0 ? in.n : end_of(in);
	struct result whole, pieces;

	run(&whole, in, how, 0);
	run(&pieces, in, how, cut);
	must(whole.scan.ended == pieces.scan.ended);
	must(whole.scan.ended == (end > 0 || whole.scan.counted));
	if (whole.scan.ended) {
		must(whole.taken == end && pieces.taken == end);
		must(whole.scan.faults == pieces.scan.faults);
		must(slice_eq(buf_slice(&whole.out), buf_slice(&pieces.out)));
		must(whole.scan.received == pieces.scan.received);
		must(whole.scan.fields == pieces.scan.fields);
		must(slice_eq(smtpd_msgid_text(&whole.scan.id),
		    smtpd_msgid_text(&pieces.scan.id)));
	}
	/* What is normalised has no line end but CRLF. */
	for (size_t i = 0; (how & 1) != 0 && i < whole.out.n; i++)
		if (whole.out.p[i] == '\n')
			must(i > 0 && whole.out.p[i - 1] == '\r');
	buf_fini(&whole.out);
	buf_fini(&pieces.out);
	return 0;
}

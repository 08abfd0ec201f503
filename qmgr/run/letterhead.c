/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letterhead.h"

#include "base/buf.h"
#include "mime/date.h"
#include "qmgr/conf.h"
#include "sys/clock.h"

void
letterhead_put(struct buf *out, const char *id)
{
	const struct date now = { .time_s = clock_wall_s() };

	buf_addf(out, "Received: by %s (pabal sieve) id %s; ",
	    qmgr_conf->shared.hostname, id);
	date_put(out, &now);
	buf_adds(out, "\r\n");
}

unsigned
letterhead_hops(struct slice head)
{
	unsigned n = 0;

	while (head.n > 0) {
		const struct slice line =
		    slice_trim(slice_cut(head, '\n', &head));

		if (line.n == 0)
			break;
		n += slice_istarts(line, SLICE("Received:"));
	}
	return n;
}

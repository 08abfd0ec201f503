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

static void
end_line(struct letterhead_hops *h)
{
	const struct slice field = SLICE("Received:");
	const size_t n = h->at < sizeof h->line ? h->at : sizeof h->line;

	h->over = h->at == 0;
	h->n += slice_istarts(slice_of(h->line, n), field);
	h->at = 0;
}

unsigned
letterhead_count(struct letterhead_hops *h, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n && !h->over; i++) {
		const char c = bytes.p[i];

		if (c == '\n') {
			end_line(h);
			continue;
		}
		if (c == '\r')
			continue;
		if (h->at < sizeof h->line)
			h->line[h->at] = c;
		h->at++;
	}
	return h->n;
}

unsigned
letterhead_hops(struct slice head)
{
	struct letterhead_hops h = { 0 };

	(void)letterhead_count(&h, head);
	return letterhead_count(&h, SLICE("\n"));
}

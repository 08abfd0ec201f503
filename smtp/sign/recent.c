/* SPDX-License-Identifier: ISC */
#include "smtp/sign/recent.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "queue/envelope.h"

enum { RECENT = 64, KEEP_MS = 10 * 60 * 1000 };

static struct {
	struct {
		char qid[ENVELOPE_ID_BYTES];
		uint32_t crc;
		unsigned generation;
		int64_t until_ms;
		char *fields;
	} v[RECENT];
	size_t next;
} recent;

void
smtp_recent_put(
    struct slice qid, uint32_t crc, unsigned generation, struct slice fields)
{
	const size_t i = recent.next;

	recent.next = (i + 1) % RECENT;
	free(recent.v[i].fields);
	recent.v[i].fields = xslicedup(fields);
	recent.v[i].crc = crc;
	recent.v[i].generation = generation;
	recent.v[i].until_ms = ev_now_ms() + KEEP_MS;
	if (!slice_copy(qid, recent.v[i].qid, sizeof recent.v[i].qid))
		recent.v[i].qid[0] = '\0';
}

bool
smtp_recent_find(
    struct slice qid, uint32_t crc, unsigned generation, struct buf *out)
{
	for (size_t i = 0; i < RECENT; i++) {
		if (recent.v[i].fields == NULL || recent.v[i].crc != crc ||
		    recent.v[i].generation != generation ||
		    recent.v[i].until_ms < ev_now_ms() ||
		    !slice_is(qid, recent.v[i].qid))
			continue;
		buf_adds(out, recent.v[i].fields);
		return true;
	}
	return false;
}

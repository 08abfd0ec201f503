/* SPDX-License-Identifier: ISC */
#include "qmgr/run/source.h"

#include "base/buf.h"
#include "base/map.h"
#include "qmgr/queue/message.h"
#include "table/source.h"

/* One address of each family: retried, a message goes from the same ones, as
 * hosts that know it by these (greylisting) expect. */
struct slice
source_of_rcpt(struct rcpt *r, struct slice all)
{
	struct message *m = r->message;
	struct buf text = { .max = SOURCE_TEXT_MAX };
	struct sources sources;
	struct slice s = SLICE("");

	if (all.n == 0 || source_parse(all, &sources, NULL) == -1)
		return s;
	source_choose(&sources, map_hash_fixed(slice_str(m->entry->id)), &text);
	if (r->number > 0 &&
	    slice_eq(m->rcpts[r->number - 1]->source, buf_slice(&text)))
		s = m->rcpts[r->number - 1]->source;
	else
		s = arena_slice(&m->arena, buf_slice(&text));
	buf_fini(&text);
	return s;
}

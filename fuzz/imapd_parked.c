/* SPDX-License-Identifier: ISC */
/* What parking gives back of a session: the state, and the view in it. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "imapd/park/state.h"
#include "store/view.h"
#include "store/view_save.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_view(struct slice text)
{
	struct view *v = view_restore(NULL, 0, text);
	uint32_t last = 0;

	if (v == NULL)
		return;
	for (uint32_t i = 1; i <= view_count(v) && i <= 1000; i++) {
		must(view_uid(v, i) > last);
		last = view_uid(v, i);
		must(view_seq(v, last) == i);
	}
	(void)view_recents(v);
	view_close(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct park_state p, q;
	struct buf again;

	check_view(slice_of(data, size));
	if (!park_state_get(slice_of(data, size), &p))
		return 0;
	check_view(p.view);
	buf_init(&again, SIZE_MAX / 2);
	park_state_put(&p, &again);
	must(park_state_get(buf_slice(&again), &q));
	must(slice_eq(p.view, q.view) && slice_eq(p.deflate, q.deflate));
	buf_fini(&again);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Whatever a domain publishes, a policy has what it must have, its patterns
 * match what they name, and its record's id is one. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "proto/mtasts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_patterns(struct slice mx)
{
	const struct slice all = mx;

	while (mx.n > 0) {
		const struct slice one = slice_cut(mx, ' ', &mx);

		must(one.n > 0);
		if (one.p[0] != '*')
			must(mtasts_matches(all, one));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	struct buf mx = { .max = MTASTS_MX_MAX };
	struct mtasts_policy p;
	struct slice id;

	if (mtasts_parse(text, &p, &mx, NULL) == 0) {
		must(p.mode <= MTASTS_ENFORCE);
		must(p.max_age_s >= 0 && p.max_age_s <= MTASTS_AGE_MAX);
		must(p.mode == MTASTS_NONE || mx.n > 0);
		check_patterns(buf_slice(&mx));
	}
	if (mtasts_is_record(text) && mtasts_record_id(text, &id))
		must(id.n > 0 && id.n <= MTASTS_ID_MAX);
	buf_fini(&mx);
	return 0;
}

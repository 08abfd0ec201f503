/* SPDX-License-Identifier: ISC */
/* What a client may ask to hear of: NOTIFY SET's groups. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "imapd/conf.h"
#include "imapd/notify/groups.h"
#include "imapd/parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct imapd_conf conf;
	struct notify_groups g;
	struct arena arena;
	struct parse p;

	imapd_conf = &conf;
	arena_init(&arena);
	p = parse_of(slice_of(data, size), &arena);
	if (groups_parse(&p, &g)) {
		must(parse_ok(&p));
	} else if (!parse_end(&p)) {
		must(p.why != NULL);
	} else {
		must(g.n <= NOTIFY_GROUPS_MAX);
		must((g.selected & ~(unsigned)EVENTS_MESSAGE) == 0);
		(void)groups_events(&g, SLICE("INBOX"), true);
		for (size_t i = 0; i < g.n; i++)
			must(g.v[i].n == 0 ||
			     groups_events(&g, g.v[i].names[0], false) ==
				 g.v[i].events ||
			     i > 0);
	}
	/* 64 KiB stand for the tables that are made whole. */
	must(arena.used_bytes <= 400 * size + (64 << 10));
	arena_fini(&arena);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Address lists: bounded, groups in pairs, mailboxes complete. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/must.h"
#include "mime/addrlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrlist_item *a;
	struct arena arena;
	size_t n = 0;
	int open = 0;

	arena_init(&arena);
	a = addrlist_parse(&arena, slice_of(data, size), 50);
	for (; a != NULL; a = a->next) {
		n++;
		open += a->kind == ADDRLIST_GROUP;
		open -= a->kind == ADDRLIST_GROUP_END;
		must(open == 0 || open == 1);
		if (a->kind == ADDRLIST_MAILBOX)
			must(a->mailbox.p != NULL && a->host.p != NULL);
	}
	must(open == 0 && n <= 51);
	arena_fini(&arena);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "imapd/message/threadid.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "mime/header.h"

enum { ID_MAX = 998 };

/* The first id in VALUE, without its brackets and what folding put into it. */
static bool
first_id(struct slice value, struct buf *id)
{
	const size_t from = slice_find(value, '<');
	const struct slice rest = slice_from(value, from + 1);
	const size_t n = slice_find(rest, '>');

	buf_reset(id);
	if (n == rest.n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (rest.p[i] > ' ' || rest.p[i] < 0)
			buf_addc(id, rest.p[i]);
	return id->n > 0 && !id->failed;
}

uint64_t
threadid_of(struct slice header, uint64_t email_id)
{
	static const char *const fields[] = { "References", "In-Reply-To",
		"Message-ID" };
	struct slice found[ARRAY_LEN(fields)] = { { NULL, 0 } };
	struct slice rest = header;
	struct header_field f;
	uint64_t hash = email_id;
	struct buf id;

	while (header_next(&rest, &f))
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			if (found[i].p == NULL && slice_iis(f.name, fields[i]))
				found[i] = f.value;
	buf_init(&id, ID_MAX);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (first_id(found[i], &id)) {
			hash = map_hash_fixed(buf_slice(&id));
			break;
		}
	buf_fini(&id);
	return hash != 0 ? hash : THREADID_NONE;
}

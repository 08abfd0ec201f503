/* SPDX-License-Identifier: ISC */
#include "mailread/threadid.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "mime/fields.h"
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

enum { FIELDS = 3 };

static const char *const names[FIELDS] = { "References", "In-Reply-To",
	"Message-ID" };

/* VALUES are those of the fields, p == NULL where there is none. */
static uint64_t
id_of(const struct slice values[FIELDS], uint64_t email_id)
{
	uint64_t hash = email_id;
	struct buf id;

	buf_init(&id, ID_MAX);
	for (size_t i = 0; i < FIELDS; i++)
		if (first_id(values[i], &id)) {
			hash = map_hash_fixed(buf_slice(&id));
			break;
		}
	buf_fini(&id);
	return hash != 0 ? hash : THREADID_NONE;
}

uint64_t
threadid_of(struct slice header, uint64_t email_id)
{
	struct slice found[FIELDS] = { { NULL, 0 } };
	struct slice rest = header;
	struct header_field f;

	while (header_next(&rest, &f))
		for (size_t i = 0; i < FIELDS; i++)
			if (found[i].p == NULL && slice_iis(f.name, names[i]))
				found[i] = f.value;
	return id_of(found, email_id);
}

bool
threadid_of_kept(struct slice fields, uint64_t email_id, uint64_t *id)
{
	struct slice found[FIELDS];

	/* 0x80 may have been NUL, which is no part of an id. */
	for (size_t i = 0; i < FIELDS; i++)
		if (!mime_fields_first(fields,
			mime_fields_id(slice_str(names[i])), &found[i]) ||
		    slice_find(found[i], '\x80') < found[i].n)
			return false;
	*id = id_of(found, email_id);
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "script/author.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/header.h"
#include "sieve/address.h"

enum { FIELD_MAX = 4096 };

/* Of what kind are the fields that only others write? */
static bool
is_named(struct slice name)
{
	static const char *const names[] = { "Sender", "Resent-From",
		"Resent-Sender", "Received", "DKIM-Signature",
		"Authentication-Results" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(name, names[i]))
			return true;
	return false;
}

static bool
take_from(struct arena *a, struct slice value, struct slice *address)
{
	struct buf text = { .max = FIELD_MAX };
	bool ok;

	if (value.n > FIELD_MAX)
		return false;
	header_unfold(&text, value);
	ok = !text.failed &&
	     sieve_address_parse(a, buf_slice(&text), true, address);
	buf_fini(&text);
	return ok;
}

/* One header, of which nobody can read another's beginning into it: its end is
 * where HEAD ends, and each line ends as lines do. */
static bool
is_whole(struct slice head)
{
	if (!slice_ends(head, SLICE("\r\n\r\n")))
		return false;
	for (size_t i = 0; i < head.n; i++)
		if (head.p[i] == '\0' ||
		    (head.p[i] == '\r') !=
			(i + 1 < head.n && head.p[i + 1] == '\n'))
			return false;
	return true;
}

bool
author_find(struct arena *a, struct slice head, struct slice *address)
{
	struct header_field f;
	unsigned n = 0;

	if (!is_whole(head))
		return false;
	while (header_next(&head, &f)) {
		if (is_named(f.name))
			return false;
		if (!slice_iis(f.name, "From"))
			continue;
		if (++n > 1 || !take_from(a, f.value, address))
			return false;
	}
	return n == 1 && head.n == 0;
}

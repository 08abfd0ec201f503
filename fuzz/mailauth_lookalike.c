/* SPDX-License-Identifier: ISC */
/* Whatever From holds: it ends, its reasons are bounded, the words of each are
 * printable ASCII, and of an author of ours it never says that he looks like
 * one. */
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/must.h"
#include "conf/values.h"
#include "mailauth/lookalike.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHY_MAX = 400 };

static void
check(struct slice why)
{
	const struct slice words = lookalike_words(why);

	must(why.n <= WHY_MAX);
	must((words.n > 0) == (why.n > 0));
	for (size_t i = 0; i < words.n; i++)
		must(ascii_isprint(words.p[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *names[] = { "ours.example", "cdb:others",
		"xn--grn-ioa.example" };
	static const struct conf_list own = { .v = names, .n = 3 };
	struct buf header = { .max = size + 200 };
	struct lookalike found;
	struct arena a;

	arena_init(&a);
	lookalike_find(slice_of(data, size), &own, &a, &found);
	buf_adds(&header, "From: ");
	buf_add(&header, slice_of(data, size));
	buf_adds(&header, "\r\n");
	lookalike_find(buf_slice(&header), &own, &a, &found);
	check(found.own);
	check(found.other);
	check(found.disguised);
	/* as the name of one of ours */
	buf_reset(&header);
	buf_adds(&header, "From: \"");
	for (size_t i = 0; i < size; i++)
		if (data[i] != '"' && data[i] != '\\' && data[i] != '\r' &&
		    data[i] != '\n' && data[i] != '\0')
			buf_addc(&header, (char)data[i]);
	buf_adds(&header, "\" <x@mail.ours.example>\r\n");
	lookalike_find(buf_slice(&header), &own, &a, &found);
	must(found.own.n == 0);
	buf_fini(&header);
	arena_fini(&a);
	return 0;
}

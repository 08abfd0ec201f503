/* SPDX-License-Identifier: ISC */
/* Whatever values a field is written of, it is one field, it is known to be of
 * its id, and what follows the id are results that we wrote. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "mailauth/authres.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ";" outside of quotes. */
static size_t
count_results(struct slice s)
{
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			n += s.p[i] == ';';
		else
			must(s.p[i] != '\r' && s.p[i] != '\n');
	}
	must(!quoted);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = slice_of(data, size), id = SLICE("mx.example");
	struct slice rest, head;
	const struct slice one = slice_cut(all, '\n', &rest);
	struct buf out = { .max = 1u << 20 };
	struct header_field f;
	struct authres r;

	(void)authres_is_of(all, id);
	authres_begin(&r, &out, id);
	authres_result(&r, "spf", "pass");
	authres_reason(&r, all);
	authres_property(&r, "smtp.mailfrom", one);
	authres_property(&r, "smtp.helo", rest);
	authres_end(&r);
	must(!out.failed && count_results(buf_slice(&out)) == 1);
	head = buf_slice(&out);
	must(header_next(&head, &f) && head.n == 0);
	must(authres_is_of(f.value, id));
	must(!authres_is_of(f.value, SLICE("mail.example")));
	buf_fini(&out);
	return 0;
}

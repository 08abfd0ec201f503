/* SPDX-License-Identifier: ISC */
/* Whatever stands in a record: what is read as an https URI is put together to
 * the same bytes, and has nothing that could end a line or a host's name. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "proto/weburi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	struct weburi u;

	if (!weburi_parse(text, &u))
		return 0;
	must(text.n <= WEBURI_MAX && u.host.n > 2);
	must(u.host.p == text.p + 8);
	must(u.path.n == 0 || u.path.p + u.path.n == text.p + text.n);
	must(memchr(u.host.p, ':', u.host.n) == NULL);
	for (size_t i = 0; i < text.n; i++)
		must(text.p[i] > 0x20 && text.p[i] < 0x7f && text.p[i] != '"' &&
		     text.p[i] != '\\' && text.p[i] != '#');
	return 0;
}

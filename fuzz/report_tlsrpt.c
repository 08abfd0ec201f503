/* SPDX-License-Identifier: ISC */
/* Whatever stands in a TXT record: what is read of it lies within it, and has
 * nothing that could end a line. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "report/tlsrpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice txt = slice_of(data, size);
	struct slice rua;

	if (!tlsrpt_parse(txt, &rua))
		return 0;
	must(tlsrpt_is_record(txt));
	must(rua.n > 0 && rua.p > txt.p && rua.p + rua.n <= txt.p + txt.n);
	for (size_t i = 0; i < rua.n; i++) {
		const unsigned char c = (unsigned char)rua.p[i];

		must((c >= 0x20 || c == '\t') && c < 0x7f && c != ';');
	}
	return 0;
}

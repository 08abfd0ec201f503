/* SPDX-License-Identifier: ISC */
/* Whatever is read as a path is canonical: it reads again as itself and holds
 * no byte that could end a line or a header. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "proto/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned allow = size > 0 ? data[0] & 15U : 0;
	struct cur c = cur_of(slice_of(data, size));
	struct buf once, twice;

	buf_init(&once, ADDRESS_MAX);
	buf_init(&twice, ADDRESS_MAX);
	(void)cur_byte(&c);
	address_path(&c, allow, &once);
	for (size_t i = 0; i < once.n; i++)
		must((unsigned char)once.p[i] >= 0x20 && once.p[i] != 0x7f);
	if (cur_ok(&c) && once.n > 0) {
		must(address_parse(buf_slice(&once), allow, &twice));
		must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	}
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}

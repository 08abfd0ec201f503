/* SPDX-License-Identifier: ISC */
/* An ASCII form is its own ASCII form, holds nothing beyond ASCII, and no
 * control character that the domain did not hold. */
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/must.h"
#include "proto/address.h"
#include "proto/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice domain = slice_of(data, size);
	struct buf once, twice;

	buf_init(&once, ADDRESS_MAX);
	buf_init(&twice, ADDRESS_MAX);
	if (size > 0 && data[0] != '[' && domain_to_ascii(domain, &once)) {
		for (size_t i = 0; i < once.n; i++) {
			must((unsigned char)once.p[i] < 0x80);
			must(ascii_isprint(once.p[i]) ||
			     slice_find(domain, once.p[i]) < domain.n);
		}
		must(domain_to_ascii(buf_slice(&once), &twice));
		must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	}
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Whatever a file holds that came as a TLS report: reading it ends, and what is
 * kept of it is bounded. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "report/packed.h"
#include "report/tlsread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { UNPACKED_MAX = 1 << 20 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { .max = UNPACKED_MAX };
	struct tlsread r;
	struct err err;

	if (packed_open(slice_of(data, size), &text, &err) == 0 &&
	    tlsread(&r, buf_slice(&text), &err) == 0) {
		must(r.n <= TLSREAD_ROWS_MAX && r.id.n > 0);
		for (size_t i = 0; i < r.n; i++) {
			must(r.rows[i].domain.n > 0);
			must(r.rows[i].domain.n <= TLSREAD_TEXT_MAX);
			must(r.rows[i].sessions > 0);
		}
		tlsread_fini(&r);
	}
	must(text.n <= UNPACKED_MAX);
	buf_fini(&text);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Whatever is taken back is an address, and only what was made is taken back;
 * what can be made, leads back. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "proto/address.h"
#include "srs/srs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_address(struct slice s)
{
	struct buf again = { .max = ADDRESS_MAX };

	must(address_parse(s, ADDRESS_UTF8, &again));
	must(slice_eq(buf_slice(&again), s));
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice secret = SLICE("secret"), all = slice_of(data, size);
	const int64_t now_s = 1796108167;
	struct buf sender = { .max = ADDRESS_MAX };
	struct buf made = { .max = ADDRESS_MAX }, back = { .max = ADDRESS_MAX };

	if (srs_reverse(all, &secret, 1, now_s, &back) == SRS_DONE)
		check_address(buf_slice(&back));
	buf_reset(&back);
	if (address_parse(all, ADDRESS_UTF8, &sender) &&
	    srs_forward(buf_slice(&sender), SLICE("o.example"), secret, now_s,
		&made) == SRS_DONE) {
		check_address(buf_slice(&made));
		must(srs_is(buf_slice(&made)));
		must(srs_reverse(buf_slice(&made), &secret, 1, now_s, &back) ==
		     SRS_DONE);
		check_address(buf_slice(&back));
	}
	buf_fini(&sender);
	buf_fini(&made);
	buf_fini(&back);
	return 0;
}

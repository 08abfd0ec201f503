/* SPDX-License-Identifier: ISC */
/* A header with other addresses: where nothing is to be replaced no byte
 * changes, a second walk finds nothing more to do, and it grows by no more than
 * what was put in. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "proto/address.h"
#include "smtpd/rewrite/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ADDED_MAX = 64 }; /* by an address: it, a fold, blanks before comments */

static const struct slice new_address = SLICE("new@example.org");

static struct slice
nothing(struct smtpd_fields *f, const struct smtpd_mailbox *m)
{
	(void)f;
	must(m->address.n > 2 && m->address.n <= ADDRESS_MAX);
	return SLICE("");
}

static struct slice
all(struct smtpd_fields *f, const struct smtpd_mailbox *m)
{
	(void)f;
	(void)m;
	return new_address;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice header = slice_of(data, size);
	struct smtpd_fields f = { .becomes = nothing };
	struct buf same = { .max = SMTPD_HEADER_MADE_MAX };
	struct buf made = { .max = SMTPD_HEADER_MADE_MAX };
	struct buf again = { .max = SMTPD_HEADER_MADE_MAX };

	if (size > SMTPD_HEADER_MAX)
		return 0;
	f.out = &same;
	if (smtpd_fields_walk(&f, header)) {
		must(slice_eq(buf_slice(&same), header) && f.changed == 0);
		f.becomes = all;
		f.out = &made;
		must(smtpd_fields_walk(&f, header));
		must(made.n <= 2 * size + f.changed * ADDED_MAX);
		f.out = &again;
		f.changed = 0;
		must(smtpd_fields_walk(&f, buf_slice(&made)));
		must(f.changed == 0);
		must(slice_eq(buf_slice(&again), buf_slice(&made)));
	}
	buf_fini(&same);
	buf_fini(&made);
	buf_fini(&again);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "proto/ulabel.h"

#include <idn2.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "proto/address.h"

static bool
has_a_label(struct slice domain)
{
	while (domain.n > 0)
		if (slice_istarts(
			slice_cut(domain, '.', &domain), SLICE("xn--")))
			return true;
	return false;
}

void
ulabel_put(struct slice domain, struct buf *out)
{
	const size_t from = out->n;
	char text[ADDRESS_DOMAIN_MAX + 1];
	char *found = NULL;

	for (size_t i = 0; i < domain.n; i++)
		buf_addc(out, ascii_lower(domain.p[i]));
	if (has_a_label(domain) &&
	    slice_copy(slice_from(buf_slice(out), from), text, sizeof text) &&
	    idn2_to_unicode_8z8z(text, &found, 0) == IDN2_OK) {
		buf_truncate(out, from);
		buf_adds(out, found);
	}
	idn2_free(found);
}

/* SPDX-License-Identifier: ISC */
#include "smtp/session/words.h"

#include "base/buf.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtp/session/dialog.h"

void
smtp_add_param(struct smtp_session *s, const char *name, struct slice value)
{
	if (value.n == 0 || value.n > 500)
		return;
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
			return;
	stream_printf(&s->stream, " %s=%.*s", name, SLICE_FMT(value));
}

void
smtp_add_path(struct smtp_session *s, const char *verb, struct slice address)
{
	struct buf out = { .max = ADDRESS_MAX };

	if (!s->utf8 && domain_address_to_ascii(address, &out))
		address = buf_slice(&out);
	stream_printf(&s->stream, "%s:<%.*s>", verb, SLICE_FMT(address));
	buf_fini(&out);
}

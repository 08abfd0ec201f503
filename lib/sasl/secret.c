/* SPDX-License-Identifier: ISC */
#include "sasl/secret.h"

#include <string.h>

void
secret_init(struct buf *b, size_t max)
{
	buf_init(b, max);
	(void)buf_room(b, max);
}

void
secret_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_reset(b);
}

void
secret_fini(struct buf *b)
{
	secret_wipe(b);
	buf_fini(b);
}

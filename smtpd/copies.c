/* SPDX-License-Identifier: ISC */
#include "smtpd/copies.h"

#include <stddef.h>

#include "base/arena.h"
#include "smtpd/transaction.h"

struct slice
smtpd_copies_keep(struct smtpd_mail *mail, struct slice addresses)
{
	const struct smtpd_copies *c = mail->copies;

	return c != NULL && slice_eq(c->addresses, addresses)
		   ? c->addresses
		   : arena_slice(&mail->arena, addresses);
}

void
smtpd_copies_add(struct smtpd_mail *mail, struct slice addresses)
{
	struct smtpd_copies *c = mail->copies;

	if (addresses.n == 0 ||
	    (c != NULL && slice_eq(c->addresses, addresses)))
		return;
	c = arena_new(&mail->arena, struct smtpd_copies);
	c->next = mail->copies;
	c->addresses = addresses;
	mail->copies = c;
}

/* SPDX-License-Identifier: ISC */
#include "keys/tickets.h"

#include "tls/digest.h"

enum { SECRET = 32, KEPT = 2 };

/* The secrets, newest first, that the roles' keys are made of. */
static struct {
	unsigned char secret[KEPT][SECRET];
	unsigned n;
} tickets;

void
keys_tickets_roll(void)
{
	memcpy(tickets.secret[1], tickets.secret[0], SECRET);
	digest_random(tickets.secret[0], SECRET);
	if (tickets.n < KEPT)
		tickets.n++;
}

bool
keys_tickets_for(enum role role, unsigned age, unsigned char *out)
{
	unsigned char part[DIGEST_MAX];

	if (age >= tickets.n)
		return false;
	for (size_t at = 0, i = 0; at < KEYS_TICKET_BYTES; at += 32, i++) {
		const unsigned char label[] = { 't', (unsigned char)role,
			(unsigned char)i };
		const size_t left = KEYS_TICKET_BYTES - at;

		(void)digest_hmac(DIGEST_SHA256,
		    slice_of(tickets.secret[age], SECRET),
		    slice_of(label, sizeof label), part);
		memcpy(out + at, part, left < 32 ? left : 32);
	}
	explicit_bzero(part, sizeof part);
	return true;
}

void
keys_tickets_forget(void)
{
	explicit_bzero(&tickets, sizeof tickets);
}

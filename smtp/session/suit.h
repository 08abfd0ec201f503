/* SPDX-License-Identifier: ISC */
/* May a job's message go to a session's host, and what does it ask of it? */
#ifndef SMTP_SESSION_SUIT_H
#define SMTP_SESSION_SUIT_H

#include <stdbool.h>
#include <stdint.h>

struct smtp_session;

struct smtp_needs {
	bool utf8, eightbit, binary;
	uint64_t bytes; /* as it is sent, about */
};

/* What the host takes (SMTP_TAKES_...). */
unsigned smtp_suit_takes(const struct smtp_session *s);
/* Plan the conversion that the host needs, if there is one and it may be made
 * (converts, planned); what it writes begins anew. */
void smtp_suit_plan(struct smtp_session *s);
/* The same.  False, and the recipients have
 * their result or are open for the next host, when it cannot take the message.
 */
bool smtp_suit(struct smtp_session *s);
/* What the message asks of this host, converted if need be. */
struct smtp_needs smtp_suit_needs(const struct smtp_session *s);

#endif

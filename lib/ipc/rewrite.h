/* SPDX-License-Identifier: ISC */
/*
 * What lookup says to smtpd of addresses that become others.
 *
 * lookup_address, lookup_found: sender is the envelope's; rewritten is what the
 * recipient becomes (where flags have LOOKUP_REWRITE), of which all else is
 * said; rewrites: there are tables by which other addresses may be, too;
 * copies: who else gets the message (lines), by that sender and recipient.
 *
 * lookup_rewrite: lines "CLASS ADDRESS", CLASS one of the letters.
 */
#ifndef IPC_REWRITE_H
#define IPC_REWRITE_H

enum lookup_class {
	LOOKUP_ENVELOPE_SENDER,
	LOOKUP_ENVELOPE_RECIPIENT,
	LOOKUP_HEADER_SENDER,
	LOOKUP_HEADER_RECIPIENT,
	LOOKUP_CLASSES,
};
#define LOOKUP_CLASS_LETTERS "SRsr"

enum { LOOKUP_REWRITE_MAX = 100 }; /* addresses of a question */

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/keys.def mean.  lib/certs speaks them for the
 * daemons that face clients.
 *
 * keys_get      certificate INDEX (from 0; 0 is for clients that name no host)
 * keys_chain    its chain as PEM, out of COUNT (0: there is none, no TLS);
 *               pem is empty for an index past the end.  Another generation
 *               than at index 0: begin again.
 * keys_tickets, keys_ticket_keys
 *               keys for session tickets (TLS_TICKET_KEY_SIZE bytes each);
 *               empty: no tickets.  Each role gets its own.
 * keys_changed  to all that are connected: certificates or ticket keys, or for
 *               smtp the keys of mail, are new; ask again.
 * keys_renew    look at the files now, not at the next check
 * keys_renewed  ok: what the files hold is what counts; else why not, and what
 *               was there before counts on
 * keys_sign     key is a cert_key_id, op an enum tls_sign_op
 * keys_signed   signature; empty: refused
 *
 * keys_signers  the keys of this kind with which mail from DOMAIN (A-labels) is
 *               signed: its own, or else those of the nearest domain above it
 * keys_signers_are
 *               whose they are (domain; empty: there are none), and a line for
 *               each, newest first: "SELECTOR rsa|ed25519 check|use PUBLIC",
 *               where PUBLIC is p= of the key's record, and "check" says that a
 *               key is not used before the DNS has that record.  ok: no, when
 *               the files cannot be read just now
 * keys_mail_sign, keys_mail_signed
 *               the signature of a digest by one of them; empty: refused
 *
 * keys_srs      the address in srs_domain that leads back to this one, or
 * (back) where this one leads back to keys_srs_is   result is an enum srs
 * (srs/srs.h), or SRS_RESULTS, when it cannot be said now; address is set for
 * SRS_DONE
 */
#ifndef IPC_KEYS_H
#define IPC_KEYS_H

enum { KEYS_PEM_MAX = 60000 }; /* a chain fits into a frame */

/* What a signature of mail is; each has a directory of keys of its own, and
 * roles that may ask for it (keys/signing.h). */
enum keys_kind { KEYS_DKIM, KEYS_KINDS };

#endif

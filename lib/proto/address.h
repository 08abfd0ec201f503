/* SPDX-License-Identifier: ISC */
/*
 * Mail addresses of the envelope (RFC 5321 4.1.2, 4.1.3; RFC 6531 3.3).
 *
 * The daemons hand each other the canonical form only: the local part bare
 * where it is a dot-string and in its shortest quoted form where it is not;
 * the domain in lower case without a final dot; an address literal in the
 * one form inet_ntop gives.  A local part with dots where a dot-string has none
 * (two in a row, first, last) is read without quotes and written with them, so
 * that every host takes it.  The null sender is the empty text, and
 * "postmaster" may stand without a domain.  No control characters, ever.
 */
#ifndef PROTO_ADDRESS_H
#define PROTO_ADDRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/slice.h"

/*
 * RFC 5321 4.5.3.1.1 names 64 octets for a local part and asks for no limit
 * where one can do without: return paths that carry another address are
 * longer.  A domain is limited by the DNS.
 */
enum {
	ADDRESS_LOCAL_MAX = 256,
	ADDRESS_DOMAIN_MAX = 255,
	ADDRESS_MAX = ADDRESS_LOCAL_MAX + 1 + ADDRESS_DOMAIN_MAX,
};

/* What a place allows beyond local-part@domain. */
enum {
	ADDRESS_UTF8 = 1,       /* SMTPUTF8 was asked for */
	ADDRESS_NULL = 2,       /* the null sender, <> */
	ADDRESS_POSTMASTER = 4, /* "postmaster" without a domain */
	ADDRESS_BARE = 8,       /* any local part without a domain */
};

/* Read a Path, "<" [ source route ] mailbox ">", and add its canonical form to
 * OUT (room for ADDRESS_MAX).  The source route is read and dropped (RFC 5321
 * 4.1.1.3).  C fails, and OUT is as before, when there is no valid path. */
void address_path(struct cur *c, unsigned allow, struct buf *out);
/* The same for a Mailbox without angle brackets; reads as far as it goes. */
void address_mailbox(struct cur *c, unsigned allow, struct buf *out);
/* S is a mailbox from end to end, with or without angle brackets; adds its
 * canonical form to OUT.  False, and OUT as before, when it is not. */
bool address_parse(struct slice s, unsigned allow, struct buf *out);

/* Read a Domain or address literal and add its canonical form to OUT; C
 * fails when there is none.  EHLO's argument is one, too. */
void address_domain(struct cur *c, unsigned allow, struct buf *out);
/* S is a Domain from end to end, no address literal, and has no final dot. */
bool address_is_domain(struct slice s, unsigned allow);

/* Cut a canonical address at its last "@".  DOMAIN is empty where there is
 * none; both are for the null sender. */
void address_split(
    struct slice address, struct slice *local, struct slice *domain);
/* Cut "user+tag" at the first of DELIMITERS that does not stand first.  False
 * when there is none, when the tag is empty or the local part is quoted; USER
 * is then all of LOCAL, and TAG is empty. */
bool address_split_tag(struct slice local, const char *delimiters,
    struct slice *user, struct slice *tag);

/* The text of the canonical form holds bytes beyond ASCII: it can only be sent
 * to a host that announces SMTPUTF8. */
bool address_needs_utf8(struct slice address);

#endif

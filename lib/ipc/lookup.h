/* SPDX-License-Identifier: ISC */
/* What the messages of lib/ipc/lookup.def mean.
 *
 * lookup_address: address is canonical (proto/address.h); a bare local part
 * ("postmaster") is one of the first local domain.  sender, from qmgr: whose
 * mail it is, which may have a relay of its own, and login, who authenticated.
 *
 * lookup_found, by kind:
 *   LOOKUP_MAILBOX  address is the account; tag what stood behind the
 *                   recipient delimiter; uid of the owner (0: the owner of
 *                   virtual mail), whose local is to be asked for; home a
 *                   path beneath the directory that master gives that local
 *                   (mail_directory; a system user's home directory); quota in
 *                   bytes, quota_messages (0: no limit); room how many bytes
 *                   it lets in as far as is known (UINT64_MAX: not known, or no
 *                   limit; 0: full); with LOOKUP_MEMBER groups, a line for
 *                   each, with its domain (table/group.h)
 *   LOOKUP_ALIAS    address is the alias; targets a list (table/alias.h,
 *                   alias_put and alias_next); its commands run as nobody
 *   LOOKUP_RELAY    transport "smtp" or "lmtp", nexthop (proto/nexthop.h); with
 *                   LOOKUP_SITE site is who is dialled, the relayhost (then
 *                   relayhost is true) or the sorted MX hosts (empty: nexthop,
 *                   or not known), limits "KEY VALUE" (table/limit.h), source
 *                   addresses (table/source.h), or empty; transport "pipe": a
 *                   name in the table commands, and the uid (0: nobody's)
 *   LOOKUP_DISCARD  accepted, and nobody gets it: text
 *   LOOKUP_HOLD     its message is held: text
 *   LOOKUP_REFUSE   code (550...), enhanced ("5.1.1") and text for the reply
 *   LOOKUP_TEMPFAIL code (451), enhanced and text
 * keep_ms: so long the answer may be kept, but not beyond lookup_changed, which
 * tells qmgr that the tables may say something else.
 * ours: mail for the domain is taken from everybody.  smtpd is told what its
 * reply needs: no uid, home, targets, transport, nexthop.
 *
 * To smtpd, whose sender is the envelope's: ipc/rewrite.h.
 *
 * lookup_usage: an account that has a quota now holds so much.  Said
 * after each delivery, and after a POP3 session that removed mail; it is what
 * room is reckoned from, so that a full mailbox is refused at RCPT already.
 * What a process says counts for accounts of the uid it serves only.  A word
 * that is lost costs nothing: local checks again.
 *
 * lookup_mx: which hosts take mail for domain; with LOOKUP_MX_ADDRESS domain is
 * a host and its MX are not asked for, and with LOOKUP_MX_LITERAL it is an
 * address and nothing is.  nexthop is the next hop as it is written.
 * lookup_mx_found: kind as in dns/mxlist.h (enum mx_kind), hosts as
 * mxlist_format writes them, best first; why is for the log; tls what the table
 * tls_policies says of nexthop (table/tlspolicy.h), empty: nothing.
 *
 * lookup_tlsa: the TLSA records at name ("_25._tcp.mx.example.org").
 * lookup_tlsa_found: found as enum found; records a line for each, "usage
 * selector matching hex"; secure: the answer (also ABSENT) is validated. */
#ifndef IPC_LOOKUP_H
#define IPC_LOOKUP_H

enum lookup_kind {
	LOOKUP_MAILBOX,
	LOOKUP_ALIAS,
	LOOKUP_RELAY,
	LOOKUP_DISCARD,
	LOOKUP_HOLD,
	LOOKUP_REFUSE,
	LOOKUP_TEMPFAIL,
	LOOKUP_KINDS,
};

enum lookup_flags {
	LOOKUP_NO_ALIAS = 1, /* the mailbox itself ("\name") */
	LOOKUP_SITE = 2,     /* and who is dialled */
	LOOKUP_NO_HOLD = 4,  /* it was released */
	LOOKUP_REWRITE = 8,  /* it is own mail */
	LOOKUP_MEMBER = 16,  /* and in which groups it is */
};

enum lookup_mx_flags {
	LOOKUP_MX_ADDRESS = 1,
	LOOKUP_MX_LITERAL = 2,
};

#endif

/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_CONN_ENABLED_H
#define IMAPD_CONN_ENABLED_H

/* What the client has turned on, by ENABLE or by a command that implies it. */
enum enabled {
	ENABLED_CONDSTORE = 1 << 0, /* RFC 7162 3.1: MODSEQ is told */
	ENABLED_QRESYNC = 1 << 1,   /* RFC 7162 3.2: VANISHED, not EXPUNGE */
	ENABLED_UTF8 = 1 << 2,      /* RFC 9755: UTF-8 in quoted strings */
	ENABLED_REV2 = 1 << 3,      /* RFC 9051 */
	ENABLED_UIDONLY = 1 << 4,   /* RFC 9586: no sequence numbers */
	ENABLED_METADATA = 1 << 5,  /* RFC 5464 4.1: METADATA unasked */
};

#endif

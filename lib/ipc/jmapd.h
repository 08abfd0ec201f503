/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/jmapd.def mean.
 *
 * jmapd_request: httpd hands over a request of the account's owner.  what is
 * an enum jmapd_what; path is what stands behind it ("" but for downloads and
 * uploads) and query what stands behind "?", as they came; type is the
 * Content-Type, base the origin that the client
 * knows this host by ("https://mail.example.org").  stream is one end of a pair
 * of sockets: its content comes there in chunks (RFC 9112 7.1), with an end
 * that says that it is whole; a stream that ends before is a client who has
 * left.
 *
 * jmapd_answer: an HTTP status, the media type, a file name for who saves it
 * (or empty), and how long the content will be (JMAPD_LENGTH_UNKNOWN: it is not
 * known).  The content comes over the same stream, in chunks as well, and may
 * begin before all of the request is there.  httpd writes the header; what is
 * no media type, or no length that holds, ends the answer.
 *
 * Who has sent no answer when the channel ends has done nothing, or nobody
 * knows what; httpd says 503.
 */
#ifndef IPC_JMAPD_H
#define IPC_JMAPD_H

#include <stdint.h>

enum jmapd_what {
	JMAPD_SESSION,  /* the Session object (RFC 8620 2) */
	JMAPD_API,      /* a Request object (3.3) */
	JMAPD_DOWNLOAD, /* path: "ACCOUNT/BLOB/NAME", query: "accept=TYPE" */
	JMAPD_UPLOAD,   /* path: "ACCOUNT" */
	JMAPD_WHATS
};

#define JMAPD_LENGTH_UNKNOWN UINT64_MAX

/* Where these are (RFC 8620 2): beneath base. */
#define JMAPD_PATH_SESSION  "/.well-known/jmap"
#define JMAPD_PATH_API      "/jmap/api"
#define JMAPD_PATH_DOWNLOAD "/jmap/download/"
#define JMAPD_PATH_UPLOAD   "/jmap/upload/"
#define JMAPD_PATH_EVENTS   "/jmap/events" /* nothing answers there yet */

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The header of the PROXY protocol, versions 1 and 2 (HAProxy's
 * proxy-protocol.txt): who has connected to the proxy before us.  Pure.
 */
#ifndef FRONT_PROXY_H
#define FRONT_PROXY_H

#include <stddef.h>

#include "base/slice.h"

struct addr;

enum {
	PROXY_V1_MAX = 107,      /* with its CRLF */
	PROXY_HEADER_MAX = 4096, /* of version 2, with what is skipped */
};

enum proxy_found {
	PROXY_MORE,    /* all of it belongs to the header, which goes on */
	PROXY_CLIENT,  /* it names the client */
	PROXY_OWN,     /* it names none: the connection is the proxy's own */
	PROXY_INVALID, /* it is none, or too long */
};

/* Read the header that IN begins with: *LEN is its length, *CLIENT whom it
 * names. */
enum proxy_found proxy_parse(struct slice in, size_t *len, struct addr *client);

#endif

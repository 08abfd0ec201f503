/* SPDX-License-Identifier: ISC */
/* IMAP URLs of messages and parts of them (RFC 5092), as CATENATE has them. */
#ifndef IMAPD_PARSE_IMAPURL_H
#define IMAPD_PARSE_IMAPURL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

/* %XX is taken off; p == NULL where something is not told. */
struct imapurl {
	struct slice user;
	struct slice host;    /* without its port; NULL: a relative URL */
	struct slice mailbox; /* NULL: the selected one */
	uint32_t uidvalidity; /* 0: whatever it is */
	uint32_t uid;
	struct slice section;
	uint64_t off; /* of PARTIAL */
	uint64_t len;
};

/* False: URL is not one of a message.  Memory from A. */
bool imapurl_parse(struct slice url, struct arena *a, struct imapurl *u);

#endif

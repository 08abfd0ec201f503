/* SPDX-License-Identifier: ISC */
/* Which message of this account a URL names (RFC 5092), as CATENATE has them
 * (RFC 4469): absolute, of this host and account, or relative to it or to the
 * selected mailbox. */
#ifndef IMAPD_APPEND_URLFIND_H
#define IMAPD_APPEND_URLFIND_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "store/message.h"

struct section;
struct session;

struct url_target {
	struct mailbox *mailbox; /* open; the caller's */
	struct message_info info;
	struct section *section; /* in the command's arena; NULL: all of it */
	uint64_t off;            /* of that */
	uint64_t len;
};

/* ABSENT: URL is none, or of nothing that there is. */
enum found urlfind(
    struct session *s, struct slice url, struct url_target *t, struct err *err);

#endif

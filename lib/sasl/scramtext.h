/* SPDX-License-Identifier: ISC */
/* The client's messages of SCRAM (RFC 5802 7), taken apart.  Pure. */
#ifndef SASL_SCRAMTEXT_H
#define SASL_SCRAMTEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Printable characters of a nonce: the client's, and with the server's. */
enum { SCRAM_NONCE_MAX = 256 };

/* All borrowed from the message. */
struct scram_first {
	char flag;            /* 'n', 'y', or 'p' */
	struct slice binding; /* the name behind "p=" */
	struct slice header;  /* the gs2-header */
	struct slice bare;    /* client-first-message-bare */
	struct slice nonce;
};

/* The client-first-message IN; the names in it go to AUTHZID (empty: none) and
 * LOGIN.  False: it is none, or asks for an extension ("m="). */
bool scramtext_first(struct slice in, struct scram_first *f,
    struct buf *authzid, struct buf *login);

struct scram_final {
	struct slice binding; /* base 64 of header and channel's data */
	struct slice nonce;
	struct slice without_proof;
	struct slice proof; /* base 64 */
};
bool scramtext_final(struct slice in, struct scram_final *f);

/* The gs2-header that IN begins with, for RFC 5801's other users: its name
 * behind "a=" goes to AUTHZID, *REST is what follows. */
bool scramtext_header(struct slice in, struct scram_first *f,
    struct buf *authzid, struct slice *rest);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * MTA-STS as it is published (RFC 8461 3): the record in the DNS and the policy
 * that a domain has on its web host.  Pure; both are strangers' bytes.
 */
#ifndef PROTO_MTASTS_H
#define PROTO_MTASTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/words.h"

struct buf;

/* As a policy has them, and as they are printed. */
#define MTASTS_MODES(W)                                                        \
	W(MTASTS_NONE, "none")                                                 \
	W(MTASTS_TESTING, "testing")                                           \
	W(MTASTS_ENFORCE, "enforce")

enum mtasts_mode { MTASTS_MODES(WORDS_ID) };

enum {
	MTASTS_TEXT_MAX = 64 * 1024, /* of a policy (3.3) */
	MTASTS_MX_MAX = 16 * 1024, /* of its patterns: they fit into a frame */
	MTASTS_ID_MAX = 32,
	MTASTS_AGE_MAX = 31557600, /* a year (3.2) */
};

struct mtasts_policy {
	enum mtasts_mode mode;
	int64_t max_age_s; /* MTASTS_AGE_MAX at most */
};

/* Is TXT one of the records that count (3.1), "v=STSv1;..."? */
bool mtasts_is_record(struct slice txt);
/* Its id, within TXT; false: it has none, or is malformed. */
bool mtasts_record_id(struct slice txt, struct slice *id);

/* Read the policy TEXT; its patterns of mail exchangers are added to MX, in
 * lower case with blanks between them.  -1 (ERR_PERM): it is none. */
int mtasts_parse(struct slice text, struct mtasts_policy *p, struct buf *mx,
    struct err *err);
/* Is HOST one of MX?  "*.example.org" is what has one label in front of
 * example.org (4.1). */
bool mtasts_matches(struct slice mx, struct slice host);

const char *mtasts_mode_name(enum mtasts_mode mode);

#endif

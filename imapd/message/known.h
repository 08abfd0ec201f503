/* SPDX-License-Identifier: ISC */
/* What somebody knows of messages without reading them. */
#ifndef IMAPD_MESSAGE_KNOWN_H
#define IMAPD_MESSAGE_KNOWN_H

#include <stdint.h>

struct search_key;

enum match_answer { MATCH_NO, MATCH_YES, MATCH_UNKNOWN };

struct match_known {
	/* K is TEXT, BODY or HEADER. */
	enum match_answer (*answer)(struct match_known *known,
	    const struct search_key *k, uint32_t uid);
};

#endif

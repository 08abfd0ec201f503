/* SPDX-License-Identifier: ISC */
/* What somebody knows of messages without reading them. */
#ifndef MAILSEARCH_KNOWN_H
#define MAILSEARCH_KNOWN_H

#include <stdint.h>

struct search_key;

/* Relevancy (RFC 6203 4) is 1 to 100.  What has the string, but as no words: */
enum {
	RELEVANCY_WITHIN = 40,
	RELEVANCY_READ = 80, /* and nobody knows as what */
};

enum match_answer { MATCH_NO, MATCH_YES, MATCH_UNKNOWN };

struct match_known {
	/* K is TEXT, BODY or HEADER. */
	enum match_answer (*answer)(struct match_known *known,
	    const struct search_key *k, uint32_t uid);
	/* Of K, which is fuzzy and TEXT or BODY; 0: it is not met. */
	unsigned (*relevancy)(struct match_known *known,
	    const struct search_key *k, uint32_t uid);
};

#endif

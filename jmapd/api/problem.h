/* SPDX-License-Identifier: ISC */
/* Errors of a whole request (RFC 8620 3.6.1), as problem details (RFC 7807). */
#ifndef JMAPD_API_PROBLEM_H
#define JMAPD_API_PROBLEM_H

struct jmapd_request;

/* TYPE stands behind "urn:ietf:params:jmap:error:"; LIMIT is the name of the
 * one that was passed, or NULL. */
void problem_say(struct jmapd_request *r, unsigned status, const char *type,
    const char *detail, const char *limit);
/* The same without a type of JMAP's ("about:blank"): STATUS says it. */
void problem_plain(
    struct jmapd_request *r, unsigned status, const char *detail);

#endif

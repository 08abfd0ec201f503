/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/sts.def mean; domains are A-labels.
 *
 * sts_ask      the policy that counts for domain, as far as it is known in
 *              time_ms
 * sts_policy   found: there is one; mode (enum mtasts_mode), max_age_s and mx,
 * its patterns, as mtasts_parse gives them.  failure: the domain says that it
 * has one, and why it is not to be had, as a result type of RFC 8460 4.3
 * ("sts-policy-fetch-error"); empty: nothing of that kind.  unknown: there is
 * none, and the DNS or the policy host has not said (yet) that there is none
 *
 * sts_show     policies in the cache, and those that could not be had: of
 * domain, or where that is empty of all whose domains sort behind `behind`
 * sts_shown    a line for each, "DOMAIN MODE ID MAX_AGE FETCHED FAILED RESULT",
 * and behind a tab each the mail exchangers and why it could not be had. MODE
 * and ID are "-" where there is no policy, RESULT (of RFC 8460) where nothing
 * failed; FETCHED and FAILED are in seconds since 1970, 0: not; more: ask again
 * behind the last
 *
 * sts_refresh  fetch it now
 * sts_refreshed found: it was; why not, in words
 *
 * sts_post     post a TLS report, a gzip file of so many bytes that came in
 * sts_part before, to uri
 * sts_posted   end: enum sts_post_end; status of HTTP, 0: there was none; why:
 * what is wrong, in words
 */
#ifndef IPC_STS_H
#define IPC_STS_H

enum {
	STS_REFRESH_MS = 360000,
	STS_PART_BYTES = 32768,   /* of a sts_part */
	STS_POST_BYTES = 8 << 20, /* of a report */
};

enum sts_post_end {
	STS_POST_TAKEN,
	STS_POST_REFUSED, /* and would be again */
	STS_POST_FAILED,  /* it may be taken later */
};

#endif

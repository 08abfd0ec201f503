/* SPDX-License-Identifier: ISC */
/* Requests by HTTPS; the only module that knows libcurl. */
#ifndef STS_FETCH_H
#define STS_FETCH_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "sys/addr.h"

struct sts_request {
	const char *host, *path; /* of the URL; the port is https_port */
	const char *addresses;   /* "192.0.2.1,[2001:db8::1]" */
	struct addr first;       /* of them */
	/* What is posted, and of what type; it stands until DONE has run.
	 * NULL: nothing, something is got. */
	const char *type;
	struct slice body;
};

/* What came of it: why is NULL and status, type and text are what the host
 * gave, or why there is no answer, and untrusted says that its certificate is
 * not good.  What was posted ends with the header of the answer: text is empty,
 * and no body is read. */
struct sts_fetched {
	long status;
	struct slice type, text;
	const char *why;
	bool untrusted;
};

/* Before the sandbox: libcurl and the CAs. */
int sts_fetch_prepare(struct err *err);
/* Is there another file of CAs than the one that was read? */
bool sts_fetch_is_stale(void);

/* Ask R, which is copied but for its body, when it has its turn (sts/turn.h).
 * DONE is called once, never from inside this; then the fetch is gone. */
void sts_fetch_new(const struct sts_request *r,
    void (*done)(void *arg, const struct sts_fetched *r), void *arg);

#endif

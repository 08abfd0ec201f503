/* SPDX-License-Identifier: ISC */
/* Policies by HTTPS (RFC 8461 3.3); the only module that knows libcurl. */
#ifndef STS_FETCH_H
#define STS_FETCH_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct sts_fetch;

/* What came of it: why is NULL and text is what the host gave, or why it is
 * none, and untrusted says that its certificate is not good. */
struct sts_fetched {
	struct slice text;
	const char *why;
	bool untrusted;
};

/* Before the sandbox: libcurl and the CAs. */
int sts_fetch_prepare(struct err *err);
/* Is there another file of CAs than the one that was read? */
bool sts_fetch_is_stale(void);

/* Get the policy of DOMAIN from its host at ADDRESSES
 * ("192.0.2.1,2001:db8::1"). DONE is called once, never from inside this; then
 * the fetch is gone. */
struct sts_fetch *sts_fetch_new(const char *domain, const char *addresses,
    void (*done)(void *arg, const struct sts_fetched *r), void *arg);

#endif

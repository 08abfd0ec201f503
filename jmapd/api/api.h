/* SPDX-License-Identifier: ISC */
/* A request to the API (RFC 8620 3): its calls, one after the other, and the
 * Response object that is written as they go on.  What methods ask of it. */
#ifndef JMAPD_API_API_H
#define JMAPD_API_API_H

#include "jmapd/api/call.h"

struct err;
struct jmapd_request;

/* Which methods there are (api/methods.h). */
struct api_methods {
	const struct call_method *(*find)(
	    struct slice name, unsigned capabilities);
	unsigned (*capability)(struct slice uri);
};

/* R is one; M is borrowed for good. */
void api_begin(struct jmapd_request *r, const struct api_methods *m);

/* The response is an error of TYPE (RFC 8620 3.6.2), whatever was written. */
enum call_step api_error(
    struct jmapd_call *c, const char *type, const char *description);
/* The same of what failed: serverFail, or serverUnavailable where it is
 * temporary; it is logged. */
enum call_step api_failed(struct jmapd_call *c, const struct err *why);
/* A method that waits may go on. */
void api_resume(struct jmapd_call *c);
/* The request stays as long as something is under way for C. */
void api_hold(struct jmapd_call *c);
void api_release(struct jmapd_call *c);
/* What was written may go to the client; false: it does not take it, and the
 * method is to give way with CALL_MORE. */
bool api_flush(struct jmapd_call *c);

/* ID, or what was created as "#KEY" (3.3, 5.3); false: there is none. */
bool api_id(const struct jmapd_call *c, struct slice id, struct slice *real);
void api_created(struct jmapd_call *c, const char *key, struct slice id);

#endif

/* SPDX-License-Identifier: ISC */
/* The content of a request in HTTP/1.1, as it comes in (RFC 9112 6 and 7.1). */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct http_request;

enum http_body_state {
	HTTP_BODY_LENGTH,  /* `left` bytes come */
	HTTP_BODY_SIZE,    /* the line with the size of a chunk */
	HTTP_BODY_CHUNK,   /* `left` bytes of it */
	HTTP_BODY_CRLF,    /* its end */
	HTTP_BODY_TRAILER, /* fields, which nobody here reads, and an empty line
			    */
	HTTP_BODY_DONE,
	HTTP_BODY_BROKEN, /* what comes is no chunk: nothing can be read */
};

struct http_body {
	enum http_body_state state;
	uint64_t left;
	size_t trailer; /* bytes of it so far */
};

void http_body_init(struct http_body *b, const struct http_request *r);

/* Take from IN; *DATA (of IN) is content.  How many bytes were taken; 0: more
 * must come, or it is DONE or BROKEN.  Called again until then. */
size_t http_body_take(struct http_body *b, struct slice in, struct slice *data);

#endif

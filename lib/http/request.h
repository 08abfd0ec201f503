/* SPDX-License-Identifier: ISC */
/*
 * The head of a request in HTTP/1.1 (RFC 9112), strictly: what two readers
 * could take for two different things is refused, so that nothing can be
 * smuggled past a proxy in front.  Lines end in CRLF; a field is not folded and
 * has no blank before its colon; how long the content is, one field says, once.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	HTTP_FIELDS_MAX = 100,
	HTTP_TARGET_MAX = 8000, /* RFC 9112 3: at least that */
};

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
};

struct http_field {
	struct slice name, value; /* without blanks around */
};

/* Slices are of the input. */
struct http_request {
	enum http_method method;
	struct slice path;  /* "/a%20b", as it came; "*" of OPTIONS alone */
	struct slice query; /* what stands behind "?" */
	struct slice host;  /* with the port, where one is told; or empty */
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t n;
	uint64_t length; /* of the content; 0: none, or chunked */
	bool chunked;
	bool persists; /* the connection may have another one behind it */
	bool chunks;   /* takes an answer in chunks: HTTP/1.1 */
	bool expects;  /* waits for 100 (Continue) with its content */
};

enum http_need {
	HTTP_MORE,    /* the head goes on */
	HTTP_WHOLE,   /* it is there */
	HTTP_REFUSED, /* nothing that follows can be read */
};

/* Read the head that IN begins with; it may have MAX bytes.  *LEN: its bytes,
 * when WHOLE; *STATUS: the answer (400, 414, 431, 501, 505 …), when REFUSED. */
enum http_need http_request_parse(struct slice in, size_t max,
    struct http_request *r, size_t *len, unsigned *status);

/* The value of the first field of that NAME; empty: there is none. */
struct slice http_request_field(const struct http_request *r, const char *name);
/* Is WORD in the list of a field's VALUE (RFC 9110 5.6.1; case is ignored)? */
bool http_list_has(struct slice value, const char *word);

/* Does who sent Accept-Encoding with VALUE take CODING (RFC 9110 12.5.3)?  Only
 * where it is named; a weight of 0 is no. */
bool http_accepts(struct slice value, const char *coding);

/* Take apart the field of LINE, which has no CRLF (RFC 9112 5).  False: it is
 * none. */
bool http_field_parse(struct slice line, struct http_field *f);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A client's connection: requests of HTTP/1.1, answered one after the other
 * (RFC 9112 9.3.2), whatever more of them has come already.  Who answers is in
 * site.c; how it is said, in answer.c.
 */
#ifndef HTTPD_SESSION_H
#define HTTPD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "front/session.h"
#include "http/body.h"

struct httpd_account;
struct httpd_ask;
struct httpd_carry;
struct httpd_file;

enum httpd_mode {
	HTTPD_IDLE,  /* no byte of a request is here */
	HTTPD_HEAD,  /* its header comes in */
	HTTPD_TAKE,  /* its content comes in, for jmapd */
	HTTPD_WAIT,  /* whoever answers it asks another daemon */
	HTTPD_SEND,  /* a file or jmapd's answer is being sent */
	HTTPD_DRAIN, /* it is answered, and its content is thrown away */
};

enum { HTTPD_LOGGED_MAX = 200, HTTPD_ORIGIN_MAX = 256 };

struct httpd_session {
	struct front_session front;
	enum httpd_mode mode;
	/* the request that is answered */
	struct http_body body;
	size_t drained; /* bytes of it that were thrown away */
	bool head;      /* its content is not asked for, only its length */
	bool persists;  /* another one may follow */
	bool wishes;    /* it does, once all of the content was taken */
	unsigned status;
	uint64_t sent;
	int64_t since_ms;
	char method[8], host[HTTPD_LOGGED_MAX], path[HTTPD_LOGGED_MAX];
	struct httpd_file *file;       /* being sent */
	struct httpd_ask *ask;         /* being asked */
	struct httpd_carry *carry;     /* jmapd answers it */
	struct httpd_account *account; /* who the client is; NULL: nobody */
	char origin[HTTPD_ORIGIN_MAX]; /* may read the answer; or "" */
};

void httpd_session_mode(struct httpd_session *s, enum httpd_mode mode);
/* The answer to the request is written: what comes next? */
void httpd_session_answered(struct httpd_session *s);

#endif

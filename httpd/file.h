/* SPDX-License-Identifier: ISC */
/*
 * Files of web_directory, sent as they are.  Beside NAME there may be NAME.br
 * and NAME.gz, the same compressed beforehand, for who takes that.  What lies
 * below assets/ has names that change with what is in it, and may be kept for
 * ever.
 */
#ifndef HTTPD_FILE_H
#define HTTPD_FILE_H

#include "base/slice.h"

struct http_request;
struct httpd_file;
struct httpd_session;

/* The directory that they are in; -1: there is none. */
void httpd_file_init(int dirfd);

/* Answer R with the file PATH ("/", "/a/b.js"; http/path.h), or 404. */
void httpd_file_answer(
    struct httpd_session *s, const struct http_request *r, struct slice path);
/* What was written of one is sent. */
void httpd_file_go_on(struct httpd_session *s);
/* Stop sending; accepts a pointer to NULL. */
void httpd_file_free(struct httpd_file **p);

#endif

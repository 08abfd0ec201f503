/* SPDX-License-Identifier: ISC */
#include "httpd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ev/stream.h"
#include "front/front.h"
#include "http/request.h"
#include "httpd/answer.h"
#include "httpd/mediatype.h"
#include "httpd/session.h"
#include "log/log.h"
#include "sys/beneath.h"
#include "sys/fd.h"

enum {
	PIECE = 64 << 10,
	NAME_MAX_BYTES = 1024,
	TAG_MAX = 64,
	FIELDS_MAX = 512
};

struct httpd_file {
	int fd;
	int64_t at, end;
};

/* One that was found. */
struct found_file {
	int fd;
	int64_t size;
	const char *coding; /* "" or "gzip" */
	char tag[TAG_MAX];
};

static int web = -1;

void
httpd_file_init(int dirfd)
{
	web = dirfd;
}

void
httpd_file_free(struct httpd_file **p)
{
	struct httpd_file *f = *p;

	*p = NULL;
	if (f == NULL)
		return;
	fd_close(&f->fd);
	free(f);
}

/* ---- finding it ---- */

static void
log_failure(struct httpd_session *s, const char *path, const char *why)
{
	log_warn("http.file-failed", kv_s("sid", s->front.sid),
	    kv_s("path", path), kv_s("why", why));
}

/* Open NAME if it is a file. */
static enum found
open_file(struct httpd_session *s, const char *name, struct found_file *f)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	struct err err = { 0 };
	struct stat st;

	f->fd = beneath_open(web, name, flags, 0, &err);
	if (f->fd == -1 &&
	    (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG))
		return ABSENT;
	if (f->fd == -1 || fstat(f->fd, &st) == -1) {
		log_failure(s, name, f->fd == -1 ? err.text : "fstat");
		fd_close(&f->fd);
		return err.class == ERR_PERM ? ABSENT : TEMPFAIL;
	}
	if (!S_ISREG(st.st_mode)) {
		fd_close(&f->fd);
		return ABSENT;
	}
	f->size = st.st_size;
	(void)snprintf(f->tag, sizeof f->tag, "\"%llx-%llx%09lx%s\"",
	    (unsigned long long)st.st_size,
	    (unsigned long long)st.st_mtim.tv_sec,
	    (unsigned long)st.st_mtim.tv_nsec, f->coding);
	return FOUND;
}

/* NAME, or what it is compressed to if the client takes that. */
static enum found
find_file(struct httpd_session *s, const struct http_request *r,
    const char *name, struct found_file *f)
{
	static const struct {
		const char *coding, *suffix;
	} codings[] = { { "br", ".br" }, { "gzip", ".gz" } };
	const struct slice accepted = http_request_field(r, "Accept-Encoding");

	for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
		char coded[NAME_MAX_BYTES];

		if (!http_accepts(accepted, codings[i].coding) ||
		    snprintf(coded, sizeof coded, "%s%s", name,
			codings[i].suffix) >= (int)sizeof coded)
			continue;
		f->coding = codings[i].coding;
		if (open_file(s, coded, f) == FOUND)
			return FOUND;
	}
	f->coding = "";
	return open_file(s, name, f);
}

/* ---- sending it ---- */

static void
finish(struct httpd_session *s)
{
	httpd_file_free(&s->file);
	httpd_session_answered(s);
}

/* The length was told: what is missing can only be told by the end. */
static void
fail(struct httpd_session *s, const char *why)
{
	log_failure(s, s->path, why);
	httpd_file_free(&s->file);
	front_finish(&s->front);
}

void
httpd_file_go_on(struct httpd_session *s)
{
	struct httpd_file *f = s->file;
	const size_t left = (size_t)(f->end - f->at);
	const size_t want = left < PIECE ? left : PIECE;
	struct buf *out = stream_out(&s->front.stream);
	char *room = out != NULL ? buf_room(out, want) : NULL;
	ssize_t n;

	if (room == NULL) {
		fail(s, "no room");
		return;
	}
	n = pread(f->fd, room, want, f->at);
	if (n <= 0) {
		fail(s, n == 0 ? "it has become shorter" : "read");
		return;
	}
	buf_added(out, (size_t)n);
	f->at += n;
	if (f->at == f->end)
		finish(s);
	else
		stream_want_drain(&s->front.stream);
}

static void
send_file(struct httpd_session *s, struct found_file *found)
{
	s->file = xcalloc(1, sizeof *s->file);
	s->file->fd = found->fd;
	s->file->end = found->size;
	httpd_session_mode(s, HTTPD_SEND);
	httpd_file_go_on(s);
}

static void
write_fields(const struct found_file *f, struct slice path, char *out)
{
	const bool kept = slice_starts(path, SLICE("/assets/"));
	char coding[64] = "";

	if (*f->coding != '\0')
		(void)snprintf(coding, sizeof coding,
		    "Content-Encoding: %s\r\n", f->coding);
	(void)snprintf(out, FIELDS_MAX,
	    "ETag: %s\r\n%sVary: Accept-Encoding\r\nCache-Control: %s\r\n",
	    f->tag, coding,
	    kept ? "public, max-age=31536000, immutable" : "no-cache");
}

static void
answer_found(struct httpd_session *s, const struct http_request *r,
    struct slice path, const char *type, struct found_file *f)
{
	const struct slice known = http_request_field(r, "If-None-Match");
	char fields[FIELDS_MAX];

	write_fields(f, path, fields);
	if (http_list_has(known, f->tag) || slice_is(known, "*")) {
		fd_close(&f->fd);
		httpd_answer_status(s, 304, fields);
		return;
	}
	httpd_answer_begin(s, 200, type, (uint64_t)f->size, fields);
	if (s->head || f->size == 0) {
		fd_close(&f->fd);
		httpd_session_answered(s);
	} else {
		send_file(s, f);
	}
}

void
httpd_file_answer(
    struct httpd_session *s, const struct http_request *r, struct slice path)
{
	struct found_file f = { .fd = -1 };
	char name[NAME_MAX_BYTES];
	enum found found = ABSENT;

	if (web != -1 && snprintf(name, sizeof name, "%.*s%s",
			     SLICE_FMT(slice_from(path, 1)),
			     slice_ends(path, SLICE("/")) ? "index.html" : "") <
			     (int)sizeof name)
		found = find_file(s, r, name, &f);
	if (found == FOUND)
		answer_found(s, r, path, httpd_mediatype(slice_str(name)), &f);
	else
		httpd_answer_status(s, found == ABSENT ? 404 : 503, "");
}

/* SPDX-License-Identifier: ISC */
/*
 * libcurl is given a host's addresses, sockets that do not block, and the CAs
 * in memory, so it looks for no file, no resolver and no thread.  It says which
 * descriptors it waits for; the loop tells it when they are ready.
 */
#include "sts/fetch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <bsd/string.h>
#include <curl/curl.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "proto/mtasts.h"
#include "sts/conf.h"
#include "sts/turn.h"
#include "sys/fd.h"
#include "tls/client.h"

enum {
	CA_MAX_BYTES = 16 << 20,
	HEADER_MAX = 64 * 1024,
};

struct sts_fetch {
	CURL *easy;
	struct sts_turn turn;
	struct curl_slist *resolve, *headers; /* headers: it posts */
	struct buf body;
	size_t header;
	bool answered; /* it posts, and the header of the answer is here */
	const char *too_large;
	char error[CURL_ERROR_SIZE];
	void (*done)(void *arg, const struct sts_fetched *r);
	void *arg;
};

/* What libcurl waits for. */
struct watch {
	struct ev_io io;
};

static struct {
	CURLM *multi;
	struct ev_timer timer;
	struct tls_client *cas;
	char ca_file[1024]; /* that was read */
} fetch;

static const char too_large_header[] = "its header is too large";

/* ---- what a host says ---- */

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct sts_fetch *f = arg;

	buf_add(&f->body, slice_of(p, size * n));
	if (f->body.failed)
		f->too_large = "more than 64 KiB";
	return f->body.failed ? 0 : size * n;
}

/* What is posted is taken or not by the header alone: the rest is not read,
 * so a body that is cut, slow or endless makes no difference. */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct sts_fetch *f = arg;
	const bool last = size * n > 0 && (p[0] == '\r' || p[0] == '\n');
	long status = 0;

	f->header += size * n;
	if (f->header > HEADER_MAX) {
		f->too_large = too_large_header;
		return 0;
	}
	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	/* Of 1xx there is another header behind it (RFC 9110 15.2). */
	f->answered = f->headers != NULL && last && status >= 200;
	return f->answered ? 0 : size * n;
}

/* A line that does not end is more than libcurl has room for: of 100 KiB. */
static bool
is_endless_line(const struct sts_fetch *f, CURLcode code)
{
	curl_off_t first_us = 0;

	curl_easy_getinfo(f->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
	return code == CURLE_OUT_OF_MEMORY && first_us > 0;
}

/* Why there is no answer, or NULL. */
static const char *
failure(const struct sts_fetch *f, CURLcode code)
{
	if (f->answered)
		return NULL;
	if (f->too_large != NULL)
		return f->too_large;
	if (code == CURLE_OK)
		return NULL;
	if (is_endless_line(f, code))
		return too_large_header;
	return f->error[0] != '\0' ? f->error : curl_easy_strerror(code);
}

static void
fetch_free(struct sts_fetch *f)
{
	if (f->turn.running)
		(void)curl_multi_remove_handle(fetch.multi, f->easy);
	sts_turn_end(&f->turn);
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->resolve);
	curl_slist_free_all(f->headers);
	buf_fini(&f->body);
	free(f);
}

static void
tell(struct sts_fetch *f, const struct sts_fetched *r)
{
	f->done(f->arg, r);
	fetch_free(f);
}

static void
finish(struct sts_fetch *f, CURLcode code)
{
	struct sts_fetched r = { .why = failure(f, code),
		.untrusted = code == CURLE_PEER_FAILED_VERIFICATION };
	const char *type = NULL;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &r.status);
	curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type);
	r.type = type != NULL ? slice_str(type) : SLICE("");
	r.text = buf_slice(&f->body);
	tell(f, &r);
}

/* ---- libcurl and the loop ---- */

static void
act(curl_socket_t fd, int events)
{
	const CURLMsg *m;
	int n;

	(void)curl_multi_socket_action(fetch.multi, fd, events, &n);
	while ((m = curl_multi_info_read(fetch.multi, &n)) != NULL) {
		const CURLcode code = m->data.result;
		struct sts_fetch *f = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &f);
		finish(f, code);
	}
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	int what = 0;

	if ((events & EV_READ) != 0)
		what |= CURL_CSELECT_IN;
	if ((events & EV_WRITE) != 0)
		what |= CURL_CSELECT_OUT;
	if ((events & EV_HUP) != 0)
		what |= CURL_CSELECT_ERR;
	act(io->fd, what);
}

static void
on_time(struct ev_timer *t)
{
	(void)t;
	act(CURL_SOCKET_TIMEOUT, 0);
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	(void)multi;
	(void)arg;
	if (ms < 0)
		ev_timer_stop(&fetch.timer);
	else
		ev_timer_set(&fetch.timer, ms);
	return 0;
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *at)
{
	struct watch *w = at;

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			ev_io_stop(&w->io);
		free(w);
		return 0;
	}
	if (w == NULL) {
		w = xcalloc(1, sizeof *w);
		ev_io_init(&w->io, fd, on_ready);
		(void)curl_multi_assign(fetch.multi, fd, w);
	}
	ev_io_set(&w->io, (what & CURL_POLL_IN ? EV_READ : 0U) |
			      (what & CURL_POLL_OUT ? EV_WRITE : 0U));
	return 0;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)arg;
	(void)purpose;
	return socket(
	    a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->protocol);
}

/* ---- a fetch ---- */

static void
limit(CURL *e)
{
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)sts_conf->fetch_timeout);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
}

static void
log_no_cas(const struct err *err)
{
	log_warn(
	    "sts.no-ca", kv_s("file", fetch.ca_file), kv_s("why", err->text));
}

static CURLcode
lend_cas(CURL *e, void *ssl_ctx, void *arg)
{
	struct err err;

	(void)e;
	(void)arg;
	if (tls_client_lend(fetch.cas, ssl_ctx, &err) == -1)
		log_no_cas(&err);
	return CURLE_OK;
}

/* Without the last line it would trust nobody. */
static void
trust(CURL *e)
{
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	must(curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, lend_cas) ==
	     CURLE_OK);
}

static void
listen_to(struct sts_fetch *f)
{
	CURL *e = f->easy;

	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(e, CURLOPT_PRIVATE, f);
}

/* The addresses stay known to libcurl for a minute, not for ever ("+"). */
static void
aim(struct sts_fetch *f, const struct sts_request *r)
{
	const unsigned port = (unsigned)sts_conf->https_port;
	char *url = xasprintf("https://%s:%u%s", r->host, port, r->path);
	char *resolve = xasprintf("+%s:%u:%s", r->host, port, r->addresses);

	f->resolve = curl_slist_append(NULL, resolve);
	must(f->resolve != NULL);
	curl_easy_setopt(f->easy, CURLOPT_URL, url);
	curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->resolve);
	free(url);
	free(resolve);
}

static void
load(struct sts_fetch *f, const struct sts_request *r)
{
	char *type = xasprintf("Content-Type: %s", r->type);

	f->headers = curl_slist_append(NULL, type);
	must(f->headers != NULL &&
	     curl_slist_append(f->headers, "Expect:") != NULL);
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
	curl_easy_setopt(f->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(
	    f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, r->body.p);
	free(type);
}

static void
on_turn(struct sts_turn *t)
{
	struct sts_fetch *f = OUTER(t, struct sts_fetch, turn);

	must(curl_multi_add_handle(fetch.multi, f->easy) == CURLM_OK);
}

static void
on_over(struct sts_turn *t)
{
	struct sts_fetch *f = OUTER(t, struct sts_fetch, turn);
	const struct sts_fetched r = {
		.why = "it took more than 5 seconds, and others waited"
	};

	_Static_assert(STS_TURN_MS == 5000, "as it is said");
	tell(f, &r);
}

void
sts_fetch_new(const struct sts_request *r,
    void (*done)(void *arg, const struct sts_fetched *r), void *arg)
{
	struct sts_fetch *f = xcalloc(1, sizeof *f);

	f->easy = curl_easy_init();
	must(f->easy != NULL);
	f->done = done;
	f->arg = arg;
	buf_init(&f->body, MTASTS_TEXT_MAX);
	limit(f->easy);
	trust(f->easy);
	listen_to(f);
	aim(f, r);
	if (r->type != NULL)
		load(f, r);
	f->turn.on_turn = on_turn;
	f->turn.on_over = on_over;
	sts_turn_wait(&f->turn, &r->first);
}

/* ---- the start ---- */

static int
load_cas(struct err *err)
{
	int fd = open(fetch.ca_file, O_RDONLY | O_CLOEXEC);
	struct buf pem = { .max = CA_MAX_BYTES };
	int rc = -1;

	if (fd == -1)
		err_sys(err, ERR_PERM, "open");
	else if (fd_read_file(fd, &pem, err) == 0)
		rc = tls_client_trust_later(fetch.cas, &pem, err);
	fd_close(&fd);
	buf_fini(&pem);
	return rc;
}

/* Mail does not need them; that they are not there is said. */
static void
read_cas(void)
{
	struct err err;

	fetch.cas = tls_client_new();
	(void)strlcpy(
	    fetch.ca_file, sts_conf->tls_ca_file, sizeof fetch.ca_file);
	if (load_cas(&err) == -1)
		log_no_cas(&err);
}

int
sts_fetch_prepare(struct err *err)
{
	read_cas();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_PERM, "libcurl cannot be used");
	fetch.multi = curl_multi_init();
	if (fetch.multi == NULL)
		return err_set(err, ERR_PERM, "libcurl cannot be used");
	ev_timer_init(&fetch.timer, on_time);
	curl_multi_setopt(fetch.multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(fetch.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	return 0;
}

bool
sts_fetch_is_stale(void)
{
	return strcmp(fetch.ca_file, sts_conf->tls_ca_file) != 0;
}

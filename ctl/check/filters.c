/* SPDX-License-Identifier: ISC */
/* Filters of milter.conf that nobody listens for: what mail then meets is said
 * by their `unavailable`. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/target.h"
#include "milter/conf.h"
#include "sys/addr.h"
#include "sys/fd.h"

/* Whoever runs the check waits: no longer than this for each. */
enum { CONNECT_MS = 3000 };

/* A connection that is under way; 0 or an errno. */
static int
wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int n, error = 0;

	do
		n = poll(&p, 1, CONNECT_MS);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return ETIMEDOUT;
	if (n == -1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return errno;
	return error;
}

/* 0 or an errno. */
static int
reach(const struct addr *a)
{
	int fd = socket(
	    a->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd == -1)
		return errno;
	if (connect(fd, (const struct sockaddr *)&a->ss, a->len) == -1)
		error = errno == EINPROGRESS ? wait_for(fd) : errno;
	fd_close(&fd);
	return error;
}

static struct slice
next_word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	return slice_cut(*rest, ' ', rest);
}

/* What makes no sense, conf check tells. */
static void
check_filter(struct check_run *c, const char *text)
{
	struct slice rest = slice_str(text);
	const struct slice name = next_word(&rest);
	const struct slice address = next_word(&rest);
	struct addr a;
	int error;

	if (addr_parse(&a, address, 0, NULL) == -1)
		return;
	error = reach(&a);
	if (error == 0)
		check_tell(c, CHECK_GOOD, "filter", "%.*s", SLICE_FMT(name));
	else
		check_tell(c, CHECK_WARN, "filter",
		    "%.*s cannot be reached at %.*s (%s): for the mail of "
		    "services that have it in milters, its `unavailable` says "
		    "what is done",
		    SLICE_FMT(name), SLICE_FMT(address),
		    strerrordesc_np(error));
}

void
check_filters(struct check_run *c)
{
	struct conf_errors errors = { 0 };
	struct target t = { 0 };

	if (target_parse(&t, "milter") == 0 &&
	    target_read(&t, &c->ctl->inst, false) == 0 &&
	    target_load(&t, &errors) == 0) {
		const struct milter_conf *conf = t.conf;

		for (size_t i = 0; i < conf->filters.n; i++)
			check_filter(c, conf->filters.v[i]);
	}
	conf_errors_fini(&errors);
	target_fini(&t);
}

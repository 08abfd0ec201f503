/* SPDX-License-Identifier: ISC */
#include "master/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/master.h"
#include "log/log.h"
#include "master/lastgood.h"
#include "sys/fd.h"

static struct {
	int fd;
	bool was_ready, has_failed;
	int64_t watchdog_ms;
	struct ev_timer watchdog;
} state = { .fd = -1 };

void
notify_systemd(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (path == NULL ||
	    !slice_copy(slice_str(path), un.sun_path, sizeof un.sun_path))
		return;
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	fd_close(&fd);
}

static void
on_watchdog(struct ev_timer *t)
{
	notify_systemd("WATCHDOG=1");
	ev_timer_set(t, state.watchdog_ms);
}

void
notify_init(int fd)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *bad = NULL;

	state.fd = fd;
	ev_timer_init(&state.watchdog, on_watchdog);
	if (usec == NULL)
		return;
	state.watchdog_ms = strtonum(usec, 2000, INT64_MAX, &bad) / 2000;
	if (bad == NULL)
		ev_timer_set(&state.watchdog, state.watchdog_ms);
}

void
notify_ready(void)
{
	if (state.was_ready || state.has_failed)
		return;
	state.was_ready = true;
	lastgood_save();
	log_info("master.ready");
	(void)log_flush();
	notify_systemd("READY=1");
	if (state.fd != -1)
		(void)!write(state.fd, NOTIFY_READY, sizeof NOTIFY_READY - 1);
	fd_close(&state.fd);
}

bool
notify_failed(const char *service, const char *why)
{
	if (state.was_ready)
		return false;
	state.has_failed = true;
	if (state.fd != -1)
		(void)dprintf(state.fd, "service %s: %s\n", service, why);
	return true;
}

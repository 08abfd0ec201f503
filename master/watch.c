/* SPDX-License-Identifier: ISC */
/*
 * A listening socket is one for master and all processes of a service, and any
 * of them can end it for all: shutdown(2) is all it takes, and nothing tells.
 * So master looks.
 */
#include "master/watch.h"

#include "conf/master.h"
#include "ev/loop.h"
#include "log/log.h"
#include "master/child_roster.h"
#include "master/listen.h"
#include "master/master.h"
#include "sys/addr.h"

enum { LOOK_MS = 2000 };

static struct ev_timer look;

static void
look_at(const struct service_conf *s)
{
	bool renewed = false;

	for (size_t i = 0; i < s->nlisteners; i++) {
		char text[ADDR_TEXT];
		struct err err;
		int rc;

		if (master_listen_is_good(&s->listeners[i]))
			continue;
		addr_format(&s->listeners[i], text);
		rc = master_listen_renew(&s->listeners[i], &err);
		if (rc == 1)
			continue;
		if (rc == -1) {
			log_err("listen.failed", kv_s("service", s->name),
			    kv_s("address", text), kv_s("why", err.text));
			continue;
		}
		log_err("listen.rebound", kv_s("service", s->name),
		    kv_s("address", text));
		renewed = true;
	}
	if (renewed)
		child_replace(s->name);
}

static void
on_look(struct ev_timer *t)
{
	if (master.stopping)
		return;
	for (size_t i = 0; i < master.conf->nservices; i++)
		look_at(&master.conf->services[i]);
	ev_timer_set(t, LOOK_MS);
}

void
watch_start(void)
{
	ev_timer_init(&look, on_look);
	ev_timer_set(&look, LOOK_MS);
}

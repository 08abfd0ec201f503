/* SPDX-License-Identifier: ISC */
#include "master/child_roster.h"

#include <pwd.h>
#include <string.h>
#include <sys/queue.h>

#include <bsd/sys/queue.h>

#include "base/slice.h"
#include "conf/master.h"
#include "conf/shared.h"
#include "ipc/role_facts.h"
#include "master/equip.h"
#include "master/isolation.h"
#include "master/master.h"
#include "master/serve.h"
#include "master/size.h"
#include "master/slots.h"
#include "sys/addr.h"

/* The service that ROLE's processes belong to; the first when several do. */
static const struct service_conf *
service_of(enum role role)
{
	for (size_t i = 0; i < master.conf->nservices; i++)
		if (slice_is(slice_str(master.conf->services[i].daemon),
			role_name(role)))
			return &master.conf->services[i];
	return NULL;
}

unsigned
child_count(enum role role)
{
	unsigned n = 0;

	for (size_t i = 0; i < master.conf->nservices; i++)
		if (slice_is(slice_str(master.conf->services[i].daemon),
			role_name(role)))
			n += size_processes(&master.conf->services[i]);
	return n;
}

struct child *
child_find(const struct slot_key *wanted, const char *account, bool spawn,
    const char **why)
{
	const struct service_conf *s = service_of(wanted->role);
	struct slot_key key = *wanted;
	struct child *c;
	unsigned n;

	*why = "no such service is configured";
	if (s == NULL)
		return NULL;
	if (!role_serves_uid(key.role))
		key.uid = 0;
	n = child_count(key.role);
	if (n == 0)
		return NULL;
	key.index = key.place.n > 0 ? 0 : key.index % n;
	c = slots_find(&key);
	*why = master.stopping ? "pabal is stopping" : "it does not run";
	if (c != NULL || !role_serves_uid(key.role) || !spawn)
		return c;
	if (!serve_may(master.serve, key.role, key.uid,
		key.uid != 0 && getpwuid(key.uid) != NULL, why))
		return NULL;
	if (!child_have_room()) {
		*why = "too many processes (max_processes)";
		return NULL;
	}
	*why = "its directory cannot be opened";
	return child_new(s, &key, account);
}

static const struct service_conf *
conf_of(const struct child *c)
{
	return master_conf_find(master.conf, c->service);
}

/* ---- the configuration ---- */

struct equip
child_equipment(void)
{
	return (struct equip){ master.conf, master.files };
}

void
child_reconfigure(struct child *c)
{
	const struct equip with = child_equipment();

	if (c->state != CHILD_READY || c->peer == NULL)
		return;
	c->generation = master.generation;
	c->awaited++;
	equip_again(c, &with);
	c->reloaded = true;
}

/* Is the place of C, among the processes of its role, one of its service S in
 * CONF still?  Services before it may have come, gone, grown or shrunk. */
static bool
is_in_place(const struct child *c, const struct master_conf *conf,
    const struct service_conf *s)
{
	unsigned first = 0;

	if (role_serves_uid(c->role))
		return true;
	for (const struct service_conf *o = conf->services; o < s; o++)
		if (strcmp(o->daemon, s->daemon) == 0)
			first += size_processes(o);
	return c->index >= first && c->index - first < size_processes(s);
}

/* Does what the slot was made from still stand as it was? */
static bool
unchanged(const struct child *c, const struct master_conf *conf)
{
	const struct service_conf *a = conf_of(c);
	const struct service_conf *b = master_conf_find(conf, c->service);

	if (a == NULL || b == NULL || strcmp(a->daemon, b->daemon) != 0 ||
	    a->protocol != b->protocol || a->nlisteners != b->nlisteners ||
	    size_processes(a) != size_processes(b) ||
	    size_sessions(a) != size_sessions(b) || !is_in_place(c, conf, b) ||
	    !equip_fits(c, &conf->shared))
		return false;
	if (c->place[0] != '\0' && !c->home &&
	    strcmp(master.conf->shared.mail_directory,
		conf->shared.mail_directory) != 0)
		return false;
	for (size_t i = 0; i < a->nlisteners; i++) {
		char x[ADDR_TEXT], y[ADDR_TEXT];

		if (strcmp(addr_format(&a->listeners[i], x),
			addr_format(&b->listeners[i], y)) != 0)
			return false;
	}
	return true;
}

void
child_retire(
    const struct master_conf *conf, const struct isolations *isolations)
{
	struct child *c, *tmp;

	TAILQ_FOREACH_SAFE(c, &master_children, link, tmp)
	if (!unchanged(c, conf) ||
	    isolation_of(isolations, c->role) !=
		isolation_of(&master.isolations, c->role))
		child_stop(c, true);
}

static void
start_missing(const struct master_conf *conf)
{
	unsigned next[ROLE_COUNT] = { 0 };

	for (size_t i = 0; i < conf->nservices; i++) {
		const struct service_conf *s = &conf->services[i];
		const enum role role = role_find(slice_str(s->daemon));

		for (unsigned k = 0; k < size_processes(s); k++) {
			const struct slot_key key = { .role = role,
				.index = next[role]++ };

			if (!role_serves_uid(role) && slots_find(&key) == NULL)
				(void)child_new(s, &key, "");
		}
	}
}

void
child_apply(const struct master_conf *conf)
{
	struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	child_reconfigure(c);
	start_missing(conf);
}

void
child_replace(const char *service)
{
	struct child *c, *tmp;

	TAILQ_FOREACH_SAFE(c, &master_children, link, tmp)
	if (strcmp(c->service, service) == 0)
		child_stop(c, true);
	start_missing(master.conf);
}

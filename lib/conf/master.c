/* SPDX-License-Identifier: ISC */
#include "conf/master.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "conf/lex.h"
#include "conf/load.h"
#include "conf/param.h"
#include "sys/addr.h"

#define CONF_STRUCT struct master_conf
#include "conf/rows.h"

static const struct conf_param master_params[] = {
#include "conf/master.def"
};

const struct conf_desc master_conf_desc = CONF_DESC("master", master_params);

#undef CONF_STRUCT
#define CONF_STRUCT struct service_conf

static const struct conf_param service_params[] = {
#include "conf/service.def"
};

const struct conf_desc master_service_desc = { "master", NULL,
	sizeof(struct service_conf), service_params,
	ARRAY_LEN(service_params) };

/* The struct comes from conf_load with the arena, which it takes over. */
struct loaded {
	struct master_conf conf;
	struct arena arena;
};

struct master_load {
	struct loaded *out;
	struct conf_errors *errors;
	const char *file;
	const struct conf_items *items;
};

static bool
is_master(const char *file)
{
	const struct slice s = slice_str(file);

	return !slice_is(s, "pabal.conf") &&
	       !slice_ends(s, SLICE("/pabal.conf"));
}

static struct service_conf *
find(struct master_conf *m, struct slice name)
{
	for (size_t i = 0; i < m->nservices; i++)
		if (slice_is(name, m->services[i].name))
			return &m->services[i];
	return NULL;
}

/* The new service of the section that begins with item I. */
static struct service_conf *
add_service(struct master_load *l, const struct conf_item *it)
{
	struct master_conf *m = &l->out->conf;
	struct service_conf *s = find(m, it->section);

	if (s != NULL) {
		conf_errors_add(l->errors, l->file, it->line,
		    "there is a section [%s] in line %u already", s->name,
		    s->line);
		return s;
	}
	s = &m->services[m->nservices++];
	conf_load_defaults(&master_service_desc, &l->out->arena, s);
	s->name = arena_str(&l->out->arena, it->section);
	s->line = it->line;
	return s;
}

static void
load_items(struct master_load *l)
{
	struct master_conf *m = &l->out->conf;
	struct arena *a = &l->out->arena;
	const bool master = is_master(l->file);
	struct service_conf *s = NULL;

	if (master)
		m->services =
		    arena_alloc(a, (l->items->n + 2) * sizeof *m->services);
	for (size_t i = 0; i < l->items->n; i++) {
		const struct conf_item *it = &l->items->v[i];

		if (it->header && !master)
			conf_errors_add(l->errors, l->file, it->line,
			    "this file has no sections");
		else if (it->header)
			s = add_service(l, it);
		else if (s != NULL)
			conf_load_item(&master_service_desc, l->file, l->items,
			    i, a, s, l->errors);
		else
			conf_load_item(
			    master ? &master_conf_desc : &shared_conf_desc,
			    l->file, l->items, i, a, m, l->errors);
	}
}

/* The line of parameter NAME in S's section, or of the section. */
static unsigned
line_of(
    const struct master_load *l, const struct service_conf *s, const char *name)
{
	for (size_t i = 0; i < l->items->n; i++)
		if (slice_is(l->items->v[i].section, s->name) &&
		    slice_is(l->items->v[i].name, name))
			return l->items->v[i].line;
	return s->line;
}

static bool
same_addr(const struct addr *a, const struct addr *b)
{
	char at[ADDR_TEXT], bt[ADDR_TEXT];

	return strcmp(addr_format(a, at), addr_format(b, bt)) == 0;
}

/* The service before S, or S itself, that listens on A already. */
static const struct service_conf *
listens_before(const struct master_load *l, const struct service_conf *s,
    const struct addr *a)
{
	const struct master_conf *m = &l->out->conf;

	for (size_t i = 0; &m->services[i] <= s; i++)
		for (size_t j = 0; j < m->services[i].nlisteners; j++)
			if (same_addr(&m->services[i].listeners[j], a))
				return &m->services[i];
	return NULL;
}

static void
load_listeners(struct master_load *l, struct service_conf *s)
{
	const unsigned line = line_of(l, s, "listen");
	const struct service_conf *other;
	struct addr a;
	struct err err;

	s->listeners =
	    arena_alloc(&l->out->arena, (s->listen.n + 1) * sizeof a);
	for (size_t i = 0; i < s->listen.n; i++) {
		if (addr_parse(&a, slice_str(s->listen.v[i]), 0, &err) == -1)
			conf_errors_add(
			    l->errors, l->file, line, "listen: %s", err.text);
		else if ((other = listens_before(l, s, &a)) != NULL)
			conf_errors_add(l->errors, l->file, line,
			    "listen: %s is an address of [%s] already",
			    s->listen.v[i], other->name);
		else
			s->listeners[s->nlisteners++] = a;
	}
}

/* What there is to know of a daemon here. */
static const struct daemon {
	const char *name;
	bool single;
	enum service_protocol first, last;
} daemons[] = {
#define NUMBER_ONE  true
#define NUMBER_FEW  false
#define NUMBER_CPUS false
#define ROLE(role, name, serves, owner, number, stop, first, last, traits)     \
	{ name, number, SERVICE_##first, SERVICE_##last },
#include "conf/roles.def" // IWYU pragma: keep
#undef ROLE
};

/* NULL: DAEMON is none of ours. */
static const struct daemon *
find_daemon(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(daemons); i++)
		if (strcmp(daemons[i].name, name) == 0)
			return &daemons[i];
	return NULL;
}

/* Can DAEMON take clients who speak PROTOCOL? */
static bool
speaks(const char *daemon, enum service_protocol protocol)
{
	const struct daemon *d = find_daemon(daemon);

	return d != NULL && d->first != SERVICE_NONE && protocol >= d->first &&
	       protocol <= d->last;
}

static void
check_service(struct master_load *l, struct service_conf *s)
{
	load_listeners(l, s);
	if (*s->daemon == '\0')
		conf_errors_add(l->errors, l->file, s->line,
		    "[%s] lacks daemon = ...", s->name);
	else if (strchr(s->daemon, '/') != NULL || *s->daemon == '.')
		conf_errors_add(l->errors, l->file, line_of(l, s, "daemon"),
		    "daemon: expected a name such as smtpd, without a "
		    "directory");
	if (s->listen.n > 0 && s->protocol == SERVICE_NONE)
		conf_errors_add(l->errors, l->file, s->line,
		    "[%s] listens, but protocol does not say what is spoken",
		    s->name);
	else if (s->listen.n > 0 && *s->daemon != '\0' &&
		 !speaks(s->daemon, s->protocol))
		conf_errors_add(l->errors, l->file, line_of(l, s, "protocol"),
		    "[%s] listens, but %s does not speak %s", s->name,
		    s->daemon, master_protocol_name(s->protocol));
}

/* The section before S that has its daemon. */
static const struct service_conf *
find_before(const struct master_conf *m, const struct service_conf *s)
{
	for (const struct service_conf *o = m->services; o < s; o++)
		if (strcmp(o->daemon, s->daemon) == 0)
			return o;
	return NULL;
}

/* Where one process is all there can be, there can be one section. */
static void
check_single(struct master_load *l, const struct service_conf *s)
{
	const struct daemon *d = find_daemon(s->daemon);
	const struct service_conf *first =
	    d != NULL && d->single ? find_before(&l->out->conf, s) : NULL;

	if (first != NULL)
		conf_errors_add(l->errors, l->file, line_of(l, s, "daemon"),
		    "[%s] is a second %s beside [%s]; one is all there can be",
		    s->name, s->daemon, first->name);
}

/* The log is always written, whatever the file says; a section is for those
 * who want to see it there. */
static void
add_logger(struct master_load *l)
{
	struct master_conf *m = &l->out->conf;
	struct service_conf *s;

	for (size_t i = 0; i < m->nservices; i++)
		if (strcmp(m->services[i].daemon, "logger") == 0)
			return;
	s = &m->services[m->nservices++];
	conf_load_defaults(&master_service_desc, &l->out->arena, s);
	s->name = s->daemon = "logger";
}

int
master_conf_load(const struct conf_text *texts, size_t n,
    struct master_conf **conf, struct conf_errors *errors)
{
	const size_t errors_before = errors->n;
	struct loaded *out = xcalloc(1, sizeof *out);
	struct conf_items items;

	arena_init(&out->arena);
	conf_load_defaults(&master_conf_desc, &out->arena, &out->conf);
	for (size_t i = 0; i < n; i++) {
		struct master_load l = { out, errors, texts[i].name, &items };

		conf_lex(&texts[i], &out->arena, &items, errors);
		load_items(&l);
		for (size_t j = 0; is_master(l.file) && j < out->conf.nservices;
		     j++) {
			check_service(&l, &out->conf.services[j]);
			check_single(&l, &out->conf.services[j]);
		}
		if (is_master(l.file))
			add_logger(&l);
		free(items.v);
	}
	conf_load_finish(&out->arena, &out->conf.shared, errors);
	*conf = &out->conf;
	if (errors->n > errors_before)
		master_conf_free(conf);
	return *conf != NULL ? 0 : -1;
}

void
master_conf_free(struct master_conf **conf)
{
	struct loaded *l;

	if (*conf == NULL)
		return;
	l = OUTER(*conf, struct loaded, conf);
	*conf = NULL;
	arena_fini(&l->arena);
	free(l);
}

const struct service_conf *
master_conf_find(const struct master_conf *m, const char *name)
{
	for (size_t i = 0; i < m->nservices; i++)
		if (strcmp(m->services[i].name, name) == 0)
			return &m->services[i];
	return NULL;
}

const char *
master_protocol_name(enum service_protocol protocol)
{
	static const char *const names[] = { SERVICE_PROTOCOLS(WORDS_TEXT) };

	must((size_t)protocol < ARRAY_LEN(names));
	return names[protocol];
}

/* SPDX-License-Identifier: ISC */
#include "milter/filter.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "conf/value.h"
#include "ev/loop.h"
#include "log/log.h"
#include "sys/portset.h"

static LIST_HEAD(, milter_filter) filters = LIST_HEAD_INITIALIZER(filters);

static const char *const unavailables[] = { MILTER_UNAVAILABLES(WORDS_TEXT) };

/* ---- the configuration ---- */

/* The next word of *REST, at blanks. */
static struct slice
next_word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	return slice_cut(*rest, ' ', rest);
}

static bool
is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isalnum(name.p[i]) && name.p[i] != '-' &&
		    name.p[i] != '_' && name.p[i] != '.')
			return false;
	return name.n > 0 && name.n < MILTER_NAME_MAX;
}

static bool
set_time(struct slice value, int64_t *ms)
{
	return conf_parse_time(value, ms) && *ms > 0;
}

static bool
set_bool(struct slice value, bool *b)
{
	*b = slice_is(value, "yes");
	return *b || slice_is(value, "no");
}

static bool
set_unavailable(struct slice value, enum milter_unavailable *u)
{
	for (size_t i = 0; i < ARRAY_LEN(unavailables); i++)
		if (slice_is(value, unavailables[i])) {
			*u = (enum milter_unavailable)i;
			return true;
		}
	return false;
}

static bool
set_mode(struct slice value, bool *warn)
{
	*warn = slice_is(value, "warn");
	return *warn || slice_is(value, "enforce");
}

static bool
set_option(struct milter_filter *f, struct slice name, struct slice value)
{
	if (slice_is(name, "connect_timeout"))
		return set_time(value, &f->connect_ms);
	if (slice_is(name, "command_timeout"))
		return set_time(value, &f->command_ms);
	if (slice_is(name, "message_timeout"))
		return set_time(value, &f->message_ms);
	if (slice_is(name, "unavailable"))
		return set_unavailable(value, &f->unavailable);
	if (slice_is(name, "changes"))
		return set_bool(value, &f->changes);
	if (slice_is(name, "reuse"))
		return set_bool(value, &f->reuse);
	if (slice_is(name, "mode"))
		return set_mode(value, &f->warn);
	return false;
}

/* One entry of the parameter filters into *F, all else in which is zero. */
static int
parse_filter(const char *text, struct milter_filter *f, struct err *err)
{
	struct slice rest = slice_str(text);
	const struct slice name = next_word(&rest);
	const struct slice address = next_word(&rest);

	*f = (struct milter_filter){
		.configured = true,
		.unavailable = milter_conf->unavailable,
		.connect_ms = milter_conf->connect_timeout,
		.command_ms = milter_conf->command_timeout,
		.message_ms = milter_conf->message_timeout,
		.changes = true,
		.reuse = true,
	};
	if (!is_name(name) || address.n == 0)
		return err_set(err, ERR_PERM,
		    "filters: expected \"NAME ADDRESS OPTION=VALUE\", each "
		    "filter in quotes of its own, not \"%.100s\"",
		    text);
	slice_copy(name, f->name, sizeof f->name);
	if (addr_parse(&f->addr, address, 0, err) == -1)
		return -1;
	if (addr_is_unix(&f->addr) && addr_path(&f->addr)[0] != '/')
		return err_set(err, ERR_PERM,
		    "filters: %s: the path of its socket must be absolute",
		    f->name);
	while (rest.n > 0) {
		struct slice value;
		const struct slice word = next_word(&rest);
		const struct slice option = slice_cut(word, '=', &value);

		if (option.n > 0 && !set_option(f, option, value))
			return err_set(err, ERR_PERM,
			    "filters: %s: expected connect_timeout, "
			    "command_timeout or message_timeout with a time, "
			    "unavailable=accept, defer or reject, changes=no, "
			    "reuse=no or mode=warn, not \"%.*s\"",
			    f->name, SLICE_FMT(slice_sub(word, 0, 100)));
	}
	return 0;
}

static bool
is_twice(size_t i)
{
	const struct conf_list *list = &milter_conf->filters;
	struct slice rest = slice_str(list->v[i]);
	const struct slice name = next_word(&rest);

	for (size_t k = 0; k < i; k++) {
		rest = slice_str(list->v[k]);
		if (slice_eq(next_word(&rest), name))
			return true;
	}
	return false;
}

int
milter_filter_check(struct err *err)
{
	for (size_t i = 0; i < milter_conf->filters.n; i++) {
		struct milter_filter f;

		if (parse_filter(milter_conf->filters.v[i], &f, err) == -1)
			return -1;
		if (is_twice(i))
			return err_set(err, ERR_PERM,
			    "filters: %s stands there twice", f.name);
	}
	return 0;
}

static struct milter_filter *
find(struct slice name)
{
	struct milter_filter *f;

	LIST_FOREACH(f, &filters, link)
	if (slice_is(name, f->name))
		return f;
	return NULL;
}

static void
take_over(const struct milter_filter *new)
{
	struct milter_filter *f = find(slice_str(new->name));

	if (f == NULL) {
		f = xcalloc(1, sizeof *f);
		memcpy(f->name, new->name, sizeof f->name);
		TAILQ_INIT(&f->idle);
		f->metrics = milter_metrics_new(f->name);
		LIST_INSERT_HEAD(&filters, f, link);
	}
	f->configured = true;
	f->addr = new->addr;
	f->unavailable = new->unavailable;
	f->connect_ms = new->connect_ms;
	f->command_ms = new->command_ms;
	f->message_ms = new->message_ms;
	f->changes = new->changes;
	f->reuse = new->reuse;
	f->warn = new->warn;
	f->failures = 0;
	f->paused_until_ms = 0;
	f->probing = false;
	f->no_reuse = false;
}

int
milter_filter_configure(struct err *err)
{
	struct milter_filter *f;

	if (milter_filter_check(err) == -1)
		return -1;
	LIST_FOREACH(f, &filters, link)
	{
		f->configured = false;
		f->generation++;
	}
	for (size_t i = 0; i < milter_conf->filters.n; i++) {
		struct milter_filter new;

		if (parse_filter(milter_conf->filters.v[i], &new, err) == 0)
			take_over(&new);
	}
	return 0;
}

void
milter_filter_ports(struct port_set *ports)
{
	for (size_t i = 0; i < milter_conf->filters.n; i++) {
		struct milter_filter f;

		if (parse_filter(milter_conf->filters.v[i], &f, NULL) == 0 &&
		    !addr_is_unix(&f.addr))
			port_set_add(ports, addr_port(&f.addr));
	}
}

struct milter_filter *
milter_filter_find(struct slice name)
{
	struct milter_filter *f = find(name);

	return f != NULL && f->configured ? f : NULL;
}

void
milter_filter_each(void (*fn)(struct milter_filter *f))
{
	struct milter_filter *f;

	LIST_FOREACH(f, &filters, link)
	fn(f);
}

/* ---- does it work? ---- */

bool
milter_filter_usable(struct milter_filter *f, bool *probe)
{
	*probe = false;
	if (f->failures < milter_conf->failure_limit)
		return true;
	if (f->probing || ev_now_ms() < f->paused_until_ms)
		return false;
	*probe = f->probing = true;
	return true;
}

void
milter_filter_works(struct milter_filter *f)
{
	if (f->failures >= milter_conf->failure_limit)
		log_info("milter.resumed", kv_s("filter", f->name));
	f->failures = 0;
	f->probing = false;
}

void
milter_filter_failed(struct milter_filter *f, unsigned generation,
    const char *sid, const char *why)
{
	log_warn("milter.failed", kv_s("sid", sid), kv_s("filter", f->name),
	    kv_s("why", why));
	milter_metrics_add(f->metrics, MILTER_FAILURES);
	if (generation != f->generation)
		return;
	f->probing = false;
	if (f->failures < milter_conf->failure_limit)
		f->failures++;
	if (f->failures < milter_conf->failure_limit)
		return;
	f->paused_until_ms = ev_now_ms() + milter_conf->failure_pause;
	log_warn("milter.suspended", kv_s("filter", f->name),
	    kv_u("failures", f->failures),
	    kv_i("s", milter_conf->failure_pause / 1000));
}

void
milter_filter_unprobed(struct milter_filter *f)
{
	f->probing = false;
}

/* SPDX-License-Identifier: ISC */
#include "conf/load.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/must.h"
#include "base/slice.h"
#include "conf/find.h"
#include "conf/shared.h"
#include "conf/value.h"
#include "proto/address.h"
#include "proto/domain.h"

void
conf_load_defaults(const struct conf_desc *d, struct arena *a, void *conf)
{
	for (; d != NULL; d = d->base)
		for (size_t i = 0; i < d->nparams; i++) {
			const struct conf_param *p = &d->params[i];

			must(conf_value_parse(
				 p, slice_str(p->preset), a, conf, NULL) == 0);
		}
}

static void
unknown(const struct conf_desc *d, const char *file, const struct conf_item *it,
    struct conf_errors *errors)
{
	const char *near = conf_param_nearest(d, it->name);

	if (near != NULL)
		conf_errors_add(errors, file, it->line,
		    "there is no parameter \"%.*s\" here; did you mean %s?",
		    SLICE_FMT(it->name), near);
	else
		conf_errors_add(errors, file, it->line,
		    "there is no parameter \"%.*s\" here; see "
		    "\"pabal conf show %s\"",
		    SLICE_FMT(it->name), d->name);
}

/* The line where item I's parameter was set before in its section, or 0. */
static unsigned
set_before(const struct conf_items *items, size_t i)
{
	const struct conf_item *it = &items->v[i];

	for (size_t j = 0; j < i; j++)
		if (slice_eq(items->v[j].section, it->section) &&
		    slice_eq(items->v[j].name, it->name))
			return items->v[j].line;
	return 0;
}

void
conf_load_item(const struct conf_desc *d, const char *file,
    const struct conf_items *items, size_t i, struct arena *a, void *conf,
    struct conf_errors *errors)
{
	const struct conf_item *it = &items->v[i];
	const struct conf_param *p = conf_param_find(d, it->name);
	const unsigned before = set_before(items, i);
	struct err err;

	if (p == NULL)
		unknown(d, file, it, errors);
	else if (before > 0)
		conf_errors_add(errors, file, it->line,
		    "%s is set a second time; the first is in line %u", p->name,
		    before);
	else if (conf_value_parse(p, it->value, a, conf, &err) == -1)
		conf_errors_add(
		    errors, file, it->line, "%s: %s", p->name, err.text);
}

static void
check_domain(const char *name, const char *value, struct conf_errors *errors)
{
	if (!conf_is_domain(slice_str(value)))
		conf_errors_add(errors, "pabal.conf", 0,
		    "%s: expected a domain such as mail.example, not \"%.80s\"",
		    name, value);
}

static void
finish_hostname(struct arena *a, struct shared_conf *s)
{
	char host[256] = "localhost";

	if (*s->hostname != '\0')
		return;
	if (gethostname(host, sizeof host) == -1 ||
	    !conf_is_domain(slice_str(host)))
		memcpy(host, "localhost", sizeof "localhost");
	host[sizeof host - 1] = '\0';
	s->hostname = arena_str(a, slice_str(host));
}

static void
finish_postmaster(struct arena *a, struct shared_conf *s)
{
	static const char user[] = "postmaster@";
	const char *domain = shared_domain(s);
	char *p;

	if (*s->postmaster != '\0')
		return;
	p = arena_alloc(a, sizeof user + strlen(domain));
	memcpy(p, user, sizeof user - 1);
	memcpy(p + sizeof user - 1, domain, strlen(domain) + 1);
	s->postmaster = p;
}

/* In the form in which domains are compared (proto/domain.h). */
static void
finish_domain(struct arena *a, const char *name, const char **domain,
    struct conf_errors *errors)
{
	struct buf out = { .max = ADDRESS_DOMAIN_MAX };

	check_domain(name, *domain, errors);
	if (domain_to_ascii(slice_str(*domain), &out))
		*domain = arena_str(a, buf_slice(&out));
	else
		conf_errors_add(errors, "pabal.conf", 0,
		    "%s: %.80s is no internationalised domain", name, *domain);
	buf_fini(&out);
}

static void
finish_domains(
    struct arena *a, struct shared_conf *s, struct conf_errors *errors)
{
	size_t tables = 0;

	for (size_t i = 0; i < s->domains.n; i++) {
		const struct slice word = slice_str(s->domains.v[i]);

		if (!shared_is_table(word.p))
			finish_domain(a, "domains", &s->domains.v[i], errors);
		else if (++tables > SHARED_DOMAIN_TABLES ||
			 slice_find(word, '/') < word.n ||
			 slice_ends(word, SLICE(":")))
			conf_errors_add(errors, "pabal.conf", 0,
			    "domains: expected at most %d tables such as "
			    "cdb:domains, not \"%.80s\"",
			    SHARED_DOMAIN_TABLES, word.p);
	}
	if (tables == s->domains.n) {
		/* behind the tables there is room for one more word */
		s->domains.v[s->domains.n++] = s->hostname;
	}
	conf_list_sort(&s->domains, a);
}

void
conf_load_finish(struct arena *a, void *shared, struct conf_errors *errors)
{
	struct shared_conf *s = shared;

	finish_hostname(a, s);
	finish_domain(a, "hostname", &s->hostname, errors);
	finish_domains(a, s, errors);
	finish_postmaster(a, s);
}

/* SPDX-License-Identifier: ISC */
/* policy's rules: which are on, and what some of them lack.  Each parameter of
 * policy.conf that is a mode is a rule. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/param.h"
#include "ctl/check/lacking.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/tables.h"
#include "ctl/inst/target.h"
#include "lookup/conf.h"
#include "policy/conf.h"

static void
tell_modes(struct check_run *c, const struct policy_conf *conf)
{
	static const char *const names[] = { POLICY_MODES(WORDS_TEXT) };
	struct buf text = { .max = 4096 };

	for (int mode = POLICY_ENFORCE; mode >= POLICY_OFF; mode--) {
		buf_addf(&text, "%s%s:", text.n > 0 ? "; " : "", names[mode]);
		for (size_t i = 0; i < policy_conf_desc.nparams; i++) {
			const struct conf_param *p =
			    &policy_conf_desc.params[i];
			const char *at = (const char *)conf + p->offset;

			if (p->type == CONF_ENUM &&
			    strcmp(p->words, "off|warn|enforce") == 0 &&
			    *(const enum policy_mode *)(const void *)at ==
				(enum policy_mode)mode)
				buf_addf(&text, " %s", p->name);
		}
	}
	check_tell(c, CHECK_GOOD, "rules", "%.*s", SLICE_FMT(buf_slice(&text)));
	buf_fini(&text);
}

static bool
limits_logins(const struct policy_conf *conf)
{
	for (size_t i = 0; i < conf->rate_limits.n; i++)
		if (slice_starts(
			slice_str(conf->rate_limits.v[i]), SLICE("login:")))
			return true;
	return false;
}

struct access_seen {
	bool any, country;
};

static bool
see_entry(void *arg, struct slice key, struct slice value)
{
	struct access_seen *seen = arg;

	(void)value;
	seen->any = true;
	seen->country |= slice_starts(key, SLICE("country="));
	return !seen->country;
}

static bool
knows_countries(const struct instance *in)
{
	struct conf_errors errors = { 0 };
	struct target t = { 0 };
	const bool known =
	    target_parse(&t, "lookup") == 0 &&
	    target_read(&t, in, false) == 0 && target_load(&t, &errors) == 0 &&
	    ((const struct lookup_conf *)t.conf)->country_file[0] != '\0';

	conf_errors_fini(&errors);
	target_fini(&t);
	return known;
}

static void
tell_access(struct check_run *c)
{
	const struct instance *in = &c->ctl->inst;
	struct access_seen seen = { 0 };
	struct tables t;

	if (tables_open(&t, in) == 0 &&
	    faccessat(t.dirfd, "access", F_OK, 0) == 0)
		(void)tables_each(&t, "access", see_entry, &seen, NULL);
	tables_close(&t);
	if (!seen.any)
		check_tell(c, CHECK_WARN, "rules",
		    "access is on, and the table access has no entry");
	if (seen.country && !knows_countries(in))
		check_tell(c, CHECK_WARN, "rules",
		    "the table access has entries for countries, which nobody "
		    "knows here: \"pabal %sconf set lookup country_file FILE\"",
		    instance_flag(in));
}

/* A rule that is on and has nothing to go by. */
static void
tell_lacking(struct check_run *c, const struct policy_conf *conf)
{
	char *dir = xasprintf("%s/policy", conf->shared.state_directory);
	struct stat st;

	if (conf->access != POLICY_OFF)
		tell_access(c);
	if (conf->dnsbl != POLICY_OFF && conf->dnsbl_sites.n == 0)
		check_tell(c, CHECK_WARN, "rules",
		    "dnsbl is on, and dnsbl_sites is empty");
	if (conf->rates != POLICY_OFF && conf->rate_limits.n == 0)
		check_tell(c, CHECK_WARN, "rules",
		    "rates is on, and rate_limits is empty");
	if (conf->rates == POLICY_ENFORCE && !limits_logins(conf))
		check_tell(c, CHECK_WARN, "rules",
		    "no limit of rate_limits is for logins, so who has a "
		    "stolen password may send without end: its preset has "
		    "some, \"pabal %sconf explain rate_limits\"",
		    instance_flag(&c->ctl->inst));
	if (conf->greylist != POLICY_OFF && conf->spf == POLICY_OFF)
		check_tell(c, CHECK_WARN, "rules",
		    "greylist is on and spf is off, so mail waits whose sender "
		    "could be known: \"pabal %sconf set policy spf warn\"",
		    instance_flag(&c->ctl->inst));
	if ((conf->greylist != POLICY_OFF || conf->rates == POLICY_ENFORCE) &&
	    stat(dir, &st) == -1)
		check_tell(c, CHECK_WARN, "rules",
		    "there is no directory %s, so what greylist knows, and "
		    "which logins are held, is lost at each restart: make it, "
		    "owned by the user that policy runs as",
		    dir);
	free(dir);
}

void
check_policy(struct check_run *c)
{
	struct conf_errors errors = { 0 };
	struct target t = { 0 };

	if (lacking_policy(&c->ctl->inst))
		check_tell(c, CHECK_WARN, "policy",
		    "master.conf has no such service, so mail that comes in is "
		    "not checked (SPF, DKIM, DMARC, other rules): \"pabal "
		    "%sconf set master:policy daemon policy\"",
		    instance_flag(&c->ctl->inst));
	else if (target_parse(&t, "policy") == 0 &&
		 target_read(&t, &c->ctl->inst, false) == 0 &&
		 target_load(&t, &errors) == 0) {
		tell_modes(c, t.conf);
		tell_lacking(c, t.conf);
	}
	conf_errors_fini(&errors);
	target_fini(&t);
}

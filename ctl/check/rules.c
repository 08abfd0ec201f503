/* SPDX-License-Identifier: ISC */
/* policy's rules: which are on, and what some of them lack.  Each parameter of
 * policy.conf that is a mode is a rule. */
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "conf/param.h"
#include "ctl/check/lacking.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/target.h"
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

/* A rule that is on and has nothing to go by. */
static void
tell_lacking(struct check_run *c, const struct policy_conf *conf)
{
	char *dir = xasprintf("%s/policy", conf->shared.state_directory);
	struct stat st;

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

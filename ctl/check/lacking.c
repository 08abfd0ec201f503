/* SPDX-License-Identifier: ISC */
#include "ctl/check/lacking.h"

#include <string.h>

#include "conf/errors.h"
#include "conf/master.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/target.h"
#include "imapd/conf.h"
#include "smtp/conf.h"

static bool
load(struct target *t, const struct instance *in, const char *daemon)
{
	struct conf_errors errors = { 0 };
	const bool ok = target_parse(t, daemon) == 0 &&
			target_read(t, in, false) == 0 &&
			target_load(t, &errors) == 0;

	conf_errors_fini(&errors);
	return ok;
}

static bool
has_daemon(const struct master_conf *m, const char *daemon)
{
	for (size_t i = 0; i < m->nservices; i++)
		if (strcmp(m->services[i].daemon, daemon) == 0)
			return true;
	return false;
}

bool
lacking_policy(const struct instance *in)
{
	struct target master = { 0 };
	const bool lacking = load(&master, in, "master") &&
			     has_daemon(master.owner, "smtpd") &&
			     !has_daemon(master.owner, "policy");

	target_fini(&master);
	return lacking;
}

static bool
lacking_parking(const struct instance *in)
{
	struct target master = { 0 }, imapd = { 0 };
	const bool lacking =
	    load(&master, in, "master") && load(&imapd, in, "imapd") &&
	    has_daemon(master.owner, "imapd") &&
	    !has_daemon(master.owner, "parking") &&
	    ((const struct imapd_conf *)imapd.conf)->park_after > 0;

	target_fini(&imapd);
	target_fini(&master);
	return lacking;
}

void
check_parking(struct check_run *c)
{
	if (lacking_parking(&c->ctl->inst))
		check_tell(c, CHECK_WARN, "parking",
		    "master.conf has no such service, so idle IMAP sessions "
		    "keep the processes of their accounts: \"pabal %sconf set "
		    "master:parking daemon parking\"",
		    instance_flag(&c->ctl->inst));
}

static bool
lacking_sts(const struct instance *in)
{
	struct target master = { 0 }, smtp = { 0 };
	const bool lacking = load(&master, in, "master") &&
			     load(&smtp, in, "smtp") &&
			     has_daemon(master.owner, "smtp") &&
			     !has_daemon(master.owner, "sts") &&
			     ((const struct smtp_conf *)smtp.conf)->mta_sts;

	target_fini(&smtp);
	target_fini(&master);
	return lacking;
}

void
check_sts(struct check_run *c)
{
	if (lacking_sts(&c->ctl->inst))
		check_tell(c, CHECK_WARN, "sts",
		    "master.conf has no such service, so MTA-STS policies of "
		    "other domains do not count: \"pabal %sconf set "
		    "master:sts daemon sts\"",
		    instance_flag(&c->ctl->inst));
}

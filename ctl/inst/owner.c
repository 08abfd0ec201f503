/* SPDX-License-Identifier: ISC */
#include "ctl/inst/owner.h"

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/inst/instance.h"

/* Everybody may read what is no secret, and send mail.  init looks itself:
 * anybody may make an instance of his own. */
static const char *const owners[] = { "start", "stop", "restart", "reload",
	"run", "status", "metrics", "user add", "user del", "user set",
	"user password", "user app add", "user app del", "user app list",
	"user import", "user export", "mailbox acl", "mailbox shares",
	"mailbox list", "mailbox status", "mailbox check", "mailbox index",
	"mailbox rebuild", "mailbox deleted", "mailbox undelete",
	"mailbox restore", "mailbox purge", "domain add", "domain del",
	"alias add", "alias set", "alias del", "map", "hold list",
	"hold release", "hold delete", "queue show", "queue why",
	"queue export", "queue hold", "queue release", "queue retry",
	"queue flush", "queue delete", "queue bad", "queue bad restore",
	"queue bad show", "queue bad export", "queue bad delete", "cert list",
	"cert install", "cert new", "conf set", "conf unset", "import imap",
	"mailbox export", "mailbox import", "domain set", "sieve list",
	"sieve show", "sieve put", "sieve activate", "sieve deactivate",
	"sieve delete", "sieve rename", "sieve trace", "dkim add",
	"dkim rotate", "srs rotate", "dkim show", "dkim remove", "sts show",
	"sts refresh", "dns check", "report dmarc send", "report tls send",
	"init" };

static bool
is_for_owner(const char *words)
{
	for (size_t i = 0; i < ARRAY_LEN(owners); i++)
		if (strcmp(words, owners[i]) == 0)
			return true;
	return false;
}

uid_t
owner_uid(const struct instance *in)
{
	struct stat st;

	return stat(in->etc, &st) == 0 ? st.st_uid : 0;
}

const char *
owner_other(const struct instance *in)
{
	const struct passwd *pw;
	struct stat st;

	if (geteuid() == 0)
		return NULL;
	if (stat(in->etc, &st) == -1) {
		if (in->dir != NULL)
			return NULL; /* there is none, or it is to be made */
		st.st_uid = 0;
	}
	if (st.st_uid == geteuid())
		return NULL;
	pw = getpwuid(st.st_uid);
	return pw != NULL ? pw->pw_name : "the owner of the instance";
}

int
owner_check(const struct ctl *ctl)
{
	const char *owner = owner_other(&ctl->inst);

	if (owner == NULL || !is_for_owner(ctl->command->words))
		return CTL_OK;
	return ctl_fail("%s: only %s may do this", ctl->command->words, owner);
}

/* SPDX-License-Identifier: ISC */
/*
 * pabal sieve: scripts checked and tried.  Script and message are somebody's:
 * they are read here, and parsed in a child that can reach nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/cmd/sievejob.h"
#include "ctl/inst/confined.h"
#include "ctl/mailbox/sieveaccount.h"
#include "ctl/view/sieveout.h"
#include "mime/charset.h"
#include "sieve/env.h"
#include "sieve/load.h"
#include "sieve/result.h"
#include "sieve/run.h"

static int
check(void *arg)
{
	struct sievejob *j = arg;
	size_t warnings;
	struct sieve_code *code = sievejob_compile(j, true, &warnings);

	if (code == NULL)
		return CTL_FAILED;
	if (warnings == 0 && !j->ctl->json)
		printf("%s: no errors\n", j->name);
	sieve_load_free(&code);
	return CTL_OK;
}

struct sieve_trial {
	struct sievejob job;
	struct sieve_env env;
	const char *mailboxes; /* with commas between; NULL: the usual ones */
	const char *user;      /* whose mailboxes count; NULL: nobody's */
	struct sieveaccount account;
	struct sieveout out;
};

/* ---- a run ---- */

static enum found
on_mailbox(struct sieve_env *env, struct slice name)
{
	struct sieve_trial *j = OUTER(env, struct sieve_trial, env);
	struct slice rest =
	    slice_str(j->mailboxes != NULL ? j->mailboxes
					   : "Drafts,Sent,Junk,Trash,Archive");

	if (j->user != NULL)
		return sieveaccount_named(&j->account, name) != NULL ? FOUND
								     : ABSENT;
	if (slice_iis(name, "INBOX"))
		return FOUND;
	while (rest.n > 0)
		if (slice_eq(slice_cut(rest, ',', &rest), name))
			return FOUND;
	return ABSENT;
}

static enum found
on_mailbox_id(struct sieve_env *env, struct slice id)
{
	struct sieve_trial *j = OUTER(env, struct sieve_trial, env);

	return sieveaccount_id(&j->account, id) != NULL ? FOUND : ABSENT;
}

static enum found
on_special_use(struct sieve_env *env, struct slice mailbox, struct slice use)
{
	struct sieve_trial *j = OUTER(env, struct sieve_trial, env);

	return sieveaccount_used_as(&j->account, mailbox, use) != NULL ? FOUND
								       : ABSENT;
}

/* Would what R stores pass the quota? */
static bool
is_full(const struct sieve_trial *j, const struct sieve_result *r)
{
	const struct sieveaccount *a = &j->account;
	struct quota q = a->used;

	for (const struct sieve_action *x = r->first; x != NULL; x = x->next) {
		if (x->kind != SIEVE_KEEP && x->kind != SIEVE_FILEINTO)
			continue;
		q.bytes += x->head.p != NULL ? x->head.n + x->body.n
					     : j->job.message.n;
		q.messages++;
	}
	return (a->max.bytes > 0 && q.bytes > a->max.bytes) ||
	       (a->max.messages > 0 && q.messages > a->max.messages);
}

static void
on_trace(struct sieve_env *env, struct slice script, uint32_t line,
    struct slice text)
{
	struct sieve_trial *j = OUTER(env, struct sieve_trial, env);

	sieveout_line(&j->out, script, line, text);
}

static int
test(void *arg)
{
	static const struct sieve_calls calls = { .mailbox = on_mailbox,
		.mailbox_id = on_mailbox_id,
		.special_use = on_special_use,
		.trace = on_trace };
	struct sieve_trial *j = arg;
	struct sieve_result result;
	size_t warnings;
	struct sieve_code *code = sievejob_compile(&j->job, false, &warnings);
	int rc;

	if (code == NULL)
		return CTL_FAILED;
	j->env.calls = &calls;
	j->env.limits = &j->job.limits;
	j->env.message = buf_slice(&j->job.message);
	if (j->env.from.p == NULL)
		j->env.from = sievefiles_address(j->env.message, "Return-Path");
	if (j->env.to.p == NULL && j->user != NULL)
		j->env.to = slice_str(j->user);
	if (j->env.to.p == NULL)
		j->env.to = sievefiles_address(j->env.message, "Delivered-To");
	j->env.owner = j->user != NULL ? slice_str(j->user) : j->env.to;
	sieve_result_init(&result);
	sieveout_begin(&j->out, j->job.ctl->json, &j->env);
	j->out.real = j->user != NULL;
	sieve_run(code, &j->env, &result);
	j->out.full = j->user != NULL && is_full(j, &result);
	sieveout_end(&j->out, &result);
	rc = result.status == SIEVE_DONE ? CTL_OK : CTL_FAILED;
	sieve_result_fini(&result);
	sieve_load_free(&code);
	return rc;
}

int
cmd_sieve_check(struct ctl *ctl, int argc, char **argv)
{
	struct sievejob j = { .name = NULL };
	const char *global = NULL;
	const struct ctl_opt opts[] = { { "global", &global, NULL },
		{ NULL, NULL, NULL } };
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (sievejob_open(&j, ctl, argv[0], global) == 0)
		rc = confined_run(ctl, check, &j);
	sievejob_close(&j);
	return rc;
}

static void
take_now(struct date *d)
{
	time_t now = time(NULL);
	struct tm tm;

	*d = (struct date){ .time_s = now };
	if (localtime_r(&now, &tm) != NULL)
		d->zone_min = (int)(tm.tm_gmtoff / 60);
}

static int
open_and_test(
    struct ctl *ctl, struct sieve_trial *j, char **argv, const char *global)
{
	struct err err;

	if (sievejob_open(&j->job, ctl, argv[0], global) == -1)
		return CTL_FAILED;
	if (sievefiles_read(argv[1], &j->job.message, &err) == -1)
		return ctl_fail_err(&err);
	if (j->user != NULL &&
	    sieveaccount_read(&j->account, ctl, j->user) != CTL_OK)
		return CTL_FAILED;
	charset_preload(true);
	return confined_run(ctl, test, j);
}

int
cmd_sieve_test(struct ctl *ctl, int argc, char **argv)
{
	struct sieve_trial j = { .user = NULL };
	const char *global = NULL, *sender = NULL, *recipient = NULL;
	const struct ctl_opt opts[] = { { "global", &global, NULL },
		{ "sender", &sender, NULL }, { "recipient", &recipient, NULL },
		{ "mailboxes", &j.mailboxes, NULL }, { "user", &j.user, NULL },
		{ NULL, NULL, NULL } };
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 2, 2) == -1)
		return CTL_USAGE;
	if (j.user != NULL && strchr(j.user, '@') == NULL)
		return ctl_usage(
		    ctl, "--user: expected NAME@DOMAIN, not \"%s\"", j.user);
	if (j.user != NULL && j.mailboxes != NULL)
		return ctl_usage(ctl, "--user has mailboxes of its own");
	j.env.from = slice_str(sender);
	j.env.to = slice_str(recipient);
	take_now(&j.env.now);
	rc = open_and_test(ctl, &j, argv, global);
	sievejob_close(&j.job);
	sieveaccount_fini(&j.account);
	return rc;
}

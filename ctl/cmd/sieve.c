/* SPDX-License-Identifier: ISC */
/*
 * pabal sieve: scripts checked and tried.  Script and message are somebody's:
 * they are read here, and parsed in a child that can reach nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/confined.h"
#include "ctl/mail/sievefiles.h"
#include "ctl/mail/sieverules.h"
#include "ctl/mailbox/sieveaccount.h"
#include "ctl/view/sieveout.h"
#include "mime/charset.h"
#include "sieve/compile.h"
#include "sieve/env.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieve/load.h"
#include "sieve/result.h"
#include "sieve/run.h"

struct sieve_job {
	struct sieve_source source;
	struct sieve_env env;
	struct sieve_lang lang; /* the instance's, where there is one */
	struct sieve_limits limits;
	const struct ctl *ctl;
	const char *name; /* of the script, without its directory */
	struct buf script, message;
	struct sievefiles personal, global;
	const char *mailboxes; /* with commas between; NULL: the usual ones */
	const char *user;      /* whose mailboxes count; NULL: nobody's */
	struct sieveaccount account;
	struct sieveout out;
};

static enum found
on_script(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	struct sieve_job *j = OUTER(src, struct sieve_job, source);
	const struct buf *b = sievefiles_find(
	    where == SIEVE_GLOBAL ? &j->global : &j->personal, name);

	if (b == NULL)
		return ABSENT;
	*text = buf_slice(b);
	return FOUND;
}

/* Compile the script; NULL: its errors were printed. */
static struct sieve_code *
compile(struct sieve_job *j, bool print, size_t *warnings)
{
	struct sieve_code *code = NULL;
	struct sieve_report report;
	struct arena arena;
	struct buf out;
	struct err err;
	bool temporary;

	j->source.lang = &j->lang;
	j->source.script = on_script;
	arena_init(&arena);
	sieve_report_init(&report, &arena, sieve_limits_default.errors);
	buf_init(&out, sieve_limits_default.code_bytes);
	if (sieve_compile(&j->source, slice_str(j->name), buf_slice(&j->script),
		&out, &report, &temporary)) {
		code = sieve_load(buf_slice(&out), &j->lang, &err);
		if (code == NULL)
			ctl_fail_err(&err);
	}
	if (print || code == NULL)
		sieveout_report(j->ctl->json, &report);
	*warnings = report.nwarnings;
	buf_fini(&out);
	arena_fini(&arena);
	return code;
}

static int
check(void *arg)
{
	struct sieve_job *j = arg;
	size_t warnings;
	struct sieve_code *code = compile(j, true, &warnings);

	if (code == NULL)
		return CTL_FAILED;
	if (warnings == 0 && !j->ctl->json)
		printf("%s: no errors\n", j->name);
	sieve_load_free(&code);
	return CTL_OK;
}

/* ---- a run ---- */

static enum found
on_mailbox(struct sieve_env *env, struct slice name)
{
	struct sieve_job *j = OUTER(env, struct sieve_job, env);
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
	struct sieve_job *j = OUTER(env, struct sieve_job, env);

	return sieveaccount_id(&j->account, id) != NULL ? FOUND : ABSENT;
}

static enum found
on_special_use(struct sieve_env *env, struct slice mailbox, struct slice use)
{
	struct sieve_job *j = OUTER(env, struct sieve_job, env);

	return sieveaccount_used_as(&j->account, mailbox, use) != NULL ? FOUND
								       : ABSENT;
}

/* Would what R stores pass the quota? */
static bool
is_full(const struct sieve_job *j, const struct sieve_result *r)
{
	const struct sieveaccount *a = &j->account;
	struct quota q = a->used;

	for (const struct sieve_action *x = r->first; x != NULL; x = x->next) {
		if (x->kind != SIEVE_KEEP && x->kind != SIEVE_FILEINTO)
			continue;
		q.bytes +=
		    x->head.p != NULL ? x->head.n + x->body.n : j->message.n;
		q.messages++;
	}
	return (a->max.bytes > 0 && q.bytes > a->max.bytes) ||
	       (a->max.messages > 0 && q.messages > a->max.messages);
}

static void
on_trace(struct sieve_env *env, struct slice script, uint32_t line,
    struct slice text)
{
	struct sieve_job *j = OUTER(env, struct sieve_job, env);

	sieveout_line(&j->out, script, line, text);
}

static int
test(void *arg)
{
	static const struct sieve_calls calls = { .mailbox = on_mailbox,
		.mailbox_id = on_mailbox_id,
		.special_use = on_special_use,
		.trace = on_trace };
	struct sieve_job *j = arg;
	struct sieve_result result;
	size_t warnings;
	struct sieve_code *code = compile(j, false, &warnings);
	int rc;

	if (code == NULL)
		return CTL_FAILED;
	j->env.calls = &calls;
	j->env.limits = &j->limits;
	j->env.message = buf_slice(&j->message);
	if (j->env.from.p == NULL)
		j->env.from = sievefiles_address(j->env.message, "Return-Path");
	if (j->env.to.p == NULL && j->user != NULL)
		j->env.to = slice_str(j->user);
	if (j->env.to.p == NULL)
		j->env.to = sievefiles_address(j->env.message, "Delivered-To");
	j->env.owner = j->user != NULL ? slice_str(j->user) : j->env.to;
	sieve_result_init(&result);
	sieveout_begin(&j->out, j->ctl->json, &j->env);
	j->out.real = j->user != NULL;
	sieve_run(code, &j->env, &result);
	j->out.full = j->user != NULL && is_full(j, &result);
	sieveout_end(&j->out, &result);
	rc = result.status == SIEVE_DONE ? CTL_OK : CTL_FAILED;
	sieve_result_fini(&result);
	sieve_load_free(&code);
	return rc;
}

/* ---- what both are given ---- */

static int
open_files(struct sieve_job *j, const char *script, const char *global)
{
	const char *slash = strrchr(script, '/');
	struct err err;

	j->name = slash != NULL ? slash + 1 : script;
	buf_init(&j->script, SIEVEFILES_SCRIPT_MAX + 16384);
	buf_init(&j->message, SIEVEFILES_MESSAGE_MAX + 16384);
	if (sieverules_take(&j->ctl->inst, &j->lang, &j->limits) == -1)
		return -1;
	if (sievefiles_read(script, &j->script, &err) == -1 ||
	    sievefiles_open(&j->personal, script, false, &err) == -1 ||
	    (global != NULL &&
		sievefiles_open(&j->global, global, true, &err) == -1)) {
		ctl_fail_err(&err);
		return -1;
	}
	return 0;
}

static void
close_files(struct sieve_job *j)
{
	buf_fini(&j->script);
	buf_fini(&j->message);
	sievefiles_close(&j->personal);
	sievefiles_close(&j->global);
}

int
cmd_sieve_check(struct ctl *ctl, int argc, char **argv)
{
	struct sieve_job j = { .ctl = ctl };
	const char *global = NULL;
	const struct ctl_opt opts[] = { { "global", &global, NULL },
		{ NULL, NULL, NULL } };
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (open_files(&j, argv[0], global) == 0)
		rc = confined_run(ctl, check, &j);
	close_files(&j);
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
    struct ctl *ctl, struct sieve_job *j, char **argv, const char *global)
{
	struct err err;

	if (open_files(j, argv[0], global) == -1)
		return CTL_FAILED;
	if (sievefiles_read(argv[1], &j->message, &err) == -1)
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
	struct sieve_job j = { .ctl = ctl };
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
	close_files(&j);
	sieveaccount_fini(&j.account);
	return rc;
}

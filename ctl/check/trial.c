/* SPDX-License-Identifier: ISC */
#include "ctl/check/trial.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/confset.h"
#include "ctl/check/check.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/launch.h"
#include "ctl/inst/owner.h"
#include "ctl/view/fields.h"
#include "sys/fd.h"

int
trial_run(
    const struct instance *in, bool last_good, struct buf *why, bool *again)
{
	struct err err;
	bool ok = false;

	*again = false;
	if (owner_other(in) != NULL)
		return 1;
	if (dial_master_pid(in) == 0)
		return launch_trial(in, last_good, why, again);
	if (dial_verb(in, "check", &ok, why, &err) == -1)
		buf_addf(why, "%s\n", err.text);
	return ok ? 0 : -1;
}

/* "FILE:LINE: TEXT" or "service NAME: TEXT". */
static void
add_line(struct conf_errors *errors, struct slice line)
{
	const size_t at = slice_search(line, SLICE(": "));
	char *what = xslicedup(slice_sub(line, 0, at));
	const struct slice text = slice_sub(line, at + 2, line.n);

	if (text.n > 0)
		conf_errors_add(errors, what, 0, "%.*s", SLICE_FMT(text));
	else
		conf_errors_add(errors, "master", 0, "%s", what);
	free(what);
}

int
trial_conf(const struct instance *in, struct conf_errors *errors, bool *again)
{
	struct buf why = { .max = 1 << 18 };
	struct slice rest;
	int rc = check_conf_errors(in, errors);

	*again = false;
	if (rc == 0)
		rc = trial_run(in, false, &why, again);
	for (rest = buf_slice(&why); rest.n > 0;)
		add_line(errors, slice_cut(rest, '\n', &rest));
	buf_fini(&why);
	return rc;
}

static void
format_when(int64_t s, char when[32])
{
	const time_t t = (time_t)s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(when, 32, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

bool
trial_in_force(const struct instance *in, char when[32])
{
	struct buf text = { .max = 4096 };
	struct err err;
	int64_t since = 0;
	bool ok;

	if (dial_verb(in, "source", &ok, &text, &err) == 0 &&
	    fields_num(slice_trim(buf_slice(&text)), "last-good", &since) &&
	    since > 0)
		format_when(since, when);
	buf_fini(&text);
	return since > 0;
}

bool
trial_last_good(const struct instance *in, char when[32])
{
	char *path = xasprintf("%s/" CONFSET_NAME, in->state);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	struct confset *set = NULL;
	struct buf text;

	free(path);
	buf_init(&text, CONFSET_BYTES);
	if (fd != -1 && fd_read_file(fd, &text, NULL) == 0)
		set = confset_parse(buf_slice(&text), "", NULL);
	fd_close(&fd);
	if (text.p != NULL)
		explicit_bzero(text.p, text.cap);
	buf_fini(&text);
	if (set == NULL)
		return false;
	format_when(set->since_s, when);
	confset_free(&set);
	return true;
}

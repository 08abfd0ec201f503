/* SPDX-License-Identifier: ISC */
#include "ctl/cmd/sievejob.h"

#include <string.h>

#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mail/sieverules.h"
#include "ctl/view/sieveout.h"
#include "sieve/compile.h"
#include "sieve/load.h"

struct sievejob_source {
	struct sieve_source source;
	struct sievejob *job;
};

static enum found
on_script(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	const struct sievejob *j =
	    OUTER(src, struct sievejob_source, source)->job;
	const struct buf *b = sievefiles_find(
	    where == SIEVE_GLOBAL ? &j->global : &j->personal, name);

	if (b == NULL)
		return ABSENT;
	*text = buf_slice(b);
	return FOUND;
}

struct sieve_code *
sievejob_compile(struct sievejob *j, bool print, size_t *warnings)
{
	struct sievejob_source src = { .job = j,
		.source = { .lang = &j->lang, .script = on_script } };
	struct sieve_code *code = NULL;
	struct sieve_report report;
	struct arena arena;
	struct buf out;
	struct err err;
	bool temporary;

	arena_init(&arena);
	sieve_report_init(&report, &arena, sieve_limits_default.errors);
	buf_init(&out, sieve_limits_default.code_bytes);
	if (sieve_compile(&src.source, slice_str(j->name),
		buf_slice(&j->script), &out, &report, &temporary)) {
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

int
sievejob_open(struct sievejob *j, const struct ctl *ctl, const char *script,
    const char *global)
{
	const char *slash = strrchr(script, '/');
	struct err err;

	j->ctl = ctl;
	j->name = slash != NULL ? slash + 1 : script;
	buf_init(&j->script, SIEVEFILES_SCRIPT_MAX + 16384);
	buf_init(&j->message, SIEVEFILES_MESSAGE_MAX + 16384);
	if (sieverules_take(&ctl->inst, &j->lang, &j->limits) == -1)
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

void
sievejob_close(struct sievejob *j)
{
	buf_fini(&j->script);
	buf_fini(&j->message);
	sievefiles_close(&j->personal);
	sievefiles_close(&j->global);
}

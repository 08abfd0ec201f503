/* SPDX-License-Identifier: ISC */
#include "sievestore/upload.h"

#include "base/buf.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "sieve/compile.h"
#include "sieve/limits.h"
#include "sieve/report.h"

struct upload {
	struct sieve_source source;
	const struct sievestore *store;
};

struct sievestore_limits
sievestore_upload_limits(const struct shared_conf *conf)
{
	return (struct sievestore_limits){
		.script_bytes = conf->sieve_max_script_size,
		.scripts = conf->sieve_max_scripts,
		.total_bytes = conf->sieve_max_storage,
	};
}

/* Names that are none sieverun refuses to start with. */
struct sieve_lang
sievestore_upload_lang(const struct shared_conf *conf)
{
	const struct conf_list *off = &conf->sieve_extensions_off;
	struct sieve_lang lang;
	struct err err;

	(void)sieve_lang_make(&lang, off->v, off->n, &err);
	return lang;
}

/* Is NAME there?  Of global scripts nothing is known here. */
static enum found
on_script(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	struct upload *u = OUTER(src, struct upload, source);

	*text = SLICE("");
	if (where == SIEVE_GLOBAL || sievestore_has(u->store, name))
		return FOUND;
	return ABSENT;
}

bool
sievestore_upload_compiles(const struct sievestore *s,
    const struct shared_conf *conf, struct slice name, struct slice text,
    struct sieve_report *report)
{
	const struct sieve_lang lang = sievestore_upload_lang(conf);
	struct upload u = { .source = { .lang = &lang,
				.upload = true,
				.script = s != NULL ? on_script : NULL },
		.store = s };
	struct buf code;
	bool temporary, ok;

	buf_init(&code, sieve_limits_default.code_bytes);
	ok = sieve_compile(&u.source, name, text, &code, report, &temporary);
	buf_fini(&code);
	return ok;
}

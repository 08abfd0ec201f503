/* SPDX-License-Identifier: ISC */
/* A script that looks into everything, on any message; and what it sends. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "sieve/compile.h"
#include "sieve/env.h"
#include "sieve/lang.h"
#include "sieve/letter.h"
#include "sieve/load.h"
#include "sieve/report.h"
#include "sieve/result.h"
#include "sieve/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char script[] =
    "require [\"fileinto\", \"envelope\", \"variables\", \"imap4flags\","
    " \"vacation\", \"subaddress\", \"relational\", \"body\", \"date\","
    " \"index\", \"regex\", \"editheader\", \"enotify\", \"foreverypart\","
    " \"mime\", \"extracttext\", \"replace\", \"enclose\", \"copy\","
    " \"duplicate\"];\n"
    "if header :matches [\"subject\", \"from\"] \"*a?b*\" {"
    " set \"x\" \"${1}${2}\"; }\n"
    "if header :regex \"subject\" \"^(a+)+$\" { set \"y\" \"${1}\"; }\n"
    "if address :detail :count \"ge\" [\"to\", \"cc\"] \"2\" { addflag \"a\"; "
    "}\n"
    "if date \"date\" \"iso8601\" \"x\" { keep; }\n"
    "if body :content [\"\", \"text/html\"] :contains \"needle\" { keep; }\n"
    "if body :text :matches \"*x*\" { addflag \"b\"; }\n"
    "if duplicate { discard; }\n"
    "deleteheader :index 1 \"subject\";\naddheader \"X-New\" \"${x}\";\n"
    "foreverypart { if header :mime :anychild :param \"charset\""
    " \"content-type\" \"utf-8\" { extracttext :first 100 \"t\"; }\n"
    " if header :mime :subtype \"content-type\" \"html\" {"
    " replace \"gone\"; } }\n"
    "fileinto :copy \"A\";\n"
    "vacation :addresses \"b@example.net\" \"away\";\n"
    "notify \"mailto:c@example.net\";\n"
    "redirect :copy \"d@example.net\";\n"
    "enclose :subject \"in\" \"see\";\nkeep;\n";

static struct sieve_code *code;

static void
compile(void)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_source source = { .lang = &lang };
	struct sieve_report report;
	struct arena arena;
	struct buf out;
	struct err err;
	bool temporary;

	arena_init(&arena);
	sieve_report_init(&report, &arena, 10);
	buf_init(&out, 1 << 20);
	must(sieve_compile(
	    &source, SLICE("s"), slice_str(script), &out, &report, &temporary));
	code = sieve_load(buf_slice(&out), &lang, &err);
	must(code != NULL);
	buf_fini(&out);
	arena_fini(&arena);
}

static void
send_all(const struct sieve_env *env, const struct sieve_result *r)
{
	const struct sieve_letter_name name = { SLICE("host.example.net"),
		SLICE("1") };

	for (const struct sieve_action *a = r->first; a != NULL; a = a->next) {
		struct sieve_letter l;
		struct arena arena;

		arena_init(&arena);
		if (sieve_letter_make(&arena, env, a, &name, &l))
			must(l.nto > 0 && l.head.n > 0);
		arena_fini(&arena);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sieve_env env = { .message = slice_of(data, size),
		.from = SLICE("a@example.org"),
		.to = SLICE("me@example.net") };
	struct sieve_result r;

	if (code == NULL)
		compile();
	sieve_result_init(&r);
	sieve_run(code, &env, &r);
	send_all(&env, &r);
	sieve_result_fini(&r);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* What the compiler takes, the loader takes, and it runs to an end. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "sieve/compile.h"
#include "sieve/env.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieve/load.h"
#include "sieve/report.h"
#include "sieve/result.h"
#include "sieve/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char message[] =
    "Return-Path: <a@example.org>\r\nReceived: by x; Tue, 21 Nov 2000 "
    "09:08:07 +0900\r\nFrom: Bob <bob+x@example.org>\r\nTo: me@example.net\r\n"
    "Subject: =?utf-8?q?f=C3=B6o?= bar\r\nMessage-ID: <1@x>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>hello</b>\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
    "in\r\n\r\nx\r\n--b--\r\n";

static void
run(struct slice bytes, const struct sieve_lang *lang)
{
	struct sieve_limits limits = sieve_limits_default;
	struct sieve_env env = { .limits = &limits,
		.message = slice_str(message),
		.from = SLICE("a@example.org"),
		.to = SLICE("me@example.net") };
	struct sieve_result r;
	struct err err;
	struct sieve_code *code = sieve_load(bytes, lang, &err);

	limits.steps = 100000;
	must(code != NULL);
	sieve_result_init(&r);
	sieve_run(code, &env, &r);
	must(r.status != SIEVE_LATER && r.nactions <= limits.actions);
	sieve_result_fini(&r);
	sieve_load_free(&code);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_source source = { .lang = &lang };
	struct sieve_report report;
	struct arena arena;
	struct buf out;
	bool temporary;

	arena_init(&arena);
	sieve_report_init(&report, &arena, 10);
	buf_init(&out, 1 << 20);
	if (sieve_compile(&source, SLICE("s"), slice_of(data, size), &out,
		&report, &temporary))
		run(buf_slice(&out), &lang);
	else
		must(report.nerrors > 0 && !temporary);
	buf_fini(&out);
	arena_fini(&arena);
	return 0;
}

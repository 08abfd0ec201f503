/* SPDX-License-Identifier: ISC */
/* Whatever bytes are loaded as code run to an end within their limits. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/must.h"
#include "sieve/code.h"
#include "sieve/env.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieve/load.h"
#include "sieve/result.h"
#include "sieve/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char message[] =
    "From: Bob <bob+x@example.org>\r\nTo: me@example.net\r\nSubject: foo\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nhello\r\n--b\r\n\r\nworld\r\n--b--\r\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_limits limits = sieve_limits_default;
	struct sieve_env env = { .limits = &limits,
		.message = slice_str(message),
		.from = SLICE("a@example.org"),
		.to = SLICE("me@example.net") };
	struct sieve_result r;
	struct sieve_code *code;
	struct buf b;
	struct err err;

	buf_init(&b, size + 8);
	buf_add(&b, SLICE("PSV"));
	buf_addc(&b, SIEVE_CODE_VERSION);
	sieve_code_put_u32(&b, crc32c(0, slice_of(data, size)));
	buf_add(&b, slice_of(data, size));
	limits.steps = 20000;
	code = sieve_load(buf_slice(&b), &lang, &err);
	if (code != NULL) {
		sieve_result_init(&r);
		sieve_run(code, &env, &r);
		must(r.nactions <= limits.actions);
		sieve_result_fini(&r);
	}
	sieve_load_free(&code);
	buf_fini(&b);
	return 0;
}

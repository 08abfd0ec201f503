/* SPDX-License-Identifier: ISC */
/* Whatever a process writes becomes lines of the log in its name, each with one
 * end, printable, and not too long. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "base/utf8.h"
#include "log/named.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log_writer w = log_writer("smtpd", 2, 77);
	struct buf out = { .max = LOG_NAMED_MAX };

	log_named(slice_of(data, size), &w, &out);
	must(!out.failed && (out.n > 0) == (size > 0));
	if (out.n > 0) {
		must(slice_find(buf_slice(&out), '\n') == out.n - 1);
		buf_truncate(&out, out.n - 1);
		must(utf8_valid(buf_slice(&out)));
		for (size_t i = 0; i < out.n; i++)
			must((unsigned char)out.p[i] >= 0x20);
		must(strstr(buf_cstr(&out), "smtpd/2") != NULL);
	}
	buf_fini(&out);
	return 0;
}

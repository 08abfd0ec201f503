/* SPDX-License-Identifier: ISC */
/* Whole sessions: whatever a client says, every reply is a line that begins
 * with a code, the queue gets only whole messages, and the session ends. */
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "tests/unit/smtpd/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_replies(struct slice replies)
{
	while (replies.n > 0) {
		const struct slice line = slice_cut(replies, '\n', &replies);

		must(line.n >= 5 && line.p[line.n - 1] == '\r');
		must(line.p[0] >= '2' && line.p[0] <= '5');
		must(ascii_isdigit(line.p[1]) && ascii_isdigit(line.p[2]));
		must(line.p[3] == ' ' || line.p[3] == '-');
		for (size_t i = 0; i < line.n - 1; i++)
			must((unsigned char)line.p[i] >= 0x20 &&
			     line.p[i] != 0x7f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const protocols[] = { "smtp", "submission", "lmtp" };
	static const char *const ips[] = { "192.0.2.1", "198.51.100.1",
		"127.0.0.1", "local" };
	static bool ready;

	if (!ready)
		fake_init("hostname = h.example\ndomains = local.example\n"
			  "cleartext_login_networks = 198.51.100.0/24\n"
			  "message_size_limit = 64K\n",
		    "max_command_length = 512\ndsn = yes\n"
		    "bare_newline = normalise\nstrip_bcc = yes\n"
		    "xclient_hosts = 198.51.100.1\n");
	ready = true;
	if (size < 2)
		return 0;
	(void)fake_talk(protocols[data[0] % 3], ips[data[1] % 4],
	    slice_of(data + 2, size - 2));
	check_replies(buf_slice(&fake.replies));
	must(fake.sessions == 0);
	return 0;
}

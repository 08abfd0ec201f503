/* SPDX-License-Identifier: ISC */
/* A header of the PROXY protocol is found at the same place however it comes,
 * takes nothing from behind it, and is never longer than its room. */
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/must.h"
#include "base/slice.h"
#include "front/proxy.h"
#include "sys/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_of(data, size);
	struct addr client, again;
	char text[ADDR_TEXT];
	size_t len, part;
	const enum proxy_found found = proxy_parse(in, &len, &client);

	must(len <= in.n);
	if (found == PROXY_MORE)
		must(len == in.n && in.n < PROXY_HEADER_MAX);
	if (found == PROXY_INVALID)
		return 0;
	for (size_t n = 0; n < len; n++)
		must(proxy_parse(slice_sub(in, 0, n), &part, &again) ==
			 PROXY_MORE &&
		     part == n);
	must(proxy_parse(slice_sub(in, 0, len), &part, &again) == found);
	if (found != PROXY_CLIENT)
		return 0;
	must(client.ss.ss_family == AF_INET || client.ss.ss_family == AF_INET6);
	must(addr_parse(
		 &again, slice_str(addr_format(&client, text)), 1, NULL) == 0 ||
	     addr_port(&client) == 0);
	return 0;
}

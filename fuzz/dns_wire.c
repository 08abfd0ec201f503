/* SPDX-License-Identifier: ISC */
/* Whatever a packet holds, names that come out are host names as text, and
 * a list of MX hosts made of it reads again as itself. */
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/must.h"
#include "dns/mxlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
first(uint32_t n)
{
	must(n > 0);
	return 0;
}

static void
check_mx(const struct dns_answer *answer)
{
	struct mx_list list = { .kind = MX_HOSTS }, again;
	struct buf text, twice;

	mxlist_take(&list, answer, first);
	buf_init(&text, 65536);
	buf_init(&twice, 65536);
	mxlist_format(&list, &text);
	must(mxlist_parse(buf_slice(&text), &again));
	mxlist_format(&again, &twice);
	must(slice_eq(buf_slice(&text), buf_slice(&twice)));
	buf_fini(&text);
	buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_PTR, DNS_MX, DNS_TXT,
		DNS_AAAA, DNS_TLSA, DNS_CNAME, DNS_MX };
	const enum dns_type type = types[size > 0 ? data[0] & 7U : 0];
	struct dns_answer answer;
	struct arena a;

	if (size == 0)
		return 0;
	arena_init(&a);
	dns_wire_parse(slice_of(data + 1, size - 1), type, &a, &answer);
	must((answer.found == FOUND) == (answer.n > 0));
	must(answer.n <= DNS_RECORDS_MAX);
	for (const char *p = answer.name; *p != '\0'; p++)
		must(ascii_isprint(*p) && *p != ' ');
	if (type == DNS_MX && answer.found == FOUND)
		check_mx(&answer);
	arena_fini(&a);
	return 0;
}

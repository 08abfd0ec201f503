/* SPDX-License-Identifier: ISC */
/* Whatever a zone file holds, it is refused with a line or it has answers, and
 * aliases come to an end. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "dns/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT,
		DNS_PTR, DNS_CNAME };
	struct err err = { .text = "" };
	struct dns_zone *zone = dns_zone_parse(slice_of(data, size), &err);
	struct dns_answers answers;

	if (zone == NULL) {
		must(strncmp(err.text, "line ", 5) == 0);
		return 0;
	}
	dns_answers_init(&answers);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		(void)dns_answers_get(&answers, SLICE("a.example"), types[i]);
	dns_zone_answer(zone, &answers);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		const struct dns_answer *answer =
		    dns_answers_get(&answers, SLICE("a.example"), types[i]);

		must(answer != NULL);
		must((answer->found == FOUND) == (answer->n > 0));
	}
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
	return 0;
}

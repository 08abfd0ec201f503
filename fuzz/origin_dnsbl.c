/* SPDX-License-Identifier: ISC */
/* A first line that reads as a site is asked about with the answers of the zone
 * file behind it: it comes to an end, and an error is no hit. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "dns/zone.h"
#include "origin/dnsbl.h"
#include "origin/helo.h"
#include "origin/reverse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t client[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };

static void
try_list(const struct dnsbl_site *site, const struct dns_zone *zone)
{
	struct dns_answers answers;
	struct dnsbl_verdict v;
	struct arena arena;
	int rounds = 0;

	arena_init(&arena);
	dns_answers_init(&answers);
	while (!dnsbl_check(site, 1, client, 1, &answers, &arena, &v)) {
		must(rounds++ < 4);
		dns_zone_answer(zone, &answers);
	}
	must(!v.sites[0].hit || v.sites[0].error == DNSBL_OK);
	must(v.score == (v.sites[0].hit ? site->weight : 0));
	dns_answers_fini(&answers);
	arena_fini(&arena);
}

static void
try_names(struct slice helo, const struct dns_zone *zone)
{
	struct dns_answers answers;
	struct reverse_verdict v;
	enum found found;

	dns_answers_init(&answers);
	(void)helo_is_no_name(helo);
	(void)helo_is_own(helo, SLICE("mx.a.test"));
	(void)helo_is_other_literal(helo, client);
	while (!helo_resolves(helo, &answers, &found))
		dns_zone_answer(zone, &answers);
	while (!reverse_check(client, &answers, &v))
		dns_zone_answer(zone, &answers);
	dns_answers_fini(&answers);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;
	const struct slice word = slice_cut(slice_of(data, size), '\n', &text);
	struct dns_zone *zone = dns_zone_parse(text, NULL);
	struct dnsbl_site site;

	if (zone == NULL)
		return 0;
	try_names(word, zone);
	if (dnsbl_parse(word, &site, NULL) == 0)
		try_list(&site, zone);
	dns_zone_free(&zone);
	return 0;
}

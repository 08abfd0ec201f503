/* SPDX-License-Identifier: ISC */
#include "origin/reverse.h"

#include <string.h>

#include "dns/wire.h"
#include "sys/addr.h"

const char *
reverse_result_name(enum reverse_result result)
{
	static const char *const names[] = { REVERSE_RESULTS(WORDS_TEXT) };

	return names[result];
}

static bool
has_address(
    const struct dns_answer *a, enum dns_type type, const uint8_t ip[16])
{
	for (size_t i = 0; i < a->n; i++)
		if (type == DNS_A ? memcmp(a->records[i].a, &ip[12], 4) == 0
				  : memcmp(a->records[i].aaaa, ip, 16) == 0)
			return true;
	return false;
}

/* All are wanted at once. */
static bool
check_names(const struct dns_answer *names, const uint8_t ip[16],
    struct dns_answers *answers, struct reverse_verdict *v)
{
	const enum dns_type type = addr_ip16_is_v4(ip) ? DNS_A : DNS_AAAA;
	bool done = true, failed = false;

	for (size_t i = 0; i < names->n && i < REVERSE_NAMES_MAX; i++) {
		const struct slice name = slice_str(names->records[i].name);
		const struct dns_answer *a =
		    dns_answers_get(answers, name, type);

		if (a == NULL) {
			done = false;
			continue;
		}
		failed = failed || a->found == TEMPFAIL;
		if (a->found == FOUND && has_address(a, type, ip)) {
			*v = (struct reverse_verdict){ REVERSE_PASS, name };
			return true;
		}
	}
	v->result = failed ? REVERSE_TEMPERROR : REVERSE_FAIL;
	v->name = slice_str(names->records[0].name);
	return done;
}

bool
reverse_check(const uint8_t ip[16], struct dns_answers *answers,
    struct reverse_verdict *v)
{
	char name[DNS_NAME_MAX];
	const struct dns_answer *names;

	*v = (struct reverse_verdict){ .result = REVERSE_NONE };
	dns_reverse_name(ip, name);
	names = dns_answers_get(answers, slice_str(name), DNS_PTR);
	if (names == NULL)
		return false;
	if (names->found == TEMPFAIL)
		v->result = REVERSE_TEMPERROR;
	if (names->found != FOUND || names->n == 0)
		return true;
	return check_names(names, ip, answers, v);
}

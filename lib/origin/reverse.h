/* SPDX-License-Identifier: ISC */
/* The name that a client's address has by forward-confirmed reverse DNS (RFC
 * 8601 3, iprev). */
#ifndef ORIGIN_REVERSE_H
#define ORIGIN_REVERSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/words.h"
#include "dns/answers.h"

#define REVERSE_RESULTS(W)                                                     \
	W(REVERSE_PASS, "pass")                                                \
	W(REVERSE_NONE, "none")           /* no name */                        \
	W(REVERSE_FAIL, "fail")           /* none that leads back */           \
	W(REVERSE_TEMPERROR, "temperror") /* not known at this time */
enum reverse_result { REVERSE_RESULTS(WORDS_ID) };

struct reverse_verdict {
	enum reverse_result result;
	struct slice name; /* with fail the first that does not lead back; as
			      long as the answers */
};

/* Names looked at; more are left out. */
enum { REVERSE_NAMES_MAX = 10 };

/* False: ANSWERS wants some first. */
bool reverse_check(const uint8_t ip[16], struct dns_answers *answers,
    struct reverse_verdict *v);
const char *reverse_result_name(enum reverse_result result);

#endif

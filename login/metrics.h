/* SPDX-License-Identifier: ISC */
/* What login counts. */
#ifndef LOGIN_METRICS_H
#define LOGIN_METRICS_H

#include <stdint.h>

/* clang-format off */
#define LOGIN_METRICS(C) \
	C(logins, "Sessions handed off to imapd, pop3d or sieved.") \
	C(refused, "Logins that did not succeed.") \
	C(unserved, "Sessions that imapd, pop3d or sieved did not take.")
/* clang-format on */

enum login_counter {
#define C(name, help) LOGIN_COUNT_##name,
	LOGIN_METRICS(C)
#undef C
	    LOGIN_COUNTERS
};

void login_metrics_init(void);
void login_count(enum login_counter which, int64_t n);

#endif

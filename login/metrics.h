/* SPDX-License-Identifier: ISC */
/* What login counts. */
#ifndef LOGIN_METRICS_H
#define LOGIN_METRICS_H

#include <stdint.h>

/* clang-format off */
#define LOGIN_METRICS(C, G) \
	C(sessions, "Connections taken.") \
	G(sessions_open, "Connections open now, sessions in TLS included.") \
	C(sessions_full, "Connections refused at a limit.") \
	C(logins, "Sessions handed in.") \
	C(refused, "Logins that did not succeed.") \
	C(unserved, "Sessions that imapd or pop3d did not take.") \
	C(tls_sessions, "Connections with TLS.") \
	C(tls_failures, "TLS handshakes that failed.") \
	C(timeouts, "Connections ended because the login took too long.")
/* clang-format on */

enum login_counter {
#define C(name, help) LOGIN_COUNT_##name,
	LOGIN_METRICS(C, C)
#undef C
	    LOGIN_COUNTERS
};

void login_metrics_init(void);
void login_count(enum login_counter which, int64_t n);

#endif

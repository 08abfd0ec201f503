/* SPDX-License-Identifier: ISC */
/* What httpd counts. */
#ifndef HTTPD_METRICS_H
#define HTTPD_METRICS_H

#include <stdint.h>

/* clang-format off */
#define HTTPD_METRICS(C) \
	C(requests, "Requests answered.") \
	C(client_errors, "Of these, with a status from 400 to 499.") \
	C(server_errors, "Of these, with a status from 500 on.") \
	C(malformed, "Requests that were none of HTTP/1.1.") \
	C(carried, "Requests that a jmapd has answered.") \
	C(refused_logins, "Requests whose credentials were refused.") \
	C(sent_bytes, "Bytes of content in answers.")
/* clang-format on */

enum httpd_counter {
#define C(name, help) HTTPD_COUNT_##name,
	HTTPD_METRICS(C)
#undef C
	    HTTPD_COUNTERS
};

void httpd_metrics_init(void);
void httpd_count(enum httpd_counter which, int64_t n);

#endif

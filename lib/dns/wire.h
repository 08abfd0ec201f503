/* SPDX-License-Identifier: ISC */
/*
 * DNS answers from the wire (RFC 1035 4): the records of one type for the
 * name that was asked, aliases followed.  Pure; the bytes may be hostile.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52,
};

enum {
	DNS_NAME_MAX = 254,    /* text of a name, without final dot, and NUL */
	DNS_RECORDS_MAX = 256, /* more records of the type are left out */
};

/* One record; which member counts follows from the type asked for. */
struct dns_record {
	union {
		uint8_t a[4];
		uint8_t aaaa[16];
		const char *name; /* PTR, CNAME: lower case, no final dot */
		struct { /* of SRV, too, whose preference is its priority */
			uint16_t preference, weight, port;
			const char *host; /* "" for the root: none */
		} mx;
		struct slice txt; /* strings joined (RFC 7208 3.3) */
		struct {
			uint8_t usage, selector, matching;
			struct slice data;
		} tlsa;
	};
};

struct dns_answer {
	enum found found;
	bool nxdomain;    /* ABSENT: no such name, rather than no such type */
	bool secure;      /* validated by DNSSEC, also what is absent */
	uint32_t ttl_s;   /* the smallest of the records used */
	const char *name; /* the name the records stand at, after aliases */
	struct dns_record *records;
	size_t n;
	const char *why; /* TEMPFAIL: for the log */
};

/* Read PACKET as the answer for TYPE; what *ANSWER points at is in A.  A
 * packet that is malformed, or says that the server failed, is TEMPFAIL. */
void dns_wire_parse(struct slice packet, enum dns_type type, struct arena *a,
    struct dns_answer *answer);

/* "MX" for DNS_MX. */
const char *dns_type_name(enum dns_type type);

/* The name to ask PTR for: IP is IPv4 mapped into IPv6 or IPv6. */
void dns_reverse_name(const uint8_t ip[16], char out[DNS_NAME_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
#include "smtp/route/target.h"

#include <stdio.h>
#include <string.h>

void
smtp_target_format(const struct smtp_target *t, char text[SMTP_TARGET_TEXT])
{
	char ip[ADDR_TEXT];

	if (addr_is_unix(&t->addr))
		snprintf(
		    text, SMTP_TARGET_TEXT, "%s", addr_format(&t->addr, ip));
	else
		snprintf(text, SMTP_TARGET_TEXT, "%s[%s]:%u", t->host,
		    addr_format_ip(&t->addr, ip),
		    (unsigned)addr_port(&t->addr));
}

void
smtp_target_key(const struct smtp_target *t, char text[SMTP_TARGET_KEY])
{
	char source[ADDR_TEXT];
	size_t n;

	smtp_target_format(t, text);
	n = strlen(text);
	snprintf(text + n, SMTP_TARGET_KEY - n,
	    "%s%s%s%s%s %016llx %d %d%d%d %s %s=%s", t->lmtp ? " l" : "",
	    t->secure ? " s" : "", t->requiretls ? " q" : "",
	    t->named ? " n" : "", t->waived ? " w" : "",
	    (unsigned long long)t->auth, (int)t->policy, t->sts, t->sts_enforce,
	    t->sts_host, t->match, smtp_target_source(t, source), t->helo);
}

const char *
smtp_target_source(const struct smtp_target *t, char text[ADDR_TEXT])
{
	if (t->has_source)
		return addr_format_ip(&t->source, text);
	text[0] = '\0';
	return text;
}

bool
smtp_target_is_local(const struct smtp_target *t)
{
	static const uint8_t loopback6[16] = { [15] = 1 };
	static const uint8_t loopback4[13] = { [10] = 0xff, 0xff, 127 };
	uint8_t ip[16];

	if (!addr_ip16(&t->addr, ip))
		return true;
	return memcmp(ip, loopback6, sizeof loopback6) == 0 ||
	       memcmp(ip, loopback4, sizeof loopback4) == 0;
}

/* SPDX-License-Identifier: ISC */
#include "ctl/view/nextsteps.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/template.h"
#include "ctl/sign/signkeys.h"
#include "proto/domain.h"

enum { NAME_WIDTH = 40, OUT_MAX = 1 << 18 };

/* clang-format off */
static const struct {
	uint32_t net;
	unsigned bits;
} not_public[] = {
	{ 0x00000000, 8 },  { 0x0a000000, 8 },  { 0x64400000, 10 },
	{ 0x7f000000, 8 },  { 0xa9fe0000, 16 }, { 0xac100000, 12 },
	{ 0xc0a80000, 16 }, { 0xe0000000, 3 },
};
/* clang-format on */

bool
nextsteps_is_public(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof in6);
		return (in6.sin6_addr.s6_addr[0] & 0xe0) == 0x20;
	}
	if (sa->sa_family != AF_INET)
		return false;
	memcpy(&in, sa, sizeof in);
	for (size_t i = 0; i < ARRAY_LEN(not_public); i++)
		if ((ntohl(in.sin_addr.s_addr) ^ not_public[i].net) >>
			(32 - not_public[i].bits) ==
		    0)
			return false;
	return true;
}

void
nextsteps_addresses(char *addresses[NEXTSTEPS_ADDRESSES_MAX + 1])
{
	struct ifaddrs *all = NULL;
	size_t n = 0;

	if (getifaddrs(&all) == -1)
		all = NULL;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		const struct sockaddr *sa = i->ifa_addr;
		char host[INET6_ADDRSTRLEN];

		if (sa == NULL || n == NEXTSTEPS_ADDRESSES_MAX ||
		    !nextsteps_is_public(sa))
			continue;
		if (getnameinfo(sa,
			sa->sa_family == AF_INET ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6),
			host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0)
			addresses[n++] = xstrdup(host);
	}
	freeifaddrs(all);
	addresses[n] = NULL;
}

/* "PREFIX.DOMAIN." padded, then TYPE and what stands behind it. */
static void
name(struct buf *out, const char *prefix, struct slice domain)
{
	const size_t from = out->n;

	buf_addf(out, "%s%.*s.", prefix, SLICE_FMT(domain));
	while (out->n < from + NAME_WIDTH - 1)
		buf_addc(out, ' ');
	buf_addc(out, ' ');
}

static void
domain_records(struct buf *out, struct slice domain, struct slice host)
{
	static const struct {
		const char *prefix;
		unsigned port;
	} services[] = {
		{ "_submissions._tcp.", 465 },
		{ "_imaps._tcp.", 993 },
		{ "_pop3s._tcp.", 995 },
		{ "_sieve._tcp.", 4190 },
	};

	name(out, "", domain);
	buf_addf(out, "MX   10 %.*s.\n", SLICE_FMT(host));
	name(out, "", domain);
	buf_adds(out, "TXT  \"v=spf1 mx ~all\"\n");
	name(out, "_dmarc.", domain);
	buf_addf(out, "TXT  \"v=DMARC1; p=none; rua=mailto:postmaster@%.*s\"\n",
	    SLICE_FMT(domain));
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		name(out, services[i].prefix, domain);
		buf_addf(out, "SRV  0 1 %u %.*s.\n", services[i].port,
		    SLICE_FMT(host));
	}
}

/* DOMAIN as it stands in the DNS, in ASCII. */
static struct slice
dns_name(const char *domain, struct buf *ascii)
{
	buf_reset(ascii);
	return domain_to_ascii(slice_str(domain), ascii) ? buf_slice(ascii)
							 : slice_str(domain);
}

void
nextsteps_records(struct buf *out, const char *hostname,
    const char *const *domains, const char *const *addresses)
{
	struct buf a = { .max = 1024 }, b = { .max = 1024 };
	const struct slice host = dns_name(hostname, &a);

	if (addresses[0] == NULL) {
		name(out, "", host);
		buf_adds(out, "A    (the public address of this host)\n");
	}
	for (size_t i = 0; addresses[i] != NULL; i++) {
		name(out, "", host);
		buf_addf(out, "%s %s\n",
		    strchr(addresses[i], ':') != NULL ? "AAAA" : "A   ",
		    addresses[i]);
	}
	for (size_t i = 0; domains[i] != NULL; i++)
		domain_records(out, dns_name(domains[i], &b), host);
	buf_fini(&a);
	buf_fini(&b);
}

static void
add_signkeys(const struct template *t, struct buf *out)
{
	struct signkeys keys;

	if (signkeys_read(t->inst->signing, NULL, &keys, NULL) == -1)
		return;
	for (size_t i = 0; i < keys.n; i++)
		signkeys_record(&keys.v[i], out);
	signkeys_free(&keys);
}

static void
print_records(const struct template *t)
{
	char *addresses[NEXTSTEPS_ADDRESSES_MAX + 1];
	struct buf out = { .max = OUT_MAX };

	nextsteps_addresses(addresses);
	nextsteps_records(
	    &out, t->hostname, t->domains, (const char *const *)addresses);
	add_signkeys(t, &out);
	printf("records to publish in the DNS:\n%s"
	       "and the reverse record of each address: %s.\n",
	    buf_cstr(&out), t->hostname);
	for (size_t i = 0; addresses[i] != NULL; i++)
		free(addresses[i]);
	buf_fini(&out);
}

void
nextsteps_print(const struct template *t)
{
	const char *flag = instance_flag(t->inst);

	if (t->local) {
		printf("made an instance that serves this host only in %s\n"
		       "next:  pabal %sstart\n",
		    t->inst->etc, flag);
		return;
	}
	printf("made an instance for %s in %s\n", t->domains[0],
	    t->inst->dir != NULL ? t->inst->dir : t->inst->etc);
	/* One on ports of its own is for trying things out. */
	if (t->base_port == NULL)
		print_records(t);
	printf("next:  pabal %suser add NAME@%s\n       pabal %s%s\n", flag,
	    t->domains[0], flag,
	    dial_master_pid(t->inst) != 0 ? "restart" : "start");
	if (t->base_port == NULL)
		printf("       pabal %scert install "
		       "/etc/letsencrypt/live/%s   (until then it shows a "
		       "certificate that it signed itself)\n"
		       "       pabal %scheck\n",
		    flag, t->hostname, flag);
	printf("mail for postmaster goes to the mailbox postmaster@%s "
	       "(see etc/aliases)\n",
	    t->domains[0]);
}

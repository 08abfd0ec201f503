/* SPDX-License-Identifier: ISC */
/* tests/flow/dnsserver.py as a child of a unit test. */
#ifndef TESTS_UNIT_DNS_SERVER_H
#define TESTS_UNIT_DNS_SERVER_H

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "ev/loop.h"
#include "sys/fd.h"

static struct {
	pid_t pid;
	int in; /* closing it ends the server */
	unsigned port;
	char file[32];
} dnsserver;

static inline void
dnsserver_start(const char *zone)
{
	int in[2], out[2], fd;
	FILE *f;

	memcpy(dnsserver.file, "/tmp/pabal-dns-XXXXXX", 22);
	fd = mkstemp(dnsserver.file);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, slice_str(zone), NULL), 0);
	close(fd);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	dnsserver.pid = fork();
	if (dnsserver.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (int i = 3; i < 64; i++)
			close(i);
		execl("/usr/bin/python3", "python3", "tests/flow/dnsserver.py",
		    dnsserver.file, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	dnsserver.in = in[1];
	f = fdopen(out[0], "r");
	assert_int_equal(fscanf(f, "port %u", &dnsserver.port), 1);
	fclose(f);
}

/* dns_open with this server alone. */
static inline void
dnsserver_use(int64_t timeout_ms)
{
	char server[64];
	const char *servers[] = { server };
	const struct dns_config config = { .servers = servers,
		.nservers = 1,
		.trust_anchor = "",
		.cache_bytes = 4 << 20,
		.timeout_ms = timeout_ms };
	struct err err = { 0 };

	snprintf(server, sizeof server, "127.0.0.1:%u", dnsserver.port);
	assert_int_equal(dns_open(&config, &err), 0);
	assert_string_equal(err.text, "");
}

static inline void
dnsserver_stop(void)
{
	close(dnsserver.in);
	waitpid(dnsserver.pid, NULL, 0);
	unlink(dnsserver.file);
}

#endif

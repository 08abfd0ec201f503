/* SPDX-License-Identifier: ISC */
#include "master/size.h"

#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/role.h"

enum {
	SESSION_BYTES = 64 << 10, /* planned for a session, kernel included */
	FDS_A_SESSION = 3,
	MAX_SESSIONS = 50000,
	MAX_AUTO = 16,
};

/* These own something that only one process can own. */
static bool
is_single(enum role role)
{
	return role == ROLE_QMGR || role == ROLE_AUTH || role == ROLE_KEYS;
}

/* One process each is plenty unless the machine is large. */
static bool
is_light(enum role role)
{
	return role == ROLE_LOOKUP || role == ROLE_POP3D || role == ROLE_PIPE ||
	       role == ROLE_LOGIN;
}

unsigned
size_processes(const struct service_conf *s)
{
	const enum role role = role_find(slice_str(s->daemon));
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = cpus > 0 ? (unsigned)cpus : 1;

	if (is_single(role))
		return 1;
	if (s->processes > 0)
		return s->processes;
	if (is_light(role) ||
	    (role == ROLE_SMTPD && s->protocol != SERVICE_SMTP))
		n = (n + 3) / 4;
	return n > MAX_AUTO ? MAX_AUTO : n;
}

unsigned
size_sessions(const struct service_conf *s)
{
	const long pages = sysconf(_SC_PHYS_PAGES);
	const long page = sysconf(_SC_PAGESIZE);
	struct rlimit files = { 1024, 1024 };
	uint64_t by_memory, by_files;

	if (s->max_sessions > 0)
		return s->max_sessions;
	(void)getrlimit(RLIMIT_NOFILE, &files);
	by_memory = pages > 0 && page > 0
			? (uint64_t)pages * (uint64_t)page / 4 / SESSION_BYTES
			: 1000;
	by_files = files.rlim_max / FDS_A_SESSION;
	if (by_files < by_memory)
		by_memory = by_files;
	return by_memory > MAX_SESSIONS ? MAX_SESSIONS : (unsigned)by_memory;
}

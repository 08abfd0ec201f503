/* SPDX-License-Identifier: ISC */
#include "proc/about.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "ipc/role.h"
#include "proc/filter.h"
#include "proc/sandbox.h"
#include "proc/service.h"

static void
print_privileges(const struct service *svc)
{
	struct buf out = { .max = 4096 };
	const char *sep = "";

	buf_addf(&out, "%s user=%s may=\"", svc->name,
	    svc->user != NULL ? svc->user : "(owner)");
	sandbox_describe(&out, svc->may);
	buf_adds(&out, "\" reach=\"");
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if ((svc->reach & REACH(r)) == 0)
			continue;
		buf_addf(&out, "%s%s", sep, role_name((enum role)r));
		sep = " ";
	}
	buf_adds(&out, "\" dirs=\"");
	sep = "";
	for (unsigned i = 0; i < DIR_COUNT; i++) {
		static const char *const names[] = { "spool", "mail", "tables",
			"tls", "signing", "state", "web" };

		if ((svc->dirs & 1U << i) == 0)
			continue;
		buf_addf(&out, "%s%s", sep, names[i]);
		sep = " ";
	}
	buf_adds(&out, "\" syscalls=\"");
	filter_describe(&out, svc->may);
	buf_adds(&out, "\"\n");
	(void)!write(1, out.p, out.n);
	buf_fini(&out);
}

int
about_print(const struct service *svc, const char *arg)
{
	if (arg != NULL && slice_is(slice_str(arg), "--version")) {
		printf("pabal %s %s\n", svc->name, PABAL_VERSION);
		return EX_OK;
	}
	if (arg != NULL && slice_is(slice_str(arg), "--privileges")) {
		print_privileges(svc);
		return EX_OK;
	}
	if (arg != NULL && slice_is(slice_str(arg), "--help")) {
		printf("usage: %s [--help | --version | --privileges]\n"
		       "A daemon of pabal; master starts it (see pabal(8)).\n",
		    svc->name);
		return EX_OK;
	}
	fprintf(stderr,
	    "%s is started by master; use \"pabal start\" (see pabal(8))\n",
	    svc->name);
	return EX_USAGE;
}

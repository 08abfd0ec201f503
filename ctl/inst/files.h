/* SPDX-License-Identifier: ISC */
/* The configuration files of an instance as texts. */
#ifndef CTL_INST_FILES_H
#define CTL_INST_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/errors.h"
#include "ctl/inst/instance.h"

enum { FILES_MAX_BYTES = 4 << 20 };

struct files {
	struct conf_text texts[2]; /* pabal.conf, then the daemon's own */
	char *names[2];
	struct buf bodies[2];
	size_t n;
};

/* Read pabal.conf and, unless DAEMON is "pabal", <DAEMON>.conf.  A daemon's
 * file that is not there counts as empty; pabal.conf must be there, unless
 * LENIENT.  -1: why was said on stderr; files_fini is to be called anyhow. */
int files_read(struct files *f, const struct instance *in, const char *daemon,
    bool lenient);
void files_fini(struct files *f);
/* The text of the daemon's own file (of pabal.conf for "pabal"). */
struct conf_text *files_own(struct files *f);

/* Each mistake on stderr. */
void files_print_errors(const struct conf_errors *errors);

#endif

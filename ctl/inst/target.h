/* SPDX-License-Identifier: ISC */
/* DAEMON[:SERVICE] on the command line: whose parameters are meant, where they
 * stand, and their values in effect. */
#ifndef CTL_INST_TARGET_H
#define CTL_INST_TARGET_H

#include <stdbool.h>

#include "conf/errors.h"
#include "ctl/inst/files.h"
#include "ctl/inst/instance.h"

struct target {
	char daemon[40];  /* its file is <daemon>.conf */
	char section[64]; /* "": none */
	const struct conf_desc *desc;
	struct files files;
	const void *conf; /* of type DESC; NULL when it did not load */
	void *owner;      /* what CONF is in */
	bool is_master;
};

/* Find WORD; -1: said on stderr that there is no such daemon. */
int target_parse(struct target *t, const char *word);
/* The same for what a person wrote: a service of IN is told of. */
int target_find(struct target *t, const struct instance *in, const char *word);
/* Read the files.  With LENIENT pabal.conf may be missing. */
int target_read(struct target *t, const struct instance *in, bool lenient);
/* Load the values out of the files; mistakes are added to ERRORS, and -1. */
int target_load(struct target *t, struct conf_errors *errors);
/* Into PRESETS the values of T, which has been read, with nothing in its files;
 * to be freed before T. */
int target_presets(const struct target *t, struct target *presets);
/* The parameter NAME; NULL: said on stderr, with the nearest. */
const struct conf_param *target_param(const struct target *t, const char *name);
void target_fini(struct target *t);

#endif

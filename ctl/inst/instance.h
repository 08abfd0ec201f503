/* SPDX-License-Identifier: ISC */
/* Where an instance has its files: all beneath one directory, or at the
 * installed places. */
#ifndef CTL_INST_INSTANCE_H
#define CTL_INST_INSTANCE_H

#include "base/err.h"
#include "conf/shared.h"

struct conf_text;

struct instance {
	char *dir; /* NULL: installed */
	char *etc;
	char *run;
	char *log;   /* NULL: the journal */
	char *state; /* where master keeps the last good configuration */
	char *spool; /* the last five are what a new instance gets; */
	char *mail;  /* what counts is in pabal.conf */
	char *tls, *signing, *lib;     /* lib: state_directory */
	char *programs;                /* where master and the daemons are */
	const struct conf_text *draft; /* stands for a file of etc, or NULL */
};

/* DIR is made absolute; NULL means installed. */
int instance_init(struct instance *in, const char *dir, struct err *err);
void instance_fini(struct instance *in);
/* "-d DIR " to put into a suggested command; "" when installed. */
const char *instance_flag(const struct instance *in);

/* The shared facts; mistakes are printed to stderr.  NULL then. */
struct shared_conf *instance_shared(const struct instance *in);
void instance_shared_free(struct shared_conf **s);

#endif

/* SPDX-License-Identifier: ISC */
/* The customary commands by which programs send mail: sendmail(8). */
#ifndef CTL_MAIL_SENDMAIL_H
#define CTL_MAIL_SENDMAIL_H

#include "ctl/cmd/ctl.h"

/* ARGV[0] is the name; an exit status of <sysexits.h>. */
int sendmail_main(struct ctl *ctl, int argc, char **argv);

#endif

/* SPDX-License-Identifier: ISC */
/* An SMTP client, blocking, to smtpd's UNIX socket. */
#ifndef CTL_MAIL_SUBMIT_H
#define CTL_MAIL_SUBMIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/inst/instance.h"

enum submit_extension {
	SUBMIT_8BITMIME = 1 << 0,
	SUBMIT_SMTPUTF8 = 1 << 1,
	SUBMIT_DSN = 1 << 2,
};

struct submit {
	int fd;
	bool verbose; /* the conversation on stderr */
	unsigned extensions;
	struct buf in;
	struct buf reply; /* the last one, its lines joined by a space */
};

/* Connect, read the greeting, say EHLO.  <sysexits.h>: EX_OK, or EX_TEMPFAIL
 * and why on stderr. */
int submit_open(struct submit *s, const struct instance *in,
    const char *hostname, bool verbose);
void submit_close(struct submit *s);

/* Send a command and read its reply: the code, 421 when the connection is
 * gone. */
int submit_command(struct submit *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Send bytes as they are; false when the connection is gone. */
bool submit_write(struct submit *s, struct slice bytes);

/* What a refusal with CODE means as an exit status. */
int submit_status(const struct submit *s, int code);

/* Connect only, for -bs; -1 and why in ERR. */
int submit_connect(const struct instance *in, struct err *err);

#endif

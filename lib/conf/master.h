/* SPDX-License-Identifier: ISC */
/*
 * master.conf: one section for each service, in the order of the file.
 *
 *   [submission]
 *   daemon = smtpd
 *   protocol = submission
 *   listen = *:587
 */
#ifndef CONF_MASTER_H
#define CONF_MASTER_H

#include <stddef.h>

#include "base/words.h"
#include "conf/shared.h"

struct addr;
struct conf_desc;
struct conf_errors;
struct conf_text;

/* clang-format off */
/* The words of protocol. */
#define SERVICE_PROTOCOLS(W) \
	W(SERVICE_NONE, "none") \
	W(SERVICE_SMTP, "smtp") \
	W(SERVICE_SUBMISSION, "submission") \
	W(SERVICE_SUBMISSIONS, "submissions") \
	W(SERVICE_LMTP, "lmtp") \
	W(SERVICE_POP3, "pop3") \
	W(SERVICE_POP3S, "pop3s") \
	W(SERVICE_IMAP, "imap") \
	W(SERVICE_IMAPS, "imaps") \
	W(SERVICE_MANAGESIEVE, "managesieve") \
	W(SERVICE_HTTP, "http") \
	W(SERVICE_HTTPS, "https")
/* clang-format on */
enum service_protocol { SERVICE_PROTOCOLS(WORDS_ID) };

struct service_conf {
	const char *name;
#include "conf/members.h"
#include "conf/service.def"     /* IWYU pragma: keep */
	struct addr *listeners; /* LISTEN, parsed */
	size_t nlisteners;
	unsigned line; /* of the section in master.conf */
};

struct master_conf {
	struct shared_conf shared;
#include "conf/master.def" /* IWYU pragma: keep */
#include "conf/members.h"
	struct service_conf *services;
	size_t nservices;
};

/* What stands before the first section / in a section (for the manual). */
extern const struct conf_desc master_conf_desc;
extern const struct conf_desc master_service_desc;

/* Load master.conf and pabal.conf (told apart by name, as in conf_load).
 * 0 and *CONF (free with master_conf_free), or -1 and each mistake in ERRORS.
 * Two services never have the same name, nor the same address. */
int master_conf_load(const struct conf_text *texts, size_t n,
    struct master_conf **conf, struct conf_errors *errors);
void master_conf_free(struct master_conf **conf);

/* The service NAME, or NULL. */
const struct service_conf *master_conf_find(
    const struct master_conf *m, const char *name);
/* The word of a protocol: "smtp". */
const char *master_protocol_name(enum service_protocol protocol);

#endif

/* SPDX-License-Identifier: ISC */
/* What a run decided: a list of things to do, in the order of the script. */
#ifndef SIEVE_RESULT_H
#define SIEVE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "sieve/mailto.h"

enum sieve_action_kind {
	SIEVE_KEEP,
	SIEVE_FILEINTO,
	SIEVE_REDIRECT,
	SIEVE_DISCARD,
	SIEVE_REJECT,
	SIEVE_EREJECT,
	SIEVE_VACATION,
	SIEVE_NOTIFY,
};

struct sieve_vacation {
	struct slice sender;  /* whom to answer */
	struct slice handle;  /* answers with the same one are one answer */
	uint32_t seconds;     /* until SENDER is answered again; 0: each time */
	struct slice subject; /* in UTF-8; empty: one made of the message's */
	struct slice from;    /* what the From field says */
	bool mime;            /* the text is a MIME entity */
};

struct sieve_notify {
	struct slice method; /* the URI */
	struct sieve_mailto mail;
	struct slice from; /* empty: the account's */
	char importance;   /* 1 (high) to 3 */
	struct slice id;   /* for denotify */
	struct slice message;
};

/* Slices with p == NULL were not told. */
struct sieve_action {
	struct sieve_action *next;
	enum sieve_action_kind kind;
	uint32_t line;
	bool implicit; /* nobody asked for this keep */
	bool silent;   /* vacation, notify: nothing is to be sent after all */
	bool settled;  /* of a script before, and carried out */
	bool create;
	struct slice mailbox, mailbox_id, special_use;
	struct slice flags;   /* with blanks between */
	struct slice address; /* of a redirect */
	struct slice text;    /* the reason of a reject or vacation */
	/* The message as edited: its header with the empty line, and its body,
	 * which may be that of the message; p == NULL: as it came. */
	struct slice head, body;
	const struct sieve_vacation *vacation;
	const struct sieve_notify *notify;
};

enum sieve_status {
	SIEVE_DONE,
	SIEVE_FAILED, /* the script's fault: keep the message in INBOX */
	SIEVE_LATER,  /* a question had no answer: deliver later */
};

struct sieve_warning {
	struct sieve_warning *next;
	struct slice script;
	uint32_t line;
	const char *text;
};

enum { SIEVE_WARNINGS_MAX = 10 };

struct sieve_result {
	struct arena arena;
	enum sieve_status status;
	struct err err;      /* of what failed */
	struct slice script; /* and where */
	uint32_t line;
	struct sieve_warning *warnings; /* of what did not end the run */
	size_t nwarnings;
	struct sieve_action *first, **tail;
	size_t nactions; /* without discard and the implicit keep */
	size_t nredirects, nnotifies;
	/* The message and its flags as the run has left them, for the next
	 * script of the same message; p == NULL: as they came. */
	struct slice head, body, flags;
	bool kept; /* the implicit keep is cancelled */
};

void sieve_result_init(struct sieve_result *r);
void sieve_result_fini(struct sieve_result *r);
const char *sieve_result_name(enum sieve_action_kind kind);

#endif

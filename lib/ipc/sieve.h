/* SPDX-License-Identifier: ISC */
/* What the numbers in lib/ipc/sieve.def mean, and how much may be said. */
#ifndef IPC_SIEVE_H
#define IPC_SIEVE_H

/* sieve_piece.what: each adds to what came before. */
enum sieve_piece_kind {
	SIEVE_PIECE_MESSAGE,
	SIEVE_PIECE_SCRIPT, /* its text */
	SIEVE_PIECE_CODE,
	SIEVE_PIECE_HEAD, /* of the action that comes next */
	SIEVE_PIECE_BODY,
	SIEVE_PIECE_TRACE, /* what was tested and done, in lines */
	SIEVE_PIECES,
};

/* sieve_ask.what */
enum sieve_question {
	SIEVE_ASK_SCRIPT, /* one: name of a script; its text comes in pieces */
	SIEVE_ASK_HASH,   /* the same; number: its hash */
	SIEVE_ASK_MAILBOX,
	SIEVE_ASK_MAILBOX_ID,
	SIEVE_ASK_SPECIAL_USE, /* one: mailbox, or empty; two: the use */
	SIEVE_ASK_METADATA,    /* one: mailbox, or empty; two: name */
	SIEVE_ASK_OWN,         /* one: an address: the account's alone? */
	SIEVE_ASK_SENDER,      /* one: an address: may the account send so? */
	SIEVE_ASK_DUPLICATE,   /* one: handle; two: id; number: seconds, and
				* SIEVE_ASK_LAST */
	SIEVE_QUESTIONS,
};
#define SIEVE_ASK_LAST (1ULL << 32)

/* Of sieve_compiled and sieve_done. */
enum sieve_end {
	SIEVE_END_DONE,
	SIEVE_END_FAILED,   /* the script's fault */
	SIEVE_END_LATER,    /* a question had no answer */
	SIEVE_END_STALE,    /* the code is not that of the scripts */
	SIEVE_END_CHARSETS, /* it needs a process that has them all */
	SIEVE_ENDS,
};

/* What a recipient's script sends (job_letter.kind).  Who its sender is qmgr
 * says. */
enum job_letter {
	JOB_LETTER_REDIRECT, /* the message goes on: its own sender */
	JOB_LETTER_ANSWER,   /* to whoever sent it: null */
	JOB_LETTER_NOTICE,   /* to whom the script says: the recipient's
				account, or null where the message's is */
	JOB_LETTERS,
};

enum {
	SIEVE_PIECE_BYTES = 48 << 10, /* of one frame */
	SIEVE_TEXT_BYTES = 1000,      /* of a reason or message, cut there */
	SIEVE_ACTIONS_MAX = 64,
	SIEVE_RANGES_MAX = 16,    /* of a body */
	SIEVE_RCPTS_BYTES = 8192, /* of sieve_action.to, a line for each */
	SIEVE_PROCESS_MS = 1000,  /* an older process is given no message */
	SIEVE_CHARSETS_INDEX = 0, /* of the sieverun that has all charsets */
};

#endif

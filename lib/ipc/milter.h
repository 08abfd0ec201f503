/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/milter.def mean.
 *
 * milter_ask: session is the asker's number of the client's session; one that
 * milter does not know begins with MILTER_CONNECT, which names the filters,
 * with blanks between them.  texts are what stands in the command, each with a
 * NUL behind it: name, address and port of the client; the name in HELO; of
 * MAIL and RCPT the address in angle brackets and each parameter; the line of a
 * command that is unknown.  facts are macros (smfi/macros.h) that are new or
 * other than before; an empty value takes one away.  Several may be asked at
 * once: they are answered in order. milter_judged: stages are bits (1 << enum
 * milter_stage), at which some filter wants to be asked from now on.  text is
 * the reply where it is refused, "550 5.7.1 one line\nand another".
 *
 * milter_message: file can be read, and has the message, without our Received
 * field, from offset on, size bytes.
 * milter_done: front are fields to stand above all others, whole lines.
 * envelope: changes of it, of which each is a letter (enum smfi_answer), an
 * address, NUL, parameters, NUL.  Where header or body says that there is a new
 * one, file has them: header_bytes of the header (without the empty line), and
 * then the body; an old body is in the old file, body_at bytes behind its
 * offset.  hold: the message is to be held, for reason.
 *
 * milter_abort: the message is given up, or over.
 */
#ifndef IPC_MILTER_H
#define IPC_MILTER_H

enum milter_stage {
	MILTER_CONNECT,
	MILTER_HELO,
	MILTER_MAIL,
	MILTER_RCPT,
	MILTER_DATA,
	MILTER_END, /* milter_message */
	MILTER_UNKNOWN,
	MILTER_STAGE_COUNT
};

enum milter_verdict {
	MILTER_CONTINUE,
	MILTER_DISCARD,
	MILTER_REFUSE, /* the text says whether for good */
	MILTER_HANGUP, /* likewise, and the session ends */
	MILTER_LOST,   /* the session is not known */
	MILTER_VERDICT_COUNT
};

/* In one frame. */
enum { MILTER_FRONT_MAX = 32768, MILTER_ENVELOPE_MAX = 16384 };

#endif

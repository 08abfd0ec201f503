/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/policy.def mean.
 *
 * policy_watch: which stages some rule needs, and from now on each change of
 * that.  policy_stages, policy_changed: bits (1 << enum policy_stage), for
 * clients that are strangers, and for those that are known: authenticated, of
 * this host or of trusted_networks; need: where mail waits for an answer.
 *
 * policy_ask: what is known at a stage.  session is the asker's number of the
 * client's session, under which policy remembers what was before; client is
 * the text of an address, or "local:UID"; client_name what XCLIENT says of it;
 * protocol as in master.conf; tls the version or empty; mechanism that of the
 * login.  Fields that are not known at a stage are empty.  At the end of the
 * message size is its own, qid its id, and it is in body, or in file from
 * offset on; what has the file closes it before it answers. policy_judged:
 * code, enhanced and text of the reply, and the fields to be put in front of
 * the message, are the asker's to check.  Quarantine: into Junk; hold: for an
 * administrator; discard: accepted, and delivered to nobody; these are for
 * transactions, from MAIL on. policy_end: the session is over.
 *
 * The stage early is asked before connect, where the client has spoken before
 * it was greeted.  Unknown is for filters (milter), and data too but for who
 * has logged in: there a message counts, with all its recipients.  At failed
 * nothing is asked: policy_failed says that a client got a reply of 5xx,
 * whoever decided that, and what was known of it by then.
 */
#ifndef IPC_POLICY_H
#define IPC_POLICY_H

#include "base/words.h"

#define POLICY_STAGES(W)                                                       \
	W(POLICY_EARLY, "early")                                               \
	W(POLICY_CONNECT, "connect")                                           \
	W(POLICY_HELO, "helo")                                                 \
	W(POLICY_MAIL, "mail")                                                 \
	W(POLICY_RCPT, "rcpt")                                                 \
	W(POLICY_MESSAGE, "message")                                           \
	W(POLICY_DATA, "data")                                                 \
	W(POLICY_UNKNOWN, "unknown")                                           \
	W(POLICY_FAILED, "failed")
enum policy_stage { POLICY_STAGES(WORDS_ID) POLICY_STAGE_COUNT };

/* In order: of several verdicts the last of these counts. */
#define POLICY_ACTIONS(W)                                                      \
	W(POLICY_ACCEPT, "accept")                                             \
	W(POLICY_QUARANTINE, "quarantine")                                     \
	W(POLICY_HOLD, "hold")                                                 \
	W(POLICY_DISCARD, "discard")                                           \
	W(POLICY_DEFER, "defer")                                               \
	W(POLICY_REFUSE, "refuse")
enum policy_action { POLICY_ACTIONS(WORDS_ID) POLICY_ACTION_COUNT };

#endif

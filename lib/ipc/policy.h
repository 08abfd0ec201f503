/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/policy.def mean.
 *
 * policy_watch: which stages some rule needs, and from now on each change of
 * that.  policy_stages, policy_changed: bits (1 << enum policy_stage), for
 * clients that are strangers, and for those that are known: authenticated, of
 * this host or of trusted_networks.
 *
 * policy_ask: what is known at a stage.  session is the asker's number of the
 * client's session, under which policy remembers what was before; client is
 * the text of an address, or "local:UID"; client_name what XCLIENT says of it;
 * protocol as in master.conf; tls the version or empty; mechanism that of the
 * login.  Fields that are not known at a stage are empty.
 * policy_judged: code, enhanced and text of the reply are the asker's to check.
 * policy_end: the session is over.
 */
#ifndef IPC_POLICY_H
#define IPC_POLICY_H

#include "base/words.h"

#define POLICY_STAGES(W)                                                       \
	W(POLICY_CONNECT, "connect")                                           \
	W(POLICY_HELO, "helo")                                                 \
	W(POLICY_MAIL, "mail")                                                 \
	W(POLICY_RCPT, "rcpt")                                                 \
	W(POLICY_DATA, "data")                                                 \
	W(POLICY_UNKNOWN, "unknown")
enum policy_stage { POLICY_STAGES(WORDS_ID) POLICY_STAGE_COUNT };

/* In order: of several verdicts the last of these counts. */
#define POLICY_ACTIONS(W)                                                      \
	W(POLICY_ACCEPT, "accept")                                             \
	W(POLICY_DEFER, "defer")                                               \
	W(POLICY_REFUSE, "refuse")
enum policy_action { POLICY_ACTIONS(WORDS_ID) POLICY_ACTION_COUNT };

#endif

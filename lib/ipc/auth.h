/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/auth.def mean.
 *
 * auth_check: smtpd, login or httpd asks.  mechanism as SASL names it ("PLAIN"
 * for protocols' own commands that tell the password), login as the client
 * typed it, authzid what it wants to act as (empty: itself), secret the
 * password; client the address without a port; service "imap", "pop3" or
 * "managesieve" from login, "jmap" from httpd, and from smtpd one of its
 * protocols: who names another's is dropped.  The sender wipes its copy of the
 * secret.
 *
 * auth_scram and auth_proof: an exchange of SCRAM (RFC 5802).  The grammar and
 * the channel binding are smtpd's and login's to look at, who have the client's
 * bytes and the end of TLS; what proves the password is auth's.  auth_scram has
 * the name, and the client-first-message-bare as message; auth answers with the
 * server-first-message as text (AUTH_OK), be there such an account or not.
 * auth_proof has as exchange the id of that auth_scram, as message the
 * client-final-message-without-proof, and the proof, decoded; its answer is an
 * auth_checked, with the server-final-message as text.  An exchange that does
 * not come to its auth_proof in AUTH_EXCHANGE_MS is forgotten; auth_forget with
 * its id ends it before.
 *
 * With the mechanism OAUTHBEARER or XOAUTH2 the secret of auth_check is a token
 * (RFC 6750), and login may be empty: it is who is in the token.
 *
 * auth_checked: account (canonical, "alice@example.org"), and but for smtpd a
 * ticket; both only if AUTH_OK.  Otherwise why is a text for the client.  The
 * answer may come late on purpose: wait AUTH_WAIT_MS.  auth_forget: the client
 * of the auth_check with that id has left.
 *
 * Before it gives out a ticket, auth tells master what it stands for
 * (master_admit).  A ticket counts once, for AUTH_TICKET_MS: master connects
 * the login or httpd that got it with the imapd, pop3d, sieved or jmapd of that
 * account, to which it says whose the session is (ipc_pass).
 */
#ifndef IPC_AUTH_H
#define IPC_AUTH_H

enum auth_result {
	AUTH_OK,
	AUTH_REFUSED,  /* wrong name or password: which one is not told */
	AUTH_DENIED,   /* right, but not for this (login=no, other authzid) */
	AUTH_LIMITED,  /* too many attempts from there for now */
	AUTH_TEMPFAIL, /* could not be found out */
	AUTH_RESULTS,
};

enum {
	AUTH_TICKET_SIZE = 16,
	AUTH_TICKET_MS = 30000,
	AUTH_WAIT_MS = 60000,
	AUTH_LOGIN_MAX = 512,
	AUTH_SECRET_MAX = 1024,
	AUTH_TOKEN_MAX = 8192,
	AUTH_MESSAGE_MAX = 2048, /* of SCRAM */
	AUTH_EXCHANGE_MS = 180000,
};

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/auth.def mean.
 *
 * auth_check: smtpd or login asks.  mechanism as SASL names it ("PLAIN" for
 * protocols' own commands that tell the password), login as the client typed
 * it, authzid what it wants to act as (empty: itself), secret the password;
 * client the address without a port; service "imap" or "pop3" from login, and
 * from smtpd one of its protocols: who names another's is dropped.  The sender
 * wipes its copy of the secret.
 *
 * auth_checked: account (canonical, "alice@example.org"), and for imap and pop3
 * a ticket; both only if AUTH_OK.  Otherwise why is a text for the client.  The
 * answer may come late on purpose: wait AUTH_WAIT_MS.  auth_forget: the client
 * of the auth_check with that id has left.
 *
 * Before it gives out a ticket, auth tells master what it stands for
 * (master_admit).  A ticket counts once, for AUTH_TICKET_MS: master connects
 * the login that got it with the imapd or pop3d of that account, to which it
 * says whose the session is (ipc_pass).
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
};

#endif

/* SPDX-License-Identifier: ISC */
#ifndef TLS_FAULT_H
#define TLS_FAULT_H

struct tls_conn;

/* What is wrong with the certificate that the peer has shown, by what it was to
 * be verified by, or with TLS_VERIFY_NONE by CA and name. */
enum tls_fault {
	TLS_FAULT_NONE,
	TLS_FAULT_NAME,    /* it is another host's */
	TLS_FAULT_EXPIRED, /* or not valid yet */
	TLS_FAULT_ISSUER,  /* it leads to no CA that is trusted */
	TLS_FAULT_OTHER,
};
enum tls_fault tls_conn_fault(const struct tls_conn *c);

#endif

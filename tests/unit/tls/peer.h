/* SPDX-License-Identifier: ISC */
/*
 * What the tests of lib/tls share: certificates made on the spot, a process
 * that holds their keys, and two ends that shake hands over a socket pair.
 */
#ifndef TESTS_UNIT_TLS_PEER_H
#define TESTS_UNIT_TLS_PEER_H

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tls/client.h"
#include "tls/conn.h"
#include "tls/privkey.h"
#include "tls/selfsigned.h"
#include "tls/server.h"

enum { KEYS_MAX = 8 };

struct identity {
	struct buf cert;
	struct buf key;
};

/* Make a certificate for NAME; rsa or EC. */
static inline void
identity_make(struct identity *id, bool rsa, const char *name, int days)
{
	struct err err = { 0 };
	int rc;

	buf_init(&id->cert, CERT_PEM_MAX);
	buf_init(&id->key, CERT_PEM_MAX);
	rc = rsa ? selfsigned_make_rsa(2048, slice_str(name), NULL, 0, days,
		       &id->cert, &id->key, &err)
		 : selfsigned_make(slice_str(name), NULL, 0, days, &id->cert,
		       &id->key, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
}

static inline void
identity_free(struct identity *id)
{
	buf_fini(&id->cert);
	buf_fini(&id->key);
}

/* What goes to the key process and back. */
struct ask {
	uint64_t id;
	char key_id[CERT_KEY_ID_SIZE];
	enum tls_sign_op op;
	size_t n;
	char data[TLS_SIGN_DATA_MAX];
};

/* A signer whose keys are in another process. */
struct broker {
	struct tls_signer signer;
	int fd;
	pid_t pid;
	bool mute;             /* drop requests: they wait for ever */
	void (*on_mute)(void); /* told of each; may be NULL */
	bool refuse;           /* answer that it cannot, from inside the call */
	unsigned asked;
};

static inline _Noreturn void
broker_child(int fd, struct privkey **keys, size_t nkeys)
{
	struct ask ask;
	struct buf sig;

	buf_init(&sig, TLS_SIGNATURE_MAX);
	while (recv(fd, &ask, sizeof ask, 0) > 0) {
		char out[8 + TLS_SIGNATURE_MAX];

		buf_reset(&sig);
		for (size_t i = 0; i < nkeys; i++)
			if (strcmp(privkey_id(keys[i]), ask.key_id) == 0)
				(void)privkey_sign(keys[i], ask.op,
				    slice_of(ask.data, ask.n), &sig, NULL);
		memcpy(out, &ask.id, 8);
		if (sig.n > 0)
			memcpy(out + 8, sig.p, sig.n);
		if (send(fd, out, 8 + sig.n, MSG_NOSIGNAL) == -1)
			break;
	}
	_exit(0);
}

static inline void
broker_sign(struct tls_signer *signer, uint64_t id, struct slice key_id,
    enum tls_sign_op op, struct slice data)
{
	struct broker *b = OUTER(signer, struct broker, signer);
	struct ask ask = { .id = id, .op = op, .n = data.n };

	b->asked++;
	if (b->refuse) {
		tls_sign_done(signer, id, slice_str(NULL));
		return;
	}
	if (b->mute) {
		if (b->on_mute != NULL)
			b->on_mute();
		return;
	}
	assert_true(slice_copy(key_id, ask.key_id, sizeof ask.key_id));
	memcpy(ask.data, data.p, data.n);
	assert_int_equal(send(b->fd, &ask, sizeof ask, 0), sizeof ask);
}

static inline void
broker_start(struct broker *b, const struct identity *ids, size_t n)
{
	struct privkey *keys[KEYS_MAX];
	int sp[2];

	*b = (struct broker){ 0 };
	tls_signer_init(&b->signer, broker_sign);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sp), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    privkey_parse(buf_slice(&ids[i].key), &keys[i], NULL), 0);
	b->pid = fork();
	assert_int_not_equal(b->pid, -1);
	if (b->pid == 0) {
		close(sp[0]);
		broker_child(sp[1], keys, n);
	}
	close(sp[1]);
	b->fd = sp[0];
	for (size_t i = 0; i < n; i++)
		privkey_free(&keys[i]);
}

/* Take one answer; waits for it. */
static inline void
broker_answer(struct broker *b)
{
	char in[8 + TLS_SIGNATURE_MAX];
	const ssize_t n = recv(b->fd, in, sizeof in, 0);
	uint64_t id;

	assert_true(n >= 8);
	memcpy(&id, in, 8);
	tls_sign_done(&b->signer, id, slice_of(in + 8, (size_t)n - 8));
}

static inline void
broker_stop(struct broker *b)
{
	close(b->fd);
	assert_int_equal(waitpid(b->pid, NULL, 0), b->pid);
	tls_signer_fini(&b->signer);
}

/* Two ends of one connection. */
struct ends {
	int fd[2];
	struct tls_conn *server, *client;
	struct err server_err, client_err;
	int server_rc, client_rc;
};

static inline void
ends_open(struct ends *e, struct tls_server *s, struct tls_client *c,
    const char *host, enum tls_verify verify)
{
	*e = (struct ends){ 0 };
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fd), 0);
	e->server = tls_conn_new_server(s, e->fd[0]);
	assert_int_equal(tls_conn_new_client(c, e->fd[1], host, verify,
			     &e->client, &e->client_err),
	    0);
}

/* Both handshakes to their ends, whatever these are. */
static inline void
ends_shake(struct ends *e, struct broker *b)
{
	e->client_rc = e->server_rc = TLS_WANT_READ;
	for (int turns = 0; turns < 100; turns++) {
		if (e->client_rc != 1 && e->client_rc != TLS_ERROR)
			e->client_rc =
			    tls_conn_handshake(e->client, &e->client_err);
		if (e->server_rc != 1 && e->server_rc != TLS_ERROR)
			e->server_rc =
			    tls_conn_handshake(e->server, &e->server_err);
		if (e->server_rc == TLS_WANT_SIGN && b != NULL)
			broker_answer(b);
		/* An end that gave up has told the other why. */
		if ((e->client_rc == 1 || e->client_rc == TLS_ERROR) &&
		    (e->server_rc == 1 || e->server_rc == TLS_ERROR))
			return;
	}
	fail_msg("handshake does not end: %d %d", e->client_rc, e->server_rc);
}

static inline void
ends_close(struct ends *e)
{
	tls_conn_free(&e->server);
	tls_conn_free(&e->client);
	close(e->fd[0]);
	close(e->fd[1]);
}

#endif

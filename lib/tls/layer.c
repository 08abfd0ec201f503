/* SPDX-License-Identifier: ISC */
#include "tls/layer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ev/layer.h"
#include "ev/stream.h"

struct tls_layer {
	struct stream_layer layer;
	struct tls_conn *conn;
	struct ev_task done_task;
	void (*on_done)(struct stream *s);
	struct err err;
	bool done;      /* handshake */
	bool wait_sign; /* nothing to do until the signature is there */
};

static struct tls_layer *
layer_of(struct stream_layer *l)
{
	return OUTER(l, struct tls_layer, layer);
}

/* Bytes moved, or the stream's way to say what TLS said. */
static ssize_t
translate(struct tls_layer *t, ssize_t rc)
{
	if (rc > 0)
		return rc;
	switch (rc) {
	case TLS_EOF:
		return 0;
	case TLS_WANT_READ:
		t->layer.want = EV_READ;
		return STREAM_WAIT;
	case TLS_WANT_WRITE:
		t->layer.want = EV_WRITE;
		return STREAM_WAIT;
	case TLS_WANT_SIGN:
		t->layer.want = 0;
		t->wait_sign = true;
		return STREAM_WAIT;
	default:
		errno = EPROTO;
		return -1;
	}
}

/* 1 when the handshake is done, else what translate gives. */
static ssize_t
shake(struct tls_layer *t)
{
	ssize_t rc;

	if (t->done)
		return 1;
	if (t->wait_sign) {
		t->layer.want = 0;
		return STREAM_WAIT;
	}
	rc = translate(t, tls_conn_handshake(t->conn, &t->err));
	if (rc == 1) {
		t->done = true;
		if (t->on_done != NULL)
			ev_task_queue(&t->done_task);
	}
	return rc;
}

static ssize_t
layer_read(struct stream_layer *l, char *p, size_t n)
{
	struct tls_layer *t = layer_of(l);
	const ssize_t rc = shake(t);

	if (rc != 1)
		return rc;
	return translate(t, tls_conn_read(t->conn, p, n, &t->err));
}

static ssize_t
layer_write(struct stream_layer *l, const char *p, size_t n)
{
	struct tls_layer *t = layer_of(l);
	const ssize_t rc = shake(t);

	if (rc != 1)
		return rc;
	return translate(t, tls_conn_write(t->conn, p, n, &t->err));
}

static bool
layer_pending(struct stream_layer *l)
{
	return tls_conn_pending(layer_of(l)->conn);
}

static void
layer_shutdown(struct stream_layer *l)
{
	(void)tls_conn_shutdown(layer_of(l)->conn, NULL);
}

static void
layer_free(struct stream_layer *l)
{
	struct tls_layer *t = layer_of(l);

	ev_task_cancel(&t->done_task);
	tls_conn_free(&t->conn);
	free(t);
}

static const struct stream_layer_ops ops = {
	.read = layer_read,
	.write = layer_write,
	.pending = layer_pending,
	.shutdown = layer_shutdown,
	.free = layer_free,
};

/* A stream carries this layer, another, or none. */
static struct tls_layer *
find(const struct stream *s)
{
	if (s->layer == NULL || s->layer->ops != &ops)
		return NULL;
	return layer_of(s->layer);
}

static void
on_signature(struct tls_conn *c, void *arg)
{
	struct tls_layer *t = arg;

	(void)c;
	t->wait_sign = false;
	stream_kick(t->layer.stream);
}

static void
run_done(struct ev_task *task)
{
	struct tls_layer *t = OUTER(task, struct tls_layer, done_task);

	t->on_done(t->layer.stream);
}

static int
must_be_empty(const struct stream *s, struct err *err)
{
	if (stream_input(s).n > 0)
		return err_set(err, ERR_PERM, "plaintext input after STARTTLS");
	if (stream_waiting(s) > 0)
		return err_set(
		    err, ERR_PERM, "output in the clear is not sent yet");
	return 0;
}

static void
attach(struct stream *s, struct tls_conn *conn)
{
	struct tls_layer *t = xcalloc(1, sizeof *t);
	struct stream_layer *l = &t->layer;

	l->ops = &ops;
	t->conn = conn;
	ev_task_init(&t->done_task, run_done);
	tls_conn_on_ready(conn, on_signature, t);
	stream_set_layer(s, &l);
}

int
tls_layer_accept(struct stream *s, struct tls_server *server, struct err *err)
{
	if (must_be_empty(s, err) == -1)
		return -1;
	attach(s, tls_conn_new_server(server, s->io.fd));
	return 0;
}

int
tls_layer_connect(struct stream *s, struct tls_client *client, const char *host,
    enum tls_verify verify, struct err *err)
{
	struct tls_conn *conn;

	if (must_be_empty(s, err) == -1 || tls_conn_new_client(client, s->io.fd,
					       host, verify, &conn, err) == -1)
		return -1;
	attach(s, conn);
	return 0;
}

void
tls_layer_on_done(struct stream *s, void (*fn)(struct stream *s))
{
	struct tls_layer *t = find(s);

	if (t == NULL)
		return;
	t->on_done = fn;
	if (t->done)
		ev_task_queue(&t->done_task);
}

bool
tls_layer_facts(const struct stream *s, struct tls_facts *facts)
{
	const struct tls_layer *t = find(s);

	if (t == NULL || !t->done)
		return false;
	tls_conn_facts(t->conn, facts);
	return true;
}

const char *
tls_layer_error(const struct stream *s)
{
	const struct tls_layer *t = find(s);

	return t != NULL ? t->err.text : "";
}

struct tls_conn *
tls_layer_conn(const struct stream *s)
{
	const struct tls_layer *t = find(s);

	return t != NULL ? t->conn : NULL;
}

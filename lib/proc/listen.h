/* SPDX-License-Identifier: ISC */
/* The listening sockets that master hands over: accepting, leaving clients to
 * other processes when this one is full, waiting when there is no descriptor.
 */
#ifndef PROC_LISTEN_H
#define PROC_LISTEN_H

struct ipc;
struct msg;
struct service;

/* Before the first socket comes. */
void listen_init(const struct service *svc);
/* master_listen */
void listen_on_socket(struct ipc *peer, struct msg *m);
void listen_start(void);
void listen_stop(void);

#endif

/* SPDX-License-Identifier: ISC */
#include "master/equip.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/confset.h"
#include "conf/master.h"
#include "ipc/role_facts.h"
#include "master/config.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/place.h"
#include "master/rates.h"
#include "master/secrets.h"
#include "master/serve.h"
#include "master/size.h"
#include "sys/addr.h"
#include "sys/fd.h"

/* Processes of ROLE (of one uid). */
static unsigned
count_of(const struct master_conf *conf, enum role role)
{
	unsigned n = 0;

	for (size_t i = 0; i < conf->nservices; i++)
		if (strcmp(conf->services[i].daemon, role_name(role)) == 0)
			n += size_processes(&conf->services[i]);
	return n;
}

static void
send_counts(struct ipc *peer, const struct master_conf *conf, unsigned reach)
{
	for (unsigned r = 0; r < ROLE_CTL; r++) {
		const unsigned n = count_of(conf, (enum role)r);

		if (n > 0 || (reach & 1U << r) != 0)
			IPC_SEND(peer, master_count, .role = r, .count = n);
	}
}

static void
send_listeners(struct ipc *peer, const struct service_conf *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		IPC_SEND(peer, master_listen, .service = slice_str(s->name),
		    .protocol = slice_str(master_protocol_name(s->protocol)),
		    .max_sessions = size_sessions(s),
		    .sock = master_listen_find(&s->listeners[i]));
}

/* What all who face clients for a service count in. */
static void
send_rates(struct ipc *peer, const struct service_conf *s)
{
	const int fd = s->nlisteners > 0 ? master_rates_find(s->name) : -1;

	if (fd != -1)
		IPC_SEND(peer, master_rates, .table = fd);
}

/* Who the process becomes. */
struct identity {
	uid_t uid;
	gid_t gid;
	const char *name;
	const char *home; /* of a system user; NULL otherwise */
};

static int
identity_of(const struct child *c, struct identity *id, struct err *err)
{
	const struct passwd *pw;

	*id = (struct identity){ geteuid(), getegid(), "", NULL };
	if (!master.drop)
		return 0;
	if (role_serves_uid(c->role) && c->uid == 0) {
		id->uid = master.serve->owner[c->role].uid;
		id->gid = master.serve->owner[c->role].gid;
		return 0;
	}
	if (!role_serves_uid(c->role)) {
		id->uid = 0; /* it knows its user by name; see hello */
		return 0;
	}
	pw = getpwuid(c->uid);
	if (pw == NULL)
		return err_set(
		    err, ERR_PERM, "uid %u: no such user", (unsigned)c->uid);
	*id = (struct identity){ pw->pw_uid, pw->pw_gid, pw->pw_name,
		pw->pw_dir };
	return 0;
}

static void
send_secrets(const struct child *c, const struct confset *files)
{
	const struct confset_file *f;
	char name[64];

	snprintf(name, sizeof name, "%s.conf", c->daemon);
	f = confset_find(files, name);
	if (f != NULL)
		secrets_send(c, buf_slice(&f->body));
}

static int
send_configuration(
    const struct child *c, const struct equip *with, struct err *err)
{
	send_counts(c->peer, with->conf, c->reach);
	if (master_config_send_files(c->peer, with->files, c->daemon, err) ==
	    -1)
		return -1;
	send_secrets(c, with->files);
	return 0;
}

static const char *
mail_of(const struct identity *id)
{
	return id->home != NULL ? id->home : master.conf->shared.mail_directory;
}

int
equip_open_place(struct child *c, struct err *err)
{
	struct identity id;

	if (c->place[0] == '\0' || c->place_fd != -1)
		return 0;
	if (identity_of(c, &id, err) == -1)
		return -1;
	c->place_fd = place_open(
	    mail_of(&id), c->place, master.drop, id.uid, id.gid, err);
	return c->place_fd == -1 ? -1 : 0;
}

int
equip_open_mail(const struct child *c, const char *path, struct err *err)
{
	struct identity id;

	if (identity_of(c, &id, err) == -1)
		return -1;
	return place_find(mail_of(&id), path, master.drop, id.uid, id.gid, err);
}

void
equip_close_place(struct child *c)
{
	fd_close(&c->place_fd);
}

/* Has C one directory of mail for all that it works with? */
static bool
has_place(const struct child *c)
{
	return c->place != NULL && c->place[0] != '\0';
}

static int
send_dirs(struct child *c, const struct equip *with, const char *home,
    struct err *err)
{
	if (!has_place(c))
		return master_config_send_dirs(c->peer, &with->conf->shared,
		    role_name(c->role), c->dirs, home, &c->sent, err);
	IPC_SEND(
	    c->peer, master_dir, .name = SLICE("mail"), .dir = c->place_fd);
	fd_close(&c->place_fd);
	return 0;
}

/* Whom it asks, and cannot do without, must be there. */
static int
check_needs(const struct master_conf *conf, unsigned reach, struct err *err)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if ((reach & 1U << r) != 0 &&
		    role_is((enum role)r, ROLE_NEEDED) &&
		    count_of(conf, (enum role)r) == 0)
			return err_set(err, ERR_PERM,
			    "it needs %s, and no section of master.conf has "
			    "daemon = %s",
			    role_name((enum role)r), role_name((enum role)r));
	return 0;
}

int
equip_new(struct child *c, const struct equip *with,
    const struct msg_master_hello *hello, enum master_go go, struct err *err)
{
	const struct service_conf *s = master_conf_find(with->conf, c->service);
	struct identity id;
	char root[1024];

	if (s == NULL || hello->role != c->role)
		return err_set(err, ERR_PERM, "says it is %s",
		    role_name((enum role)hello->role));
	if (check_needs(with->conf, hello->reach, err) == -1 ||
	    identity_of(c, &id, err) == -1)
		return -1;
	c->reach = go == GO_CHECK ? 0 : hello->reach;
	c->home = id.home != NULL;
	/* what a user wrote down to be run is at his home */
	c->dirs = (role_is(c->role, ROLE_RUNS_COMMANDS) && c->home) ||
			  c->nursery || has_place(c)
		      ? 0
		      : hello->dirs;
	snprintf(root, sizeof root, "%s/empty", master.run_dir);
	IPC_SEND(c->peer, master_setup, .role = c->role, .index = c->index,
	    .uid = id.uid, .gid = id.gid, .drop = master.drop,
	    .journal = master.journal, .service = slice_str(c->service),
	    .user = slice_str(id.name), .home = slice_str(id.home),
	    .empty_root = slice_str(master.drop ? root : NULL),
	    .place = slice_str(c->place), .nursery = c->nursery);
	if (child_has_nursery(c)) /* it has the files already */
		send_counts(c->peer, with->conf, c->reach);
	else if (send_configuration(c, with, err) == -1)
		return -1;
	if (send_dirs(c, with, id.home, err) == -1)
		return -1;
	if (go != GO_CHECK) {
		send_rates(c->peer, s);
		send_listeners(c->peer, s);
	}
	IPC_SEND(c->peer, master_go, .what = go);
	return 0;
}

void
equip_again(struct child *c, const struct equip *with)
{
	struct err err;

	if (send_configuration(c, with, &err) == -1) {
		/* It ends, and the next one asks for all of it anew. */
		ipc_drop(c->peer, err.text);
		return;
	}
	IPC_SEND(c->peer, master_go, .what = GO_RELOAD);
}

bool
equip_fits(const struct child *c, const struct shared_conf *shared)
{
	return master_config_same_dirs(
	    shared, role_name(c->role), c->dirs, c->home, &c->sent);
}

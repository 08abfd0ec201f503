/* SPDX-License-Identifier: ISC */
#include "proc/config.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "conf/shared.h"
#include "ev/turn.h"
#include "log/log.h"
#include "proc/secrets.h"
#include "sys/fd.h"

enum {
	MAX_FILES = 4, /* pabal.conf and our own */
	MAX_CONF_BYTES = 1 << 20,
};

/* What came since the last configuration that was loaded. */
static struct {
	char name[1024];
	struct buf body;
} files[MAX_FILES];
static size_t nfiles;

void
config_on_file(struct ipc *peer, struct msg *m)
{
	const size_t i = nfiles;
	struct err err = { 0 };

	(void)peer;
	if (i == MAX_FILES)
		return;
	slice_copy(m->master_file.name, files[i].name, sizeof files[i].name);
	buf_init(&files[i].body, MAX_CONF_BYTES);
	if (fd_read_file(m->master_file.file, &files[i].body, &err) == -1)
		log_err("proc.conf-failed", kv_s("file", files[i].name),
		    kv_s("why", err.text));
	nfiles++;
}

int
config_load(const struct conf_desc *desc, const char *section, void **conf,
    struct err *err)
{
	struct conf_errors errors = { 0 };
	struct conf_text texts[MAX_FILES];
	struct buf text = { .max = sizeof err->text - 1 };
	int rc;

	for (size_t i = 0; i < nfiles; i++)
		texts[i] = (struct conf_text){ files[i].name,
			buf_slice(&files[i].body) };
	rc = conf_load_service(desc, section, texts, nfiles, conf, &errors);
	if (rc == -1) {
		conf_errors_format(&errors, &text);
		err_set(err, ERR_PERM, "configuration: %.*s",
		    SLICE_FMT(slice_trim(buf_slice(&text))));
		buf_fini(&text);
	} else if (secrets_fill(desc, *conf, err) == -1) {
		conf_free(conf);
		rc = -1;
	}
	conf_errors_fini(&errors);
	for (size_t i = 0; i < nfiles; i++)
		buf_fini(&files[i].body);
	nfiles = 0;
	return rc;
}

void
config_apply_shared(const void *conf, bool trial)
{
	/* Every daemon's struct begins with the shared facts. */
	const struct shared_conf *shared = conf;

	/* What a trial has to say it says to master. */
	log_set(shared->log_format, trial ? LOG_LVL_ERR : shared->log_level);
	turn_set_warning(shared->loop_turn_warn);
}

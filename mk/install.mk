# Packages, system users, the demo instance, installing.

BUILD_PACKAGES := gcc make libc6-dev libssl-dev libunbound-dev liblmdb-dev \
	libcdb-dev libseccomp-dev libcrypt-dev libargon2-dev libbsd-dev \
	libutf8proc-dev mandoc
TEST_PACKAGES := libcmocka-dev python3 python3-pytest python3-pytest-xdist python3-dnspython \
	python3-cryptography clang clang-format llvm universal-ctags \
	iwyu openssl curl swaks libnet-ssleay-perl msmtp fetchmail isync procps \
	offlineimap3 mutt
MISSING = $(shell dpkg-query -W -f='$${Package} $${db:Status-Status}\n' \
	$(BUILD_PACKAGES) $(TEST_PACKAGES) 2>/dev/null | \
	awk '$$2 == "installed" { print $$1 }' | sort >$(BUILD)/installed; \
	printf '%s\n' $(BUILD_PACKAGES) $(TEST_PACKAGES) | sort | \
	comm -23 - $(BUILD)/installed)

.PHONY: deps accounts run install man

# Quick when everything is there; root installs directly, others through sudo.
deps:
	@mkdir -p $(BUILD)
	$(Q)missing="$(MISSING)"; test -z "$$missing" && exit 0; \
	echo "installing: $$missing"; \
	sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -q --no-install-recommends $$missing

# The users that daemons become; nothing to do for an ordinary user.
accounts:
	$(Q)test "$$(id -u)" = 0 || exit 0; \
	awk '$$1 == "u" { print $$2 }' etc/pabal.sysusers | while read -r user; do \
		getent passwd "$$user" >/dev/null || \
		useradd --system --user-group --no-create-home \
		    --home-dir /nonexistent --shell /usr/sbin/nologin \
		    "$$user" || exit 1; \
	done

# A demo instance in ./demo, in the foreground; it keeps its mail.
run: deps accounts
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)PABAL=$(BUILD)/pabal tools/demo

# Manual pages: man/*.[1-8] as they are; in man/*.in a line `.\" PARAMETERS x`
# becomes the parameters of daemon x, `.\" COMMANDS` those of pabal, and
# `.\" EVENTS` the log events.  A daemon without a man/<daemon>.conf.5.in of its
# own gets man/daemon.conf.5.in with its name.
MAN_DIR    := $(BUILD)/man
MAN_PLAIN  := $(patsubst man/%,$(MAN_DIR)/%,$(wildcard man/*.[1-8]))
MAN_MADE   := $(patsubst man/%.in,$(MAN_DIR)/%,$(filter-out man/daemon.conf.5.in,$(wildcard man/*.in)))
MAN_COMMON := $(filter-out $(MAN_MADE),$(CONF_SRC:%/conf.c=$(MAN_DIR)/%.conf.5))
MAN_PAGES  := $(MAN_PLAIN) $(MAN_MADE) $(MAN_COMMON)

$(MAN_PLAIN): $(MAN_DIR)/%: man/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(MAN_MADE): $(MAN_DIR)/%: man/%.in $(BUILD)/pabal tools/manpage
	@mkdir -p $(@D)
	$(Q)tools/manpage $(BUILD)/pabal <$< >$@.tmp && mv $@.tmp $@
$(MAN_COMMON): $(MAN_DIR)/%.conf.5: man/daemon.conf.5.in $(BUILD)/pabal tools/manpage
	@mkdir -p $(@D)
	$(Q)tools/manpage $(BUILD)/pabal $* <$< >$@.tmp && mv $@.tmp $@

man: $(MAN_PAGES)

INSTALL_TO = $(DESTDIR)$(PREFIX)

install: all man
	install -d $(INSTALL_TO)/sbin $(INSTALL_TO)/bin $(INSTALL_TO)/lib/pabal \
	    $(INSTALL_TO)/lib/systemd/system $(INSTALL_TO)/lib/sysusers.d \
	    $(INSTALL_TO)/lib/tmpfiles.d $(DESTDIR)/etc/pabal \
	    $(INSTALL_TO)/share/doc/pabal/examples
	install -m 755 $(BUILD)/pabal $(INSTALL_TO)/sbin/pabal
	install -m 755 $(DAEMONS:%=$(BUILD)/%) $(INSTALL_TO)/lib/pabal
	ln -sf pabal $(INSTALL_TO)/sbin/sendmail
	ln -sf ../sbin/pabal $(INSTALL_TO)/bin/mailq
	ln -sf ../sbin/pabal $(INSTALL_TO)/bin/newaliases
	for page in $(MAN_PAGES); do \
		dir=$(INSTALL_TO)/share/man/man$${page##*.}; \
		install -d $$dir && install -m 644 $$page $$dir || exit 1; \
	done
	install -m 644 etc/*.conf $(INSTALL_TO)/share/doc/pabal/examples
	install -d $(DESTDIR)/etc/logrotate.d \
	    $(INSTALL_TO)/share/bash-completion/completions
	install -m 644 etc/pabal.bash-completion \
	    $(INSTALL_TO)/share/bash-completion/completions/pabal
	install -m 644 etc/pabal.logrotate $(DESTDIR)/etc/logrotate.d/pabal
	sed 's,@PREFIX@,$(PREFIX),g' etc/pabal.service.in \
	    >$(INSTALL_TO)/lib/systemd/system/pabal.service
	install -m 644 etc/pabal.sysusers $(INSTALL_TO)/lib/sysusers.d/pabal.conf
	install -m 644 etc/pabal.tmpfiles $(INSTALL_TO)/lib/tmpfiles.d/pabal.conf

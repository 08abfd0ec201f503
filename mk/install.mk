# Packages, system users, the demo instance, installing.

BUILD_PACKAGES := gcc make libc6-dev libssl-dev libunbound-dev liblmdb-dev \
	libcdb-dev libseccomp-dev libcrypt-dev libargon2-dev libbsd-dev \
	libutf8proc-dev libidn2-dev libpcre2-dev zlib1g-dev libsqlite3-dev \
	libcurl4-openssl-dev libjansson-dev
# What the lines that `make run` prints call.
DEMO_PACKAGES := curl swaks libnet-ssleay-perl openssl
TEST_PACKAGES := libcmocka-dev python3 python3-pytest python3-pytest-xdist \
	python3-pytest-timeout python3-dnspython python3-cryptography mandoc \
	clang clang-format clang-tidy cppcheck valgrind llvm universal-ctags \
	iwyu msmtp fetchmail isync libsasl2-modules procps ncurses-base \
	offlineimap3 getmail6 mutt gsasl dns-root-data python3-dkim \
	python3-nacl opendkim-tools sieve-connect
# $(call missing,PACKAGES): those of them that are not installed.
missing = $$(dpkg-query -W -f='$${Package} $${db:Status-Status}\n' $(1) \
	2>/dev/null | awk '$$2 == "installed" { print $$1 }' | \
	{ cat; printf '%s\n' $(1) $(1); } | sort | uniq -c | \
	awk '$$1 == 2 { print $$2 }')

# Quick when everything is there; root installs directly, others through sudo.
define install_packages
	$(Q)missing="$(call missing,$(1))"; test -z "$$missing" && exit 0; \
	echo "installing:" $$missing; \
	sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -q --no-install-recommends $$missing
endef

.PHONY: deps deps-run accounts run install uninstall man

deps:
	$(call install_packages,$(BUILD_PACKAGES) $(DEMO_PACKAGES) $(TEST_PACKAGES))
deps-run:
	$(call install_packages,$(BUILD_PACKAGES) $(DEMO_PACKAGES))

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
run: deps-run accounts
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

# Another mail system's sendmail, mailq and newaliases stay as they are.
define install_link
	$(Q)if [ "$$(readlink $(INSTALL_TO)/$(1))" = $(2) ] || \
	    [ ! -e $(INSTALL_TO)/$(1) -a ! -L $(INSTALL_TO)/$(1) ]; then \
		ln -sf $(2) $(INSTALL_TO)/$(1); \
	else \
		echo "$(INSTALL_TO)/$(1) belongs to another package: left alone"; \
	fi
endef

# Files of a Debian package are that package's, though it be pabal itself.
define install_guard
	$(Q)owner=$$(dpkg-query -S $(PREFIX)/sbin/pabal 2>/dev/null | cut -d: -f1); \
	if [ -z "$(DESTDIR)" ] && [ -n "$$owner" ]; then \
		echo "$(PREFIX)/sbin/pabal belongs to the package $$owner:" \
		    "remove it first, or take another PREFIX"; \
		exit 1; \
	fi
endef

# $(call install_etc,FILE,PATH): into /etc.
install_etc = install -D -m 644 $(1) $(DESTDIR)/etc/$(2)

# What goes to /etc, beside /etc/pabal itself.
ETC_FILES := logrotate.d/pabal apparmor.d/pabal apparmor.d/abstractions/pabal \
	fail2ban/filter.d/pabal.conf fail2ban/jail.d/pabal.conf

install: all man
	$(install_guard)
	install -d $(INSTALL_TO)/sbin $(INSTALL_TO)/bin $(INSTALL_TO)/lib/pabal \
	    $(INSTALL_TO)/lib/systemd/system $(INSTALL_TO)/lib/sysusers.d \
	    $(INSTALL_TO)/lib/tmpfiles.d $(DESTDIR)/etc/pabal \
	    $(INSTALL_TO)/share/doc/pabal/examples
	install -m 755 $(BUILD)/pabal $(INSTALL_TO)/sbin/pabal
	install -m 755 $(DAEMONS:%=$(BUILD)/%) $(INSTALL_TO)/lib/pabal
	$(call install_link,sbin/sendmail,pabal)
	$(call install_link,bin/mailq,../sbin/pabal)
	$(call install_link,bin/newaliases,../sbin/pabal)
	for page in $(MAN_PAGES); do \
		dir=$(INSTALL_TO)/share/man/man$${page##*.}; \
		install -d $$dir && install -m 644 $$page $$dir || exit 1; \
	done
	install -d $(INSTALL_TO)/share/man/man1
	ln -sf ../man8/sendmail.8 $(INSTALL_TO)/share/man/man1/mailq.1
	ln -sf ../man8/sendmail.8 $(INSTALL_TO)/share/man/man1/newaliases.1
	install -m 644 etc/*.conf etc/limits etc/canonical etc/masquerade etc/bcc etc/groups $(INSTALL_TO)/share/doc/pabal/examples
	install -m 644 etc/sieve/*.sieve $(INSTALL_TO)/share/doc/pabal/examples
	install -m 755 etc/sieve/rspamd-learn $(INSTALL_TO)/share/doc/pabal/examples
	install -m 644 README.md CHANGES.md doc/operations.md doc/migration.md \
	    $(INSTALL_TO)/share/doc/pabal
	install -d $(INSTALL_TO)/share/bash-completion/completions
	install -m 644 etc/pabal.bash-completion \
	    $(INSTALL_TO)/share/bash-completion/completions/pabal
	$(call install_etc,etc/pabal.logrotate,logrotate.d/pabal)
	$(call install_etc,etc/fail2ban/filter.conf,fail2ban/filter.d/pabal.conf)
	$(call install_etc,etc/fail2ban/jail.conf,fail2ban/jail.d/pabal.conf)
	$(call install_etc,etc/apparmor/abstraction,apparmor.d/abstractions/pabal)
	sed 's,@PREFIX@,$(PREFIX),g' etc/apparmor/profile.in \
	    >$(DESTDIR)/etc/apparmor.d/pabal
	sed 's,@PREFIX@,$(PREFIX),g' etc/pabal.service.in \
	    >$(INSTALL_TO)/lib/systemd/system/pabal.service
	install -d $(INSTALL_TO)/share/pabal
	sed 's,@PREFIX@,$(PREFIX),g' etc/certbot-hook.in \
	    >$(INSTALL_TO)/share/pabal/certbot-hook
	chmod 755 $(INSTALL_TO)/share/pabal/certbot-hook
	install -m 644 etc/pabal.sysusers $(INSTALL_TO)/lib/sysusers.d/pabal.conf
	install -m 644 etc/pabal.tmpfiles $(INSTALL_TO)/lib/tmpfiles.d/pabal.conf

# What install put there; configuration, queue and mail stay.
uninstall:
	for name in sbin/sendmail bin/mailq bin/newaliases; do \
		case "$$(readlink $(INSTALL_TO)/$$name)" in \
		pabal|../sbin/pabal) rm -f $(INSTALL_TO)/$$name ;; \
		esac; \
	done
	rm -f $(INSTALL_TO)/sbin/pabal $(DAEMONS:%=$(INSTALL_TO)/lib/pabal/%)
	for page in $(notdir $(MAN_PAGES)); do \
		rm -f $(INSTALL_TO)/share/man/man$${page##*.}/$$page; \
	done
	rm -f $(INSTALL_TO)/share/man/man1/mailq.1 \
	    $(INSTALL_TO)/share/man/man1/newaliases.1
	rm -f $(INSTALL_TO)/share/bash-completion/completions/pabal \
	    $(ETC_FILES:%=$(DESTDIR)/etc/%) \
	    $(INSTALL_TO)/lib/systemd/system/pabal.service \
	    $(INSTALL_TO)/lib/sysusers.d/pabal.conf \
	    $(INSTALL_TO)/lib/tmpfiles.d/pabal.conf
	rm -rf $(INSTALL_TO)/share/doc/pabal $(INSTALL_TO)/share/pabal
	-rmdir $(INSTALL_TO)/lib/pabal

# Which lines do the tests run?  The programs of build-cover count in files that
# they map before main() begins, so that what ends by a signal or _exit, is
# chrooted or may open no file has counted as well: nothing in the programs
# knows of it, and their sandboxes stand as they do in earnest.
#
#   make cover                 every test, then the table and what never ran
#   make cover T=flow/pop3     that of one topic, added to what was counted
#   make cover-table           the table of what was counted
#   make cover-clean           forget it

COVER        := build-cover
COVER_COUNTS := $(CURDIR)/$(COVER)/counts
COVER_FLAGS  := -fprofile-instr-generate=$(COVER_COUNTS)/%c%m.profraw \
	-fcoverage-mapping -mllvm -runtime-counter-relocation \
	-Wno-unused-command-line-argument
COVER_MAKE    = $(MAKE) --no-print-directory CC=clang BUILD=$(COVER) \
	EXTRA_CFLAGS="$(COVER_FLAGS)" WARN=

.PHONY: cover cover-build cover-table cover-clean

# Each program makes its file when it first runs: here, so that whoever they
# become may write to it.
cover-build:
	$(Q)$(COVER_MAKE) all units
	$(Q)mkdir -p $(COVER_COUNTS) && chmod 777 $(COVER_COUNTS)
	$(Q)umask 0; for p in $(PROGRAMS:$(BUILD)/%=$(COVER)/%) \
	    $(DAEMONS:%=$(COVER)/probe/%); do $$p --version >/dev/null 2>&1 || :; done

cover: cover-build
	-$(Q)PABAL_BUILD=$(COVER) tests/run $(T)
	$(Q)$(MAKE) --no-print-directory cover-table

cover-table:
	$(Q)tools/cover.py $(COVER_COUNTS) $(PROGRAMS:$(BUILD)/%=$(COVER)/%) \
	    >$(COVER)/table
	$(Q)sed -n '/^lines of/,$$p' $(COVER)/table
	$(Q)echo "$(COVER)/table has each file and the functions that never ran"

cover-clean:
	rm -rf $(COVER_COUNTS)
